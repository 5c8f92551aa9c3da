// A log that grows: only the lines that are new are asked for, and its end is followed while the reader is there.
const PACE = 1000;
const REST = 5000; // while nothing comes
const MOST = 5000; // older lines leave the page, which links to them

/** Follow the log of a page, if it has one that goes on. */
export function log(main) {
  const box = main.querySelector("pre.log[data-lines]");
  if (!box) return;
  const section = box.closest("section");
  const isMoving = () => section.hasAttribute("data-moving");
  let wait = PACE;
  let wasMoving = isMoving();
  if (!wasMoving) return;
  box.scrollTop = box.scrollHeight;

  async function look() {
    const address = new URL(box.dataset.lines, location.href);
    const newest = box.lastElementChild?.querySelector("time").dateTime;
    if (newest) address.searchParams.set("after", newest);
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      const added = answer.ok ? append(box, await answer.text()) : 0;
      wait = added ? PACE : Math.min(REST, wait * 1.5);
    } catch {
      wait = REST;
    }
  }

  async function follow() {
    const goesOn = isMoving();
    // Once more when it has ended: its last lines.
    if (!document.hidden && (goesOn || wasMoving)) {
      wasMoving = goesOn;
      await look();
    }
    setTimeout(follow, wait);
  }
  setTimeout(follow, PACE);
}

/** Add the lines that are not there yet in the order of their times; return how many. */
function append(box, text) {
  const known = new Set([...box.children].map((line) => line.dataset.key));
  const page = new DOMParser().parseFromString(`<pre>\n${text}</pre>`, "text/html").querySelector("pre");
  const fresh = [...page.children].filter((line) => !known.has(line.dataset.key));
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 8;
  const at = (line) => line.querySelector("time").dateTime;
  for (const line of fresh) {
    let after = box.lastElementChild;
    while (after && at(after) > at(line)) after = after.previousElementSibling;
    box.insertBefore(document.importNode(line, true), after ? after.nextElementSibling : box.firstElementChild);
  }
  if (atEnd) {
    while (box.childElementCount > MOST) box.firstElementChild.remove();
    box.scrollTop = box.scrollHeight;
  }
  return fresh.length;
}
