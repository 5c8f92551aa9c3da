"""What every executor promises."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import msgspec

from meguru.compute.executors.work import Failure, StepJob, StepOutcome


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How a step ended; `lost` when what ran it went away, so that nothing is known of the step itself."""

    outcome: StepOutcome
    lost: bool = False


OnEnded = Callable[[Ended], None]


class Executor(Protocol):
    """Runs steps somewhere and tells how they ended. Safe for many threads; one for the whole process.

    A step that was started ends exactly once: `done` is called once, from another thread or, if the step
    could not be started, from within `start`. Nothing that a step does (``os._exit``, a crash, an exception
    that can't be pickled) ends the executor. When this process ends, by whatever way, so do its steps.
    """

    fresh: bool
    """Every step has a process of its own, so that nothing an earlier step left is seen."""
    remote: bool
    """Steps may run on other machines, which must reach the blob store by its URL."""

    def start(self, name: str, job: StepJob, *, log: Path, preload: Iterable[str], done: OnEnded) -> None:
        """Start one step called `name`; what it prints is appended to the file `log`.

        `preload` are modules that the step will import and that may be loaded ahead.
        """
        ...

    def kill(self, name: str) -> None:
        """End a step with every process it started; `done` is called as for any end.

        The name of a step that has ended does nothing.
        """
        ...

    def warm(self, modules: Iterable[str]) -> None:
        """Get ready now, so that the first step need not wait; it is fine to do nothing."""
        ...

    def close(self) -> None:
        """End every step and give everything back; the next `start` opens it again."""
        ...


def died(what: str, why: str = "", *, type: str = "ProcessDied", lost: bool = False) -> Ended:
    """Return the end of a step whose process went away without an outcome."""
    text = f"{what} ({why})" if why else what
    return Ended(outcome=StepOutcome(failure=Failure(type=type, message=text, traceback="")), lost=lost)
