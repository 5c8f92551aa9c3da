// The one small card beside whatever the pointer or the keyboard is on.
const GAP = 12;
const card = document.createElement("div");
card.className = "tip";
card.hidden = true;
card.setAttribute("role", "status");

/** Show lines of text beside a rectangle of the window; the first line is the title. */
export function show(lines, at) {
  if (!card.isConnected) document.body.append(card);
  card.replaceChildren(
    ...lines.map((line, index) => {
      const row = document.createElement(index ? "span" : "b");
      row.textContent = line;
      return row;
    }),
  );
  card.hidden = false;
  const size = card.getBoundingClientRect();
  const middle = at.left + at.width / 2;
  const left = Math.min(Math.max(8, middle - size.width / 2), innerWidth - size.width - 8);
  const above = at.top - size.height - GAP;
  card.style.left = `${left + scrollX}px`;
  card.style.top = `${(above > 4 ? above : Math.min(at.bottom, innerHeight - size.height) + GAP) + scrollY}px`;
}

export function hide() {
  card.hidden = true;
}
