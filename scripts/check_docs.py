"""Fail when the docs do not name a command or an error code that exists."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = ("meguru.testing", "meguru.storage.migrations")


def commands(command: click.Command, name: str = "meguru") -> Iterator[str]:
    """Yield the full name of every command below a command."""
    if not isinstance(command, click.Group):
        yield name
        return
    context = click.Context(command)
    for child in command.list_commands(context):
        if (found := command.get_command(context, child)) is not None and not found.hidden:
            yield from commands(found, f"{name} {child}")


def import_everything() -> None:
    """Import every module, so that errors declared anywhere are known."""
    package = importlib.import_module("meguru")
    for module in pkgutil.walk_packages(package.__path__, "meguru."):
        if not module.name.startswith(SKIPPED) and not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def main() -> int:
    """Compare what exists with what the docs say."""
    docs = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").rglob("*.md")))
    import_everything()
    names = [
        *commands(importlib.import_module("meguru.cli").main),
        *importlib.import_module("meguru.errors").all_errors(),
    ]
    missing = sorted({name for name in names if name not in docs})
    print("\n".join(f"docs do not name: {name}" for name in missing) or f"docs: {len(names)} names are there")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
