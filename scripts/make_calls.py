"""Write ``meguru/app/calls.py`` and its table: every operation by name, callable without its package."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

from meguru.app.nouns import load_operations
from meguru.kernel.operations import Operation, native

FOLDER = Path(__file__).resolve().parent.parent / "src" / "meguru" / "app"
_HOLDER = re.compile(r"meguru\..*\.operations")
HEAD = '''"""Every operation as ``noun_verb``, to be called on a server without importing what carries it out.

Written by scripts/make_reference.py: change the operations, then run it.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from meguru.kernel.call import LazyOperation, OperationEntry

if TYPE_CHECKING:
'''
TAIL = '''
_TABLE = Path(__file__).with_suffix(".json")


def __getattr__(name: str) -> LazyOperation:
    found = _by_attribute().get(name)
    if found is None:
        message = f"there is no operation {name!r}"
        raise AttributeError(message)
    return found


@lru_cache(maxsize=1)
def by_name() -> dict[str, LazyOperation]:
    """Return all of them by the operation's name, such as ``model.list``."""
    table = msgspec.json.decode(_TABLE.read_bytes(), type=dict[str, OperationEntry])
    return {name: LazyOperation(name, entry) for name, entry in table.items()}


@lru_cache(maxsize=1)
def _by_attribute() -> dict[str, LazyOperation]:
    return {name.replace(".", "_"): one for name, one in by_name().items()}
'''


def calls() -> dict[Path, str]:
    """Return the text of both files."""
    load_operations()
    ours = {name: one for name, one in native().items() if one.__module__.startswith("meguru.")}
    places = {name: place for name, one in ours.items() if (place := place_of(one))}
    lines, groups = [], set()
    for name, (module, path) in places.items():
        alias = name.replace(".", "_")
        group, _, member = path.rpartition(".")
        if group:
            holder = f"_{module.replace('.', '_')}_{group}"
            groups.add(f"    from {module} import {group} as {holder}\n")
            lines.append(f"    {alias} = {holder}.{member}\n")
        else:
            groups.add(f"    from {module} import {path} as {alias}\n")
    entries = ",\n".join(f'  "{name}": {_entry(ours[name], *place)}' for name, place in places.items())
    body = "".join(sorted(groups)) + ("\n" + "".join(lines) if lines else "")
    return {FOLDER / "calls.py": HEAD + body + TAIL, FOLDER / "calls.json": f"{{\n{entries}\n}}\n"}


def place_of(one: Operation[..., Any]) -> tuple[str, str] | None:
    """Return the module and the attributes that lead to an operation; None if it is no attribute."""
    if getattr(sys.modules[one.__module__], one.__name__, None) is one:
        return one.__module__, one.__name__
    for module in [name for name in sorted(sys.modules) if _HOLDER.fullmatch(name)]:
        for group, value in vars(sys.modules[module]).items():
            for member in getattr(value, "_fields", ()):
                if getattr(value, member) is one:
                    return module, f"{group}.{member}"
    return None


def imported() -> list[str]:
    """Return a line for each operation that a command imports: called by name, it costs a client nothing."""
    load_operations()
    known = {place: name for name, one in native().items() if (place := place_of(one))}
    found = []
    for file in sorted((FOLDER.parent / "cli").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            for each in node.names if isinstance(node, ast.ImportFrom) else ():
                if name := known.get((node.module, each.name)):
                    call = name.replace(".", "_")
                    found.append(f"cli/{file.name}:{node.lineno}: from meguru.app.calls import {call}")
    return found


def text(kind: Any) -> str:
    """Write a type so that it can be found again: modules and names, with what is in brackets."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is not None and origin is not UnionType and hasattr(origin, "__qualname__"):
        return f"{text(origin)}[{', '.join(map(text, args))}]"
    if args:
        return " | ".join(map(text, args))
    if kind in {None, NoneType}:
        return "None"
    if not isinstance(kind, type):
        message = f"the result type {kind!r} can't be written down"
        raise TypeError(message)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _entry(one: Operation[..., Any], module: str, path: str) -> str:
    asks = "true" if one.query else "false"
    return f'["{module}:{path}", {asks}, "{text(one.result_type)}"]'
