// A small card beside whatever mark of a chart the pointer or the keyboard is on.
const GAP = 12;

export function hover(root) {
  const card = document.createElement("div");
  card.className = "tip";
  card.hidden = true;
  document.body.append(card);

  const show = (mark) => {
    card.replaceChildren(
      ...mark.dataset.tip.split("\n").map((line, index) => {
        const row = document.createElement(index ? "span" : "b");
        row.textContent = line;
        return row;
      }),
    );
    card.hidden = false;
    const at = mark.getBoundingClientRect();
    const size = card.getBoundingClientRect();
    const middle = at.left + at.width / 2;
    const left = Math.min(Math.max(8, middle - size.width / 2), innerWidth - size.width - 8);
    const above = at.top - size.height - GAP;
    card.style.left = `${left + scrollX}px`;
    card.style.top = `${(above > 4 ? above : Math.min(at.bottom, innerHeight - size.height) + GAP) + scrollY}px`;
  };
  const hide = () => {
    card.hidden = true;
  };

  for (const kind of ["pointerover", "focusin"]) {
    root.addEventListener(kind, (event) => {
      const mark = event.target.closest?.("[data-tip]");
      if (mark) show(mark);
      else hide();
    });
  }
  root.addEventListener("focusout", hide);
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
}
