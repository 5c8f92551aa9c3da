"""Which run a call of `meguru.log` belongs to: the innermost one that is open where it is called."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from meguru.tracking.types import EndState


class OpenRun(Protocol):
    """As much of an open run as is asked for here."""

    process: int
    thread: int
    is_over: bool

    def log(self, values: Mapping[str, float], step: int | None) -> None:
        """Log values at a step."""
        ...

    def end(self, state: EndState, error: str) -> None:
        """End the run."""
        ...


_blocks: ContextVar[tuple[OpenRun, ...]] = ContextVar("meguru_blocks", default=())
_open: list[OpenRun] = []


def enter(run: OpenRun) -> Token[tuple[OpenRun, ...]]:
    """Note that the block of a run is entered here."""
    return _blocks.set((*_blocks.get(), run))


def leave(token: Token[tuple[OpenRun, ...]] | None) -> None:
    """Note that the block is left; one that is left in another context than it was entered in is left too."""
    if token is not None:
        try:
            _blocks.reset(token)
        except ValueError:  # a generator or a task that was moved
            _blocks.set(())


def add(run: OpenRun) -> None:
    """Note that a run is open, wherever in this process."""
    _open.append(run)


def remove(run: OpenRun) -> None:
    """Note that a run is over."""
    if run in _open:
        _open.remove(run)


def all_open() -> list[OpenRun]:
    """Return the open runs that this process began, the newest last."""
    mine = os.getpid()
    return [run for run in _open if run.process == mine]


def newest() -> OpenRun | None:
    """Return the open run that was begun last."""
    return _open[-1] if _open else None


def enclosing() -> OpenRun | None:
    """Return the run in whose block this is."""
    for run in reversed(_blocks.get()):
        if not run.is_over:
            return run
    return None


def innermost() -> tuple[OpenRun | None, str]:
    """Return the run that a call from here belongs to; without one, why there is none.

    That is the innermost block's; else, as in a cell of a notebook or in a thread that a block started, the
    newest run, unless several threads have begun the runs that are open: then nobody knows which is meant.
    """
    open_run = enclosing()
    if open_run is not None:
        return open_run, ""
    if len({run.thread for run in _open}) > 1:
        return None, "several threads have runs open, and none was begun in this one: call log of the run"
    return (_open[-1], "") if _open else (None, "no run is open here, and this is no step of a pipeline")
