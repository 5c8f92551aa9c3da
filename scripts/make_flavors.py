"""The reference page of flavors: which task each of them does, read off the flavors themselves."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

from meguru.flavors import FLAVORS, Flavor
from meguru.flavors.task_support import supported_tasks
from meguru.tasks import TASKS

INTRODUCTION = """\
A *flavor* stores models of one library, as data, and loads them without running code of theirs.
`Model(estimator=…)` finds the flavor by the estimator, and the task where the estimator tells it.

**yes**: a model of this flavor and task is registered, gated, released, served over HTTP, recorded, given its
outcomes, watched, rolled back and asked again to the bit. One test (`tests/contracts/test_matrix.py`) asks
all of that of every such cell; of **function**, whose host is a process of its own, it asks all of it for two
tasks, and for the others that the server answers as the function does.
**–**: refused when the model is saved, with the tasks that the flavor does.
"""
CLOSING = """\

[Model files and safety](../concepts/models.md) tells what each flavor refuses, [tasks](../concepts/tasks.md)
what each task answers, [Hand over a model](../how-to/hand-over.md) which files are taken.
"""


def flavors(note: str) -> str:
    """Every flavor times every task."""
    kinds: list[Flavor] = [FLAVORS.load(name)() for name in FLAVORS.names()]
    head = f"| task | {' | '.join(kind.name for kind in kinds)} |\n|---|{'---|' * len(kinds)}\n"
    rows = "".join(_row(task, kinds) for task in TASKS.names())
    return f"# Flavors\n\n{note}{INTRODUCTION}\n{head}{rows}\n{''.join(_told(kinds))}{CLOSING}"


def _row(task: str, kinds: list[Flavor]) -> str:
    cells = " | ".join("yes" if task in supported_tasks(kind) else "–" for kind in kinds)
    return f"| `{task}` | {cells} |\n"


def _told(kinds: list[Flavor]) -> Iterator[str]:
    for kind in kinds:
        module = inspect.getdoc(sys.modules[type(kind).__module__]) or ""
        first = " ".join(module.partition("\n\n")[0].replace("``", "`").split())
        yield f"- **{kind.name}**: {first}\n"
