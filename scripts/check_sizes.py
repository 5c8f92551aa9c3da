"""Fail when a file is longer than 400 lines or a function longer than 60."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

MAX_FILE = 400
MAX_FUNCTION = 60
WRITTEN = {"calls.py"}
"""Files that a script writes; they grow with what they list."""
FOLDERS = ("src", "tests", "scripts", "benchmarks", "examples")


def too_long(path: Path) -> Iterator[str]:
    """Yield one line for each thing in the file that is too long."""
    text = path.read_text(encoding="utf-8")
    if (lines := text.count("\n")) > MAX_FILE:
        yield f"{path}: {lines} lines; split it by verb (limit {MAX_FILE})"
    for node in ast.walk(ast.parse(text, str(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            length = node.end_lineno - node.lineno + 1
            if length > MAX_FUNCTION:
                yield f"{path}:{node.lineno}: {node.name} has {length} lines (limit {MAX_FUNCTION})"


def main() -> int:
    """Check every Python file of the repository."""
    root = Path(__file__).resolve().parent.parent
    found = (path for folder in FOLDERS for path in (root / folder).rglob("*.py"))
    files = sorted(path for path in found if "migrations" not in path.parts and path.name not in WRITTEN)
    problems = [line for path in files for line in too_long(path)]
    print("\n".join(problems) or f"sizes: {len(files)} files are fine")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
