"""Which flavor supports which task: for the reference, and checked when a model is saved."""

from __future__ import annotations

from meguru.errors import InvalidInput
from meguru.flavors.base import Flavor
from meguru.tasks import TASKS, Task


def supported_tasks(flavor: Flavor) -> frozenset[str]:
    """Return the names of the tasks that a flavor does; one that says none does all that its models can."""
    return frozenset(getattr(flavor, "tasks", ()) or TASKS.names())


def check_supported(flavor: Flavor, task: Task) -> None:
    """Refuse a task that a flavor does not do.

    Raises
    ------
    InvalidInput
        Naming those that it does.
    """
    known = supported_tasks(flavor)
    if task.key not in known:
        raise InvalidInput(
            f"a model of {flavor.name} does not do {task.key}",
            field="task",
            why=f"it does {', '.join(sorted(known))}",
            hint="docs/reference/flavors.md tells which flavor does what",
        )
