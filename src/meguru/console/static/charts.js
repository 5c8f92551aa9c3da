// Charts are drawn when they come into sight, and again when there are more points; some at a time.
const AT_ONCE = 12;
const PACE = 50;

export function charts(main) {
  const seen = new Set();
  const asked = new Map();
  let timer = 0;
  const sight = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) seen.add(target);
        else seen.delete(target);
      }
      later();
    },
    { rootMargin: "300px" },
  );

  const isOld = (figure) => figure.isConnected && figure.dataset.points !== (asked.get(figure) ?? figure.dataset.drawn);

  function later() {
    timer ||= setTimeout(() => {
      timer = 0;
      const byAddress = new Map();
      for (const figure of [...seen].filter(isOld)) {
        const { charts: address } = figure.closest("[data-charts]").dataset;
        byAddress.set(address, [...(byAddress.get(address) || []), figure]);
      }
      for (const [address, figures] of byAddress) {
        for (let at = 0; at < figures.length; at += AT_ONCE) draw(address, figures.slice(at, at + AT_ONCE));
      }
    }, PACE);
  }

  async function draw(address, figures) {
    const url = new URL(address, location.href);
    for (const figure of figures) {
      url.searchParams.append("key", figure.dataset.metric);
      asked.set(figure, figure.dataset.points);
    }
    try {
      const answer = await fetch(url, { headers: { Accept: "text/html" } });
      if (answer.ok) place(figures, await answer.text());
    } catch {
      for (const figure of figures) asked.delete(figure); // until it is seen again, or has more points
    }
  }

  const look = () => {
    for (const figure of main.querySelectorAll("figure[data-metric]")) sight.observe(figure);
    later();
  };
  new MutationObserver(look).observe(main, { subtree: true, childList: true, attributeFilter: ["data-points"] });
  look();
}

function place(figures, text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const drawings = new Map([...page.querySelectorAll("[data-key]")].map((each) => [each.dataset.key, each]));
  for (const figure of figures) {
    const fresh = drawings.get(figure.dataset.metric)?.firstElementChild;
    const drawing = figure.querySelector(".drawing");
    if (!fresh || drawing.contains(document.activeElement)) continue; // who reads its values reads on
    drawing.replaceChildren(document.importNode(fresh, true));
  }
}
