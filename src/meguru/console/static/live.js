// Follow the log by server-sent events; when something this page shows has happened, swap the parts that changed.
const PACE = 500;
const PATIENCE = 5000;
const MOVING = 1000;

export function follow(main) {
  const lamp = document.getElementById("live");
  const interests = (main.dataset.live || "").split(" ").filter(Boolean);
  const known = new Map(parts(main).map((part) => [part.id, part.outerHTML]));
  let seq = Number(main.dataset.seq) || 0;
  let source = null;
  let timer = 0;
  let busy = false;
  let again = false;

  const say = (state) => {
    lamp.hidden = false;
    lamp.dataset.state = state;
    lamp.querySelector(".said").textContent = lamp.dataset[state];
  };

  async function refresh() {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    const address = new URL(location.href);
    address.searchParams.set("fragment", "1");
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      if (answer.ok) swap(main, known, await answer.text());
    } catch {
      say("off");
    } finally {
      busy = false;
      if (again) {
        again = false;
        later();
      }
    }
  }

  function later() {
    if (!timer) {
      timer = setTimeout(() => {
        timer = 0;
        refresh();
      }, PACE);
    }
  }

  function open() {
    if (source || document.hidden || !interests.length) return;
    source = new EventSource(`/ui/stream?after=${seq}`);
    source.onopen = () => say("on");
    source.onmessage = (message) => {
      const event = JSON.parse(message.data);
      seq = Math.max(seq, event.seq);
      if (interests.some((start) => start === "*" || event.type.startsWith(start))) later();
    };
    source.onerror = () => {
      say("off");
      if (source && source.readyState === EventSource.CLOSED) {
        close();
        setTimeout(open, PATIENCE);
      }
    };
  }

  function close() {
    source?.close();
    source = null;
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      close();
      say("paused");
    } else {
      open();
    }
  });
  // What grows without an event, such as a log, says so as long as it does.
  setInterval(() => {
    if (!document.hidden && main.querySelector("[data-moving]")) refresh();
  }, MOVING);
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
  return refresh;
}

function parts(root) {
  return [...root.children].filter((child) => child.hasAttribute("data-part"));
}

function swap(main, known, text) {
  const page = new DOMParser().parseFromString(`<main>${text}</main>`, "text/html").querySelector("main");
  const fresh = parts(page);
  const same = fresh.length === known.size && fresh.every((part) => known.has(part.id));
  if (same) {
    for (const part of fresh) {
      if (known.get(part.id) !== part.outerHTML) replace(document.getElementById(part.id), part, known);
    }
    return;
  }
  known.clear();
  for (const part of fresh) known.set(part.id, part.outerHTML);
  main.replaceChildren(...page.childNodes);
}

function replace(old, part, known) {
  known.set(part.id, part.outerHTML);
  if (old.contains(document.activeElement) && document.activeElement.matches("input")) return;
  const rows = new Set([...old.querySelectorAll("[data-key]")].map((row) => row.dataset.key));
  const opened = new Set([...old.querySelectorAll("details[open][id]")].map((box) => box.id));
  for (const box of part.querySelectorAll("details[id]")) box.open = opened.has(box.id) || box.open;
  for (const row of part.querySelectorAll("[data-key]")) {
    if (rows.size && !rows.has(row.dataset.key)) row.classList.add("fresh");
  }
  const log = old.querySelector("pre.log");
  const place = log && (log.scrollHeight - log.scrollTop - log.clientHeight < 8 ? Infinity : log.scrollTop);
  old.replaceWith(part);
  const grown = part.querySelector("pre.log");
  if (log && grown) grown.scrollTop = Math.min(place, grown.scrollHeight);
}
