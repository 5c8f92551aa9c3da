"""Write docs/reference and the tables of calls and pages; ``--check`` tells whether these are up to date."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
from make_calls import calls, imported
from make_console import console
from make_events import events
from make_flavors import flavors
from make_metrics import metrics
from make_project_file import project_file

from meguru.app.nouns import load_operations
from meguru.base.settings import PREFIX, Settings
from meguru.cli.remedies import REMEDIES
from meguru.cli.root import root
from meguru.errors import all_errors
from meguru.kernel.operations import native

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTE = "<!-- Written by scripts/make_reference.py: change the code, then run it. -->\n\n"


def main() -> int:
    """Write the pages, or compare them; they are in English, whoever writes them."""
    os.environ["MEGURU_LANG"] = "en"
    pages = {
        "cli": cli(),
        "errors": errors(),
        "events": events(NOTE),
        "flavors": flavors(NOTE),
        "metrics": metrics(NOTE),
        "operations": operations(),
        "project-file": project_file(NOTE),
        "settings": settings(),
    }
    stale = []
    reference = {FOLDER / f"{name}.md": text for name, text in pages.items()}
    for path, text in {**reference, **calls(), **console()}.items():
        if not path.exists() or path.read_text("utf-8") != text:
            stale.append(path.name)
            if "--check" not in sys.argv:
                path.write_text(text, "utf-8")
    direct = imported()
    print("".join(f"{line}\n" for line in direct), end="")
    print(f"reference: {', '.join(stale) or 'nothing'} {'stale' if '--check' in sys.argv else 'written'}")
    return 1 if (stale or direct) and "--check" in sys.argv else 0


def cli() -> str:
    """Every command with its help."""
    codes = "0 done, 1 failed, 2 usage, 3 not found, 4 not allowed, 5 gate failed, 6 conflict, 8 time-out"
    parts = [
        f"# Commands\n\n{NOTE}Exit codes: {codes}, 130 interrupted.\n`--json` prints one object on stdout.\n"
    ]
    for name, command in walk(root, "meguru"):
        with click.Context(command, info_name=name) as context:
            parts.append(f"\n## {name}\n\n```text\n{command.get_help(context)}\n```\n")
    return "".join(parts)


def walk(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Yield every command below one, with its full name."""
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command)
    for child in command.list_commands(context):
        if (found := command.get_command(context, child)) is not None:
            yield from walk(found, f"{name} {child}")


def errors() -> str:
    """Every error code."""
    rows = [
        f"| {kind.code} | {kind.__name__} | {kind.status} | {kind.exit_code} | {first_line(kind)} |\n"
        for kind in all_errors().values()
    ]
    head = "| code | name | HTTP | exit | meaning |\n|---|---|---|---|---|\n"
    remedies = "".join(f"| {code} | {cause} | {cure} |\n" for code, (cause, cure) in REMEDIES.items())
    mended = f"\n`meguru explain CODE` prints this:\n\n| code | cause | cure |\n|---|---|---|\n{remedies}"
    shape = (
        'Every route answers an error as `{"error": {"code", "what", "where", "why", "try", "field"}}`.\n\n'
    )
    return f"# Errors\n\n{NOTE}{shape}{head}{''.join(rows)}{mended}"


def operations() -> str:
    """Every operation: its route, permission, arguments."""
    load_operations()
    parts = [f"# Operations\n\n{NOTE}A running server describes them in full at `/openapi.json`.\n\n"]
    parts.append("| operation | route | permission | arguments | what it does |\n|---|---|---|---|---|\n")
    for one in native().values():
        if one.__module__.startswith("meguru."):
            method = "GET" if one.query else "POST"
            names = ", ".join(field.name for field in msgspec.structs.fields(one.arguments_type))
            route = f"`{method} {one.path}`"
            parts.append(f"| {one.name} | {route} | {one.permission} | {names} | {one.summary} |\n")
    return "".join(parts)


def settings() -> str:
    """Every setting."""
    rows = []
    source = inspect.getsource(Settings).splitlines()
    for field in msgspec.structs.fields(Settings):
        at = next(n for n, line in enumerate(source) if line.strip().startswith(f"{field.name}:"))
        default = f"`{field.default}`" if field.default != "" else ""
        meaning = " ".join(line.strip() for line in "\n".join(source[at + 1 :]).split('"""')[1].splitlines())
        rows.append(f"| `{PREFIX}{field.name.upper()}` | {default} | {meaning} |\n")
    return f"# Settings\n\n{NOTE}| variable | default | meaning |\n|---|---|---|\n{''.join(rows)}"


def first_line(kind: type) -> str:
    """Return the first line of a docstring."""
    return (inspect.getdoc(kind) or "").splitlines()[0]


if __name__ == "__main__":
    sys.exit(main())
