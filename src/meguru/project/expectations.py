"""Expectations of a dataset as a part of a project file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT

from meguru.errors import InvalidInput
from meguru.project.files import read_files, replace_text
from meguru.project.format import usual_form
from meguru.project.toml_values import table_of


def as_toml(name: str, expect: list[dict[str, Any]]) -> str:
    """Return the part of a project file that declares what is expected of a dataset."""
    document = tomlkit.document()
    document["dataset"] = tomlkit.table(is_super_table=True)
    section: Any = document["dataset"]
    section[name] = tomlkit.table(is_super_table=True)
    section[name]["expect"] = _tables(expect)
    return usual_form(tomlkit.dumps(document))


def write_into(main: Path, name: str, expect: list[dict[str, Any]]) -> tuple[Path, int]:
    """Add what is not expected yet of a dataset to the file that declares it, or to the main one.

    Returned are the file, and how many expectations are new in it; comments and the rest stay as they are.

    Raises
    ------
    InvalidInput
        If the file is a Python file, or what it says of the dataset is no table.
    """
    if main.suffix != ".toml":
        raise InvalidInput("only a TOML file can be written", where=str(main))
    sources = read_files(main)
    file = next((source.file for source in sources if name in source.content.get("dataset", {})), main)
    document = tomlkit.parse(file.read_text("utf-8"))
    section: Any = document.setdefault("dataset", tomlkit.table(is_super_table=True))
    mine: Any = section.setdefault(name, tomlkit.table())
    known = mine.get("expect", [])
    if isinstance(known, str) or any(isinstance(each, str) for each in known):
        raise InvalidInput(f"dataset.{name} can't be added to", where=str(file), hint="write it by hand")
    there = [each for each in tomlkit.item(known).unwrap() if isinstance(each, dict)]
    new = [each for each in expect if each not in there]
    if new:
        mine["expect"] = _tables([*there, *new])
        replace_text(file, usual_form(tomlkit.dumps(document)))
    return file, len(new)


def _tables(expect: list[dict[str, Any]]) -> AoT:
    tables = tomlkit.aot()
    for each in expect:
        tables.append(table_of(each))
    return tables
