// Cards beside the marks of charts. A chart is one stop of the Tab key; arrows go from mark to mark.
import { hide, show } from "./tip.js";

const WAYS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export function hover(root) {
  for (const kind of ["pointerover", "focusin"]) {
    root.addEventListener(kind, (event) => {
      const mark = event.target.closest?.("[data-tip]");
      if (mark) show(mark.dataset.tip.split("\n"), mark.getBoundingClientRect());
      else if (!event.target.closest?.("svg.plot")) hide();
    });
  }
  root.addEventListener("focusout", hide);
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
    const mark = event.target.closest?.("svg [data-tip]");
    if (mark && event.key in WAYS) step(mark, WAYS[event.key], event);
  });
}

function step(mark, way, event) {
  const marks = [...mark.closest("svg").querySelectorAll("[data-tip]")];
  const next = marks[marks.indexOf(mark) + way];
  if (!next) return;
  event.preventDefault();
  mark.setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  next.focus();
}
