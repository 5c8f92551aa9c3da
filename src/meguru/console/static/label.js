// Labelling by the keyboard: a digit presses the answer of that number, s skips.
export function labelling(main) {
  if (!main.querySelector("[data-labelling]")) return;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest("textarea, input:not([type=checkbox]), select");
    if (typing) return;
    if (event.key === "Enter" && event.target.closest("input[type=checkbox], body") && !event.target.closest("button, a, summary")) {
      main.querySelector("[data-labelling] button:not([name])")?.click();
      return;
    }
    const wanted = [...main.querySelectorAll("[data-key]")].find((each) => each.dataset.key === event.key && each.matches("button, input"));
    if (!wanted) return;
    event.preventDefault();
    wanted.click();
  });
}
