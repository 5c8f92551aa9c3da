"""Fail when the docs don't name something that users can meet, or link to a page that isn't there."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from meguru.base.settings import PREFIX, Settings
from meguru.cli.root import COMMANDS
from meguru.monitoring.checks import CHECKS
from meguru.releases.gates import GATES
from meguru.triggers.actions import ACTIONS
from meguru.triggers.kinds import KINDS
from meguru.triggers.types import FiringState

ROOT = Path(__file__).resolve().parent.parent
TYPE = re.compile(r"[a-z_]+\.[a-z_]+")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
FAMILIES = {
    "how-to/triggers.md": (KINDS, ACTIONS),
    "how-to/releases.md": (GATES,),
    "how-to/monitors.md": (CHECKS,),
}


def main() -> int:
    """Check names and links."""
    problems = [*unnamed(), *broken()]
    print("\n".join(problems) or f"docs: {len(pages())} pages name everything, and all links lead somewhere")
    return 1 if problems else 0


def unnamed() -> Iterator[str]:
    """Yield what the code has and the page for it does not name."""
    for page, tables in FAMILIES.items():
        for table in tables:
            yield from _missing(page, table.family, table.names())
    yield from _missing("reference/events.md", "event type", event_types())
    yield from _missing("reference/settings.md", "setting", settings())
    yield from _missing("reference/cli.md", "command", [f"meguru {name}" for name in COMMANDS], mark="")


def broken() -> Iterator[str]:
    """Yield links to files that are not there."""
    for page in pages():
        for link in LINK.findall(page.read_text("utf-8")):
            if "://" not in link and not (page.parent / link).exists():
                yield f"{page.relative_to(ROOT)}: links to {link}, which is not there"


def pages() -> list[Path]:
    """Return every page that readers see."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def settings() -> list[str]:
    """Return the variables."""
    return [PREFIX + field.name.upper() for field in msgspec.structs.fields(Settings)]


def event_types() -> list[str]:
    """Return every type of event that the code appends, read off its calls."""
    found = {f"trigger.{state.value}" for state in FiringState}
    for path in (ROOT / "src" / "meguru").rglob("*.py"):
        if "testing" not in path.parts:
            found.update(_emitted(ast.parse(path.read_text("utf-8"))))
    return sorted(found)


def _emitted(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            given = node.args[:1] if node.func.attr in {"emit", "append"} else []
            given = [one.elts[0] if isinstance(one, ast.Tuple) and one.elts else one for one in given]
            given += [one.value for one in node.keywords if one.arg == "type" and node.func.attr == "append"]
            for part in (part for one in given for part in ast.walk(one)):
                if isinstance(part, ast.Constant) and TYPE.fullmatch(str(part.value)):
                    yield str(part.value)


def _missing(page: str, family: str, names: list[str], mark: str = "`") -> Iterator[str]:
    text = (ROOT / "docs" / page).read_text("utf-8")
    for name in names:
        if f"{mark}{name}{mark}" not in text:
            yield f"docs/{page}: does not name the {family} {name!r}"


if __name__ == "__main__":
    sys.exit(main())
