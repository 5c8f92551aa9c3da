// The values of all curves at the step that the pointer is at, or to which arrow keys went.
import { hide, show } from "./tip.js";

const MOST = 12;
const WAYS = { ArrowRight: 1, ArrowLeft: -1 };

export function plot(root) {
  root.addEventListener("pointermove", (event) => {
    const drawing = event.target.closest?.("svg.plot");
    if (!drawing) return;
    const box = drawing.getBoundingClientRect();
    const { left, right, low, high } = scaleOf(drawing);
    const x = ((event.clientX - box.left) / box.width) * drawing.viewBox.baseVal.width;
    tell(drawing, nearest(drawing, low + ((x - left) / (right - left)) * (high - low)));
  });
  root.addEventListener("pointerout", (event) => {
    const drawing = event.target.closest?.("svg.plot");
    if (drawing && !drawing.contains(event.relatedTarget)) leave(drawing);
  });
  root.addEventListener("focusin", (event) => {
    if (event.target.matches?.("svg.plot")) tell(event.target, steps(event.target).at(-1));
  });
  root.addEventListener("focusout", (event) => {
    if (event.target.matches?.("svg.plot")) leave(event.target);
  });
  root.addEventListener("keydown", (event) => {
    const drawing = event.target;
    if (!drawing.matches?.("svg.plot") || !(event.key in WAYS)) return;
    const all = steps(drawing);
    const next = all[all.indexOf(drawing.step) + WAYS[event.key]];
    if (next === undefined) return;
    event.preventDefault();
    tell(drawing, next);
  });
}

function scaleOf(drawing) {
  const { left, right, low, high } = drawing.dataset;
  return { left: Number(left), right: Number(right), low: Number(low), high: Number(high) };
}

function curvesOf(drawing) {
  drawing.curves ??= [...drawing.querySelectorAll("path[data-x]")].map(({ dataset }) => ({
    name: dataset.name,
    steps: dataset.x.split(" ").map(Number),
    values: dataset.y.split(" "),
  }));
  return drawing.curves;
}

/** All steps at which some curve has a point, in order. */
function steps(drawing) {
  drawing.steps ??= [...new Set(curvesOf(drawing).flatMap((curve) => curve.steps))].sort((a, b) => a - b);
  return drawing.steps;
}

function nearest(drawing, step) {
  return steps(drawing).reduce((best, each) => (Math.abs(each - step) < Math.abs(best - step) ? each : best));
}

function tell(drawing, step) {
  drawing.step = step;
  const { left, right, low, high } = scaleOf(drawing);
  const x = left + ((step - low) / (high - low)) * (right - left);
  const line = drawing.querySelector(".cursor");
  line.setAttribute("x1", x);
  line.setAttribute("x2", x);
  line.classList.add("shown");
  const there = curvesOf(drawing).filter((curve) => curve.steps.includes(step));
  const values = there.map((curve) => `${curve.name} ${curve.values[curve.steps.indexOf(step)]}`);
  const told = [step.toLocaleString("en"), ...values.slice(0, MOST), ...(values.length > MOST ? ["…"] : [])];
  show(told, line.getBoundingClientRect());
}

function leave(drawing) {
  drawing.querySelector(".cursor").classList.remove("shown");
  hide();
}
