"""A checklist with its answers as a file for people who were not there."""

from __future__ import annotations

import csv
import io

import msgspec

from meguru.base.text import translate
from meguru.governance.checklists.types import ChecklistStanding, ItemStanding

COLUMNS = (
    "item", "source", "asks", "state", "reason", "evidence", "found", "by", "at", "owner", "due",
)  # fmt: skip


def exported(found: ChecklistStanding, format: str, language: str) -> str:
    """Return a checklist as ``md``, ``json`` or ``csv``; texts are in the reader's language."""
    if format == "json":
        return msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"
    rows = [_row(item_standing, language) for item_standing in found.items]
    if format == "csv":
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerows([COLUMNS, *([_without_formula(value) for value in row] for row in rows)])
        return out.getvalue()
    return _markdown(found, rows, language)


def _row(item_standing: ItemStanding, language: str) -> list[str]:
    answer, item = item_standing.answer, item_standing.item
    return [
        item.id,
        item.source,
        item.ja if language == "ja" and item.ja else item.text,
        translate(item_standing.state.value.replace("_", " "), language),
        answer.reason if answer else "",
        answer.evidence if answer else "",
        " ".join(item_standing.found),
        answer.by if answer else "",
        f"{answer.at:%Y-%m-%d %H:%M} UTC" if answer else "",
        item.owner,
        item.due,
    ]


def _without_formula(value: str) -> str:
    """Return a value that no spreadsheet takes for a formula."""
    return f"'{value}" if value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


def _markdown(found: ChecklistStanding, rows: list[list[str]], language: str) -> str:
    left = len(found.unsettled)
    settled = translate("{done} of {all} items are settled.", language).format(
        done=len(rows) - left, all=len(rows)
    )
    heads = [translate(name, language) for name in COLUMNS]
    lines = [f"# {_cell(found.title)}: {found.model}", "", settled, ""]
    lines += [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    lines += [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    if found.follows:
        lines += ["", f"{found.follows}. {translate(found.note, language)}"]
    return "\n".join([*lines, "", f"sha256 {found.digest}", ""])


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
