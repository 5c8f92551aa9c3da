"""Every operation of triggers; importing this registers them."""

from meguru.kernel.declarations import operations_of
from meguru.triggers.arrivals.dead import dead_letter, dead_letters, drop_dead_letter, retry_dead_letter
from meguru.triggers.arrivals.show import listener, listeners
from meguru.triggers.create import create, pause, resume
from meguru.triggers.dry_run import try_out
from meguru.triggers.fire import fire
from meguru.triggers.kind import TRIGGER
from meguru.triggers.show import history, list_triggers, next_moments, settled, show

specs = operations_of(TRIGGER)

__all__ = [
    "create",
    "dead_letter",
    "dead_letters",
    "drop_dead_letter",
    "fire",
    "history",
    "list_triggers",
    "listener",
    "listeners",
    "next_moments",
    "pause",
    "resume",
    "retry_dead_letter",
    "settled",
    "show",
    "specs",
    "try_out",
]
