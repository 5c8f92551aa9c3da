"""Data files that code names by constant text: ``Path(__file__).parent / "limits.json"``."""

from __future__ import annotations

import ast
from pathlib import Path

LARGEST = 64 << 20
_LONGEST = 200
_JOINING = {"join", "joinpath", "Path", "PurePath", "PosixPath"}


def file_names(statement: ast.stmt) -> set[str]:
    """Return constant texts that may name a file: with a suffix, alone or put together from folders."""
    found: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            found |= _ends(_divided(node))
        elif isinstance(node, ast.Call) and _called(node) in _JOINING:
            found |= _ends([_text(argument) for argument in node.args])
    return {text for text in found if _may_be_a_file(text)}


def inside(text: str, folders: list[Path], root: Path) -> Path | None:
    """Return the file below `root` that a text names from one of some folders; None if there is none."""
    for folder in folders:
        try:
            path = (folder / text).resolve()
            fits = path.is_relative_to(root.resolve()) and path.is_file() and path.suffix != ".py"
            if fits and path.stat().st_size <= LARGEST and ".meguru" not in path.parts:
                return path
        except (OSError, ValueError):
            continue
    return None


def _may_be_a_file(text: str) -> bool:
    name = text.rpartition("/")[2]
    return (
        0 < len(text) <= _LONGEST
        and "." in name.strip(".")
        and text.isprintable()
        and not text.startswith("/")
        and "://" not in text
    )


def _divided(node: ast.AST) -> list[str]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return [*_divided(node.left), *_divided(node.right)]
    return [_text(node)]


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _ends(parts: list[str]) -> set[str]:
    """Join the constant parts at the end."""
    found, joined = set(), ""
    for part in reversed(parts):
        if not part:
            break
        joined = f"{part}/{joined}" if joined else part
        found.add(joined)
    return found


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
