"""The reference page of project files, from the types of the kinds."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import msgspec

from meguru.app.kinds import all_kinds
from meguru.kernel.kinds import Kind
from meguru.kernel.kinds.kind import load
from meguru.project.json_schema import members_of, shape_of
from meguru.project.types import EnvironmentSpec, ProjectHead

INTRODUCTION = """\
`meguru.toml` is read strictly: an unknown section or field is refused, with the place and the name that was
probably meant. Each kind of thing that people declare has a table, `[TABLE.NAME]`, with the fields below.
`include = ["gates.toml"]` takes in other files, `${VAR}` in a text stands for a variable of the environment.
`meguru schema` prints all this as JSON Schema for editors; [how to use the file](../how-to/project-file.md).
"""
MOST_SHOWN = 60
HEAD = "\n| field | type | default |\n|---|---|---|\n"


def project_file(note: str) -> str:
    """Every table with its fields."""
    parts = [f"# The project file\n\n{note}{INTRODUCTION}"]
    parts += _section("[project]", ProjectHead)
    parts += _section("[env.NAME]", EnvironmentSpec)
    for kind in all_kinds():
        if kind.spec is not None:
            parts += _section(f"[{kind.table}.NAME]", shape_of(kind))
            parts += _families(kind)
    return "".join(parts)


def _section(title: str, shape: type[msgspec.Struct]) -> Iterator[str]:
    yield f"\n## {title}\n\n{_text(shape)}\n{HEAD}"
    yield from _rows(shape)


def _families(kind: Kind) -> Iterator[str]:
    """Yield what may stand in the fields that hold members of a family."""
    for field in (each for other in all_kinds() for each in other.members):
        of, _, name = field.field.partition(".")
        if of != kind.name:
            continue
        for member, shape in members_of(field).items():
            yield f"\n### {kind.table}.{name}: {member}\n\n{_text(shape)}\n{HEAD}"
            yield from _rows(shape)
            if field.also:
                yield from _rows(load(field.also))


def _rows(shape: type[msgspec.Struct]) -> Iterator[str]:
    for field in msgspec.structs.fields(shape):
        yield f"| `{field.encode_name}` | {_type(field.type)} | {_default(field)} |\n"


def _type(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        inner = ", ".join(each.encode_name for each in msgspec.structs.fields(kind))
        return f"table of {inner}"
    text = kind.__name__ if isinstance(kind, type) and not getattr(kind, "__args__", ()) else str(kind)
    for module in ("typing.", "meguru.", "datetime."):
        text = text.replace(module, "")
    return f"`{text}`".replace("|", "\\|")


def _default(field: Any) -> str:
    if field.required:
        return "**needed**"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    text = msgspec.json.encode(value).decode()
    return f"`{text}`" if len(text) <= MOST_SHOWN else "…"


def _text(shape: type[msgspec.Struct]) -> str:
    text = inspect.cleandoc(shape.__doc__ or "").split("\n\nAttributes\n---")[0]
    return text.replace("``", "`")
