"""Fail when the command line says something that its Japanese catalogue lacks."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from meguru.base.text import translate
from meguru.cli.groups import paragraphs_of
from meguru.cli.remedies import REMEDIES
from meguru.cli.root import GROUPS, root
from meguru.cli.synonyms import ADVICE
from meguru.errors import all_errors

FOLDER = Path(__file__).resolve().parent.parent / "src" / "meguru"


def main() -> int:
    """Report every text without a translation."""
    missing = untranslated()
    print("\n".join(missing) or "words: the command line is there in Japanese")
    return 1 if missing else 0


def untranslated() -> list[str]:
    """Return a line for each text that ``locale/ja.cli.json`` and ``locale/ja.json`` lack."""
    said = dict.fromkeys([*helps(root), *tables(), *messages()])
    lacking = [text for text in said if text and translate(text, "ja", room="cli") == text]
    return [f"locale/ja.cli.json lacks {text!r}" for text in lacking]


def helps(command: click.Command) -> Iterator[str]:
    """Yield the help of a command, of its options and of the commands below it."""
    yield from (each for each in paragraphs_of(command) if not each.startswith("\b"))
    yield from (option.help or "" for option in command.params if isinstance(option, click.Option))
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            yield from helps(found) if found else ()


def tables() -> Iterator[str]:
    """Yield the texts that stand in tables: groups, advice, remedies and the errors' first lines."""
    for title, lines in GROUPS.items():
        yield from (title, *lines.values())
    yield from ADVICE.values()
    yield from (text for remedy in REMEDIES.values() for text in remedy)
    yield from ((inspect.getdoc(kind) or "").partition("\n")[0] for kind in all_errors().values())


def messages() -> Iterator[str]:
    """Yield what is marked with ``_(…)`` or is said of an empty list."""
    for file in sorted((FOLDER / "cli").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                yield from (each.value for each in node.args[:1] if isinstance(each, ast.Constant))
            if isinstance(node, ast.keyword) and node.arg == "empty" and isinstance(node.value, ast.Constant):
                yield str(node.value.value)


if __name__ == "__main__":
    sys.exit(main())
