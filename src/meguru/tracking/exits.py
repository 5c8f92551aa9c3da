"""Ends the runs that are open when the interpreter ends, and knows what it ended of.

A run that is begun without a block has nobody to tell it of an exception. While a run is open, hooks see
those that end a script, the code that `sys.exit` is given, and, in IPython, whether the cell that ran last
raised.
"""

from __future__ import annotations

import atexit
import logging
import sys
import traceback
from types import TracebackType
from typing import Any, cast

from meguru.tracking import active
from meguru.tracking.types import EndState

log = logging.getLogger(__name__)


def outcome_of(error: BaseException | None) -> tuple[EndState, str]:
    """Return the state of a run that an exception ends, or none, and its error."""
    if error is None or (isinstance(error, SystemExit) and error.code in {None, 0}):
        return "succeeded", ""
    told = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return "cancelled" if isinstance(error, KeyboardInterrupt) else "failed", told


class _Hooks:
    """What this process ended of, as far as it is known: the newest exception that nobody caught."""

    def __init__(self) -> None:
        self.failure: BaseException | None = None
        self._before: tuple[Any, Any] | None = None
        self._shell: Any = None
        self._at_exit = False

    def watch(self) -> None:
        """Put the hooks in place, unless they are."""
        if self._before is not None:
            return
        self.failure = None
        self._before = sys.excepthook, sys.exit
        sys.excepthook, sys.exit = self._uncaught, cast("Any", self._exit)
        self._shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
        if self._shell is not None:
            self._shell.events.register("post_run_cell", self._cell)
        if not self._at_exit:
            self._at_exit = True
            atexit.register(end_all)

    def leave(self) -> None:
        """Take them away, but for those that another program has wrapped meanwhile."""
        # To put the old ones back would take the other program's away; ours then pass everything on.
        if self._before is None or (sys.excepthook, sys.exit) != (self._uncaught, self._exit):
            return
        sys.excepthook, sys.exit = self._before
        self._before = None
        if self._shell is not None:
            self._shell.events.unregister("post_run_cell", self._cell)

    def _uncaught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not hasattr(sys, "ps1"):  # at a prompt an exception ends nothing
            self.failure = error
        self._hook(0)(kind, error, trace)

    def _exit(self, code: Any = None, /) -> None:
        # SystemExit comes by no hook.
        self.failure = SystemExit(code)
        self._hook(1)(code)

    def _cell(self, result: Any) -> None:
        self.failure = result.error_before_exec or result.error_in_exec

    def _hook(self, index: int) -> Any:
        return self._before[index] if self._before is not None else (sys.__excepthook__, _leave)[index]


def _leave(code: Any = None, /) -> None:
    raise SystemExit(code)


_hooks = _Hooks()
watch, leave = _hooks.watch, _hooks.leave


def outcome() -> tuple[EndState, str]:
    """Return the state in which a run ends that nobody ended, and its error."""
    return outcome_of(_hooks.failure)


def end_all() -> None:
    """End every open run that this process began, the newest first."""
    state, error = outcome()
    for run in reversed(active.all_open()):
        try:
            run.end(state, error)
        except Exception as late:  # noqa: BLE001 - the others are to end too
            log.warning("a run could not be ended: %s", late)
