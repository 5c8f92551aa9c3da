// Bring a tree up to date in place. Elements are matched by data-key or id, others by their order and tag, so
// that what the reader holds stays: focus, ticks, typed text, opened details, selected text, scroll.

/** Make `old` equal to `fresh`, another element of the same tag. */
export function patch(old, fresh) {
  if (old.isEqualNode(fresh) || isTyping(old)) return;
  attributes(old, fresh);
  if (!old.hasAttribute("data-keep")) patchInside(old, fresh);
}

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.dataset.key || node.id || "" : "";
}

/** Whether the reader is at an input: what stands in it is theirs. */
function isTyping(element) {
  return element === document.activeElement && element.matches("input, select, textarea");
}

/** Whether the reader has something in hand here that would be lost with it. */
function isHeld(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return false;
  const ticked = node.matches("input:checked") || node.querySelector("input:checked");
  return Boolean(ticked || node.querySelector("details[open]")) || node.contains(document.activeElement) || isSelected(node);
}

function isSelected(node) {
  const selection = getSelection();
  return !selection.isCollapsed && selection.containsNode(node, true);
}

function attributes(old, fresh) {
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && name !== "open") old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    // The keyboard may be there just because of it.
    if (!fresh.hasAttribute(name) && name !== "open" && name !== "tabindex") old.removeAttribute(name);
  }
}

/** Make the children of `old` equal to those of `fresh`. */
export function patchInside(old, fresh) {
  const mine = new Map();
  for (const child of old.children) if (keyOf(child)) mine.set(keyOf(child), child);
  const wanted = new Set([...fresh.children].map(keyOf).filter(Boolean));
  const isKeyed = mine.size > 0;
  let at = old.firstChild;
  const drop = () => {
    const gone = at;
    at = at.nextSibling;
    if (!isHeld(gone)) gone.remove();
  };
  for (const child of [...fresh.childNodes]) {
    const key = keyOf(child);
    const known = key && mine.get(key);
    if (known && known.nodeName === child.nodeName) {
      while (at && at !== known && !wanted.has(keyOf(at))) drop();
      if (at === known) at = at.nextSibling;
      else move(old, known, at);
      patch(known, child);
      continue;
    }
    if (key) {
      const added = document.importNode(child, true);
      if (isKeyed && added.hasAttribute("data-key")) added.classList.add("fresh");
      old.insertBefore(added, at);
      continue;
    }
    while (at && !keyOf(at) && at.nodeName !== child.nodeName) drop();
    if (at && !keyOf(at)) {
      same(at, child);
      at = at.nextSibling;
    } else {
      old.insertBefore(document.importNode(child, true), at);
    }
  }
  while (at) drop();
}

function move(parent, node, before) {
  if (parent.moveBefore) parent.moveBefore(node, before);
  else if (!isHeld(node)) parent.insertBefore(node, before);
}

function same(old, fresh) {
  if (old.nodeType === Node.ELEMENT_NODE) patch(old, fresh);
  else if (old.nodeValue !== fresh.nodeValue && !isSelected(old)) old.nodeValue = fresh.nodeValue;
}
