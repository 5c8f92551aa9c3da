"""Fail when a name does not lead a stranger to what it names.

A module named after nothing in particular is a drawer: nobody finds again what it collects. One that is
named in a word of our own is found by nobody else. Two public classes of one name are taken for each other.
Columns and tables are read by people who never saw this code.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DRAWERS = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc", "shared", "core"}
OWN_WORDS = {
    "waived",
    "unchanged",
    "former",
    "glass",
    "hiding",
    "looks",
    "swept",
    "tracked",
    "says",
    "told",
    "left",
    "brought",
    "bring",
    "soon",
    "hands",
    "ring",
    "bell",
    "bells",
    "needs",
    "stations",
    "asked",
    "together",
    "leftovers",
    "missed",
    "moment",
    "recognise",
    "settle",
    "served",
    "patience",
    "visit",
    "words",
    "sent",
    "things",
    "marked",
    "during",
    "foreseen_models",
    "unkept",
    "telling",
    "seen",
    "given",
    "meant",
    "look",
    "made",
    "nearby",
    "again",
    "held",
    "returned",
    "who",
    "reckon",
    "box",
    "texts",
    "answered",
    "foreknown",
    "foreseen",
    "gaps",
    "many",
    "marks",
    "rare",
    "submitted",
    "tolerant",
    "uncounted",
    "waiting_store",
    "filled",
    "fill",
    "earlier",
    "see",
    "outside",
    "ripeness",
    "replayed",
    "beside",
    "past",
    "portion",
    "counted",
    "holding",
    "foresee",
    "permitted",
    "silent",
    "purged",
    "versions_meant",
}
"""What files were called here once; the field has a word for each."""
OWN_COLUMNS = {
    "again",
    "alert_told",
    "back_to",
    "broken_glass",
    "card_look",
    "each",
    "elsewhere",
    "ended_why",
    "everybody",
    "forgiven",
    "good",
    "lacked",
    "leaned_on_by",
    "looks",
    "loose",
    "mark",
    "marks",
    "most",
    "of",
    "owned_thing",
    "said",
    "saw",
    "told",
    "told_by",
}
"""What columns and tables were called here once; renamed in migration 0096."""
ROOMS = {"benchmarks", "docs", "examples", "scripts", "src", "tests"}
MADE = {"dist", "meguru-demo"}
"""Folders that commands of the README make."""


def main() -> int:
    """Check the names of modules and folders, of public classes, columns and tables, and the root."""
    paths = [path for folder in ("src", "tests") for path in (ROOT / folder).rglob("*")]
    paths = [path for path in paths if "__pycache__" not in path.parts]
    named = [path for path in paths if path.is_dir() or path.suffix == ".py"]
    problems = [*unclear(named), *taken(), *obscure_columns(), *strays()]
    print("\n".join(sorted(problems)) or f"names: {len(named)} modules and folders are fine")
    return 1 if problems else 0


def strays() -> Iterator[str]:
    """Yield folders that stand in the root of the repository, where something else left them."""
    for path in ROOT.iterdir():
        if path.is_dir() and not path.name.startswith(".") and path.name not in ROOMS | MADE:
            yield f"{path.name}/: no room of the project; what made it writes into the folder it runs in"


def unclear(named: list[Path]) -> Iterator[str]:
    """Yield modules and folders that are named after nothing, or in a word of our own."""
    for path in named:
        if DRAWERS & set(path.stem.lower().split("_")):
            yield f"{path.relative_to(ROOT)}: name it by what it holds"
        if path.stem in OWN_WORDS:
            yield f"{path.relative_to(ROOT)}: name it in the field's standard term"


def obscure_columns() -> Iterator[str]:
    """Yield columns and tables that are named in a word of our own."""
    for path in sorted((ROOT / "src").rglob("schema.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Name(id="Column" | "Table" as what), args=[ast.Constant(value=str(name)), *_]
                ):
                    if name in OWN_COLUMNS:
                        yield f"{path.relative_to(ROOT)}: {what} {name!r}: no reader of the database guesses"


def taken() -> Iterator[str]:
    """Yield public classes whose name another module gives to another class."""
    places: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(str(path.relative_to(ROOT)))
    for name, found in places.items():
        if len(found) > 1:
            yield f"{found[0]}: class {name} is something else in {', '.join(found[1:])}"


if __name__ == "__main__":
    sys.exit(main())
