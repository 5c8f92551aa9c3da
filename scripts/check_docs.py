"""Fail when the docs do not name what users can meet, a link leads nowhere, or a Japanese word is missing."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from check_words import untranslated

from meguru.app.kinds import all_kinds
from meguru.base.settings import PREFIX, Settings
from meguru.compute.executors import EXECUTORS
from meguru.kernel.kinds import event_types as declared_types
from meguru.monitoring.checks import CHECKS
from meguru.releases.gates import GATES
from meguru.triggers.actions import ACTIONS
from meguru.triggers.kinds import KINDS

ROOT = Path(__file__).resolve().parent.parent
TYPE = re.compile(r"[a-z_]+\.[a-z_]+")
MODULE = re.compile(r"`meguru\.([\w.]+)`")
PARAMETERS = re.compile(r"^Parameters\n-+\n(.*?)(?=^\w[\w ]*\n-+\n|\Z)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def main() -> int:
    """Check names and links."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    problems = [
        *untranslated(),
        *unnamed(),
        *homeless(),
        *strangers(),
        *(problem for page in pages for problem in broken(page)),
    ]
    print("\n".join(problems) or f"docs: {len(pages)} pages name everything, and all links lead somewhere")
    return 1 if problems else 0


def unnamed() -> Iterator[str]:
    """Yield what the code has and the page for it does not name."""
    wanted = [
        ("how-to/executors.md", "executor", EXECUTORS.names()),
        ("how-to/triggers.md", "trigger kind", KINDS.names()),
        ("how-to/triggers.md", "action", ACTIONS.names()),
        ("how-to/releases.md", "gate", GATES.names()),
        ("how-to/monitors.md", "check", CHECKS.names()),
        ("reference/settings.md", "setting", [PREFIX + name.upper() for name in Settings.__struct_fields__]),
        ("reference/events.md", "event type", event_types()),
    ]
    for page, family, names in wanted:
        text = (ROOT / "docs" / page).read_text("utf-8")
        for name in names:
            if f"`{name}`" not in text:
                yield f"docs/{page}: does not name the {family} {name!r}"


def strangers() -> Iterator[str]:
    """Yield parameters that a docstring tells of and the function does not have; `**options` has any."""
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.args.kwarg:
                continue
            told = PARAMETERS.search(ast.get_docstring(node) or "")
            lines = [line for line in (told[1] if told else "").splitlines() if line and line[0] != " "]
            args = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg]
            known = {each.arg for each in args if each}
            for name in (each.strip().lstrip("*") for line in lines for each in line.split(",")):
                if name not in known:
                    yield f"{path.relative_to(ROOT)}: {node.name} has no parameter {name!r}"


def homeless() -> Iterator[str]:
    """Yield modules that the glossary of the internals names and that are not there."""
    for module in MODULE.findall((ROOT / "docs/concepts/internals.md").read_text("utf-8")):
        place = ROOT / "src/meguru" / module.replace(".", "/")
        if not place.is_dir() and not place.with_suffix(".py").exists():
            yield f"docs/concepts/internals.md: there is no module meguru.{module}"


def broken(page: Path) -> Iterator[str]:
    """Yield links to files that are not there."""
    for link in LINK.findall(page.read_text("utf-8")):
        if "://" not in link and not (page.parent / link).exists():
            yield f"{page.relative_to(ROOT)}: links to {link}, which is not there"


def event_types() -> list[str]:
    """Return every type of event that kinds declare, and what else the code appends, read off its calls."""
    all_kinds()
    found = set(declared_types())
    for path in (ROOT / "src" / "meguru").rglob("*.py"):
        if "testing" not in path.parts:
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    found.update(filter(TYPE.fullmatch, _emitted(node, node.func.attr)))
    return sorted(found)


def _emitted(call: ast.Call, method: str) -> Iterator[str]:
    given = call.args[:1] if method in {"emit", "append"} else []
    given = [one.elts[0] if isinstance(one, ast.Tuple) and one.elts else one for one in given]
    given += [one.value for one in call.keywords if one.arg == "type" and method == "append"]
    for one in given:
        yield from _texts(one)


def _texts(node: ast.AST) -> list[str]:
    """Return what an expression may be: a literal, either side of a choice, an f-string of these."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.IfExp):
        return _texts(node.body) + _texts(node.orelse)
    if isinstance(node, ast.FormattedValue):
        return _texts(node.value)
    if isinstance(node, ast.JoinedStr):
        return ["".join(parts) for parts in product(*map(_texts, node.values))]
    return []


if __name__ == "__main__":
    sys.exit(main())
