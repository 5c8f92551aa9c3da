// Buttons that copy an id or a command.
export function copyButtons(root) {
  root.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    const words = document.querySelector("main").dataset;
    try {
      await navigator.clipboard.writeText(button.dataset.text);
    } catch {
      getSelection().selectAllChildren(button.previousElementSibling);
      return;
    }
    button.classList.add("done");
    button.setAttribute("aria-label", words.copied);
    setTimeout(() => {
      button.classList.remove("done");
      button.setAttribute("aria-label", words.copy);
    }, 1200);
  });
}
