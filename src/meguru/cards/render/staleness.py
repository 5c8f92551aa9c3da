"""For which version a part was written, and what is another one since, in words."""

from __future__ import annotations

from meguru.base.text import mark
from meguru.cards.render.blocks import Remark
from meguru.cards.traits import MAX_NAMES
from meguru.cards.types import CardText, TraitChange
from meguru.monitoring.evidence.translation import EvidenceWords

SORTS = {
    "feature": mark("features"),
    "column": mark("columns"),
    "class": mark("classes"),
    "metric": mark("metrics"),
    "slice": mark("slices"),
    "personal column": mark("personal columns"),
    "output": mark("outputs"),
    "view": mark("feature views"),
    "monitor": mark("monitors"),
    "gate": mark("gates"),
    "key": mark("key"),
    "task": mark("task"),
    "model": mark("model"),
}


def staleness(text: CardText, about: str, words: EvidenceWords) -> list[Remark]:
    """Return the mark of a part that nobody has looked at since something changed; nothing for others."""
    if not text.is_stale:
        return []
    since = ", ".join(change_words(change, words) for change in text.since)
    told = {"version": _short(text.written_for), "changes": since}
    if _number(text.written_for) > _number(about) > 0:
        return [
            Remark(
                words.text("Written for {version}, a later one; what differs here: {changes}.", **told),
                warns=True,
            )
        ]
    said = words.text("Written for {version}; since then: {changes}.", **told)
    return [Remark(said, warns=True)]


def change_words(change: TraitChange, words: EvidenceWords) -> str:
    """Return a change in words: ``features +2 −1 (age, seats, −year)``, ``auc 0.71 → 0.68``."""
    if not change.added and not change.gone:
        named = "" if change.name == change.what else change.name
        sort = words.text(SORTS.get(change.what, change.what))
        label = named if change.what == "metric" else f"{sort} {named}".strip()
        return f"{label} {change.before or '–'} → {change.after or '–'}"
    counts = [f"+{len(change.added)}"] if change.added else []
    counts += [f"−{len(change.gone)}"] if change.gone else []
    names = [*change.added, *(f"−{each}" for each in change.gone)]
    listed = ", ".join(names[:MAX_NAMES]) + (", …" if len(names) > MAX_NAMES else "")
    return f"{words.text(SORTS.get(change.what, change.what))} {' '.join(counts)} ({listed})"


def _number(ref: str) -> int:
    version = ref.rpartition("@")[2]
    return int(version) if version.isdecimal() else 0


def _short(ref: str) -> str:
    return ref.partition("/")[2] or ref
