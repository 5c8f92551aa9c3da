// Follow the log by server-sent events; when something this page shows has happened, patch what changed.
import { patchInside } from "./patch.js";

const PACE = 500;
const SHARE = 8; // a page that takes long to bring up to date rests this many times as long
const PATIENCE = 5000;

/** Keep `main` up to date; return a function that brings it up to date now. */
export function follow(main) {
  const lamp = document.getElementById("live");
  const interests = (main.dataset.live || "").split(" ").filter(Boolean);
  let seq = Number(main.dataset.seq) || 0;
  let source = null;
  let watched = "";
  let last = "";
  let timer = 0;
  let rest = PACE;
  let busy = false;
  let again = false;

  const say = (state) => {
    lamp.hidden = false;
    lamp.dataset.state = state;
    lamp.querySelector(".said").textContent = lamp.dataset[state];
  };
  const points = () => document.getElementById("watched")?.dataset.runs || "";

  async function refresh() {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    const begun = performance.now();
    const address = new URL(location.href);
    address.searchParams.set("fragment", "1");
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      const text = answer.ok ? await answer.text() : last;
      if (text !== last) renew(main, text);
      last = text;
      if (points() !== watched) reopen();
    } catch {
      say("off");
    } finally {
      rest = Math.max(PACE, SHARE * (performance.now() - begun));
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
      }, rest);
    }
  }

  function open() {
    if (source || document.hidden || !interests.length) return;
    watched = points();
    const query = new URLSearchParams([["after", seq], ...watched.split(" ").filter(Boolean).map((run) => ["points", run])]);
    source = new EventSource(`${main.dataset.base}/ui/stream?${query}`);
    source.onopen = () => say("on");
    source.onmessage = (message) => {
      const event = JSON.parse(message.data);
      seq = Math.max(seq, event.seq || 0);
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

  // Which runs are watched is said when the stream is opened; how many points they have may have grown since.
  function reopen() {
    const runs = (text) => text.replaceAll(/:\d+/g, "");
    if (runs(points()) === runs(watched)) return;
    close();
    open();
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      close();
      say("paused");
    } else {
      open();
    }
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
  return refresh;
}

function renew(main, text) {
  const page = new DOMParser().parseFromString(`<main>${text}</main>`, "text/html").querySelector("main");
  patchInside(main, page);
}
