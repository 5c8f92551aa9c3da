// Ctrl or Command with Enter sends the form of a text that has several lines.
export function submit(root) {
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !event.target.matches("textarea[data-submit]")) return;
    event.preventDefault();
    event.target.form.requestSubmit();
  });
}
