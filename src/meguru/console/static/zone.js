// Tell the server the reader's time zone, once; from then on every page is written in it.
export function zone(refresh) {
  const mine = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!mine || mine === document.documentElement.dataset.zone) return;
  const kept = document.cookie.split("; ").find((item) => item.startsWith("meguru_tz="));
  if (kept === `meguru_tz=${mine}`) return;
  document.cookie = `meguru_tz=${mine}; path=/; max-age=31536000; samesite=lax`;
  const shown = document.querySelector(".foot .zone-name");
  if (shown) shown.textContent = mine;
  refresh();
}
