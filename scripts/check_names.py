"""Fail when a module is named after nothing in particular: a drawer collects what nobody can find again."""

from __future__ import annotations

import sys
from pathlib import Path

DRAWERS = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc", "shared", "core"}


def main() -> int:
    """Check the name of every module and folder in src and tests."""
    root = Path(__file__).resolve().parent.parent
    paths = [path for folder in ("src", "tests") for path in (root / folder).rglob("*")]
    paths = [path for path in paths if "__pycache__" not in path.parts]
    named = [path for path in paths if path.is_dir() or path.suffix == ".py"]
    problems = [
        f"{path.relative_to(root)}: name it by what it holds"
        for path in named
        if DRAWERS & set(path.stem.lower().split("_"))
    ]
    print("\n".join(sorted(problems)) or f"names: {len(named)} modules and folders are fine")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
