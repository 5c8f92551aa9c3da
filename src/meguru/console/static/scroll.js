// What is wider or higher than its box is reached by the keyboard too, and shows that there is more.
export function scrollers(main) {
  const look = () => {
    for (const box of main.querySelectorAll(".card, .prose-card .wide, pre")) {
      const isWide = box.scrollWidth > box.clientWidth + 1;
      const isHigh = box.matches("pre") && box.scrollHeight > box.clientHeight + 1;
      box.classList.toggle("wider", isWide && box.matches(".card"));
      if ((isWide || isHigh) && box.tabIndex < 0) box.tabIndex = 0;
    }
  };
  let waiting = 0;
  const later = () => {
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      look();
    });
  };
  new ResizeObserver(later).observe(main);
  new MutationObserver(later).observe(main, { subtree: true, childList: true });
  look();
}
