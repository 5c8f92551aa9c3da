"""Which flavor does which task: told in the reference, and refused by it when a model is saved."""

from __future__ import annotations

from meguru.errors import InvalidInput
from meguru.flavors.base import Flavor
from meguru.tasks import TASKS, Task


def offered(flavor: Flavor) -> frozenset[str]:
    """Return the names of the tasks that a flavor does; one that says none does all that its models can."""
    return frozenset(getattr(flavor, "tasks", ()) or TASKS.names())


def check_offered(flavor: Flavor, task: Task) -> None:
    """Refuse a task that a flavor does not do.

    Raises
    ------
    InvalidInput
        Naming those that it does.
    """
    known = offered(flavor)
    if task.key not in known:
        raise InvalidInput(
            f"a model of {flavor.name} does not do {task.key}",
            field="task",
            why=f"it does {', '.join(sorted(known))}",
            hint="docs/reference/flavors.md tells which flavor does what",
        )
