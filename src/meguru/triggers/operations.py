"""Every operation of triggers; importing this registers them."""

from meguru.kernel.declarations import operations_of
from meguru.triggers.create import create, pause, resume
from meguru.triggers.dry_run import try_out
from meguru.triggers.fire import fire
from meguru.triggers.kind import TRIGGER
from meguru.triggers.show import history, list_triggers, next_moments, settled, show

specs = operations_of(TRIGGER)

__all__ = [
    "create",
    "fire",
    "history",
    "list_triggers",
    "next_moments",
    "pause",
    "resume",
    "settled",
    "show",
    "specs",
    "try_out",
]
