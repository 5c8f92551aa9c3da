"""The checklists that come with Meguru: short paraphrases, by article or principle, and no legal advice."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import msgspec

from meguru.errors import NotFound
from meguru.governance.checklists.types import ChecklistItem

_FOLDER = Path(__file__).parent


class ChecklistTemplate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shipped checklist: `follows` is the text that it paraphrases, with its date."""

    name: str = ""
    title: str
    ja: str
    risk: str
    follows: str
    note: str
    items: list[ChecklistItem]


def template_names() -> list[str]:
    """Return the names of the shipped checklists."""
    return sorted(each.stem for each in _FOLDER.glob("*.toml"))


@cache
def load_template(name: str) -> ChecklistTemplate:
    """Return a shipped checklist; NotFound, with the names there are, if there is none of this name."""
    if name not in template_names():
        raise NotFound.of("template of a checklist", name, template_names())
    read = tomllib.loads((_FOLDER / f"{name}.toml").read_text("utf-8"))
    return msgspec.convert(read | {"name": name}, ChecklistTemplate)
