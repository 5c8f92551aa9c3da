"""Sweep over a pipeline from its file, and wait for the end: what ``meguru sweep start`` does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from meguru.base.plugins import PluginFamily
from meguru.errors import Conflict, Interrupted
from meguru.kernel import events
from meguru.kernel.jobs import Worker
from meguru.kernel.remote import RemoteWorkspace
from meguru.kernel.workspace import Workspace
from meguru.pipelines.load import register_file
from meguru.sweeps import show
from meguru.sweeps import space as spaces
from meguru.sweeps.job import SweepHandler, SweepProgress
from meguru.sweeps.start import start
from meguru.sweeps.stop import stop
from meguru.sweeps.types import Search, Sweep, SweepState, Trial, TrialState

_POLL_SECONDS = 0.5
_LISTS = ("list", "tuple", "set")


def start_file(
    ws: Workspace | RemoteWorkspace, file: str, params: Mapping[str, Any], search: Search
) -> Sweep:
    """Register ``FILE.py:PIPELINE`` and start a sweep over it."""
    version = register_file(ws, file)
    lists = {parameter.name for parameter in version.graph.parameters if parameter.type.startswith(_LISTS)}
    space, fixed = spaces.read(params, lists)
    return start(ws, pipeline=version.ref, space=space, params=fixed, search=search)


def see_through(
    ws: Workspace | RemoteWorkspace, sweep: Sweep, progress: SweepProgress | None = None
) -> Sweep:
    """Wait until a sweep is over; in an embedded workspace this process does the work.

    Another process that works on it is left alone; if it dies, this one takes over.

    Raises
    ------
    Interrupted
        At Ctrl-C: the sweep is stopped, and can be resumed.
    """
    watch = _Watch(progress)
    try:
        while True:
            if isinstance(ws, Workspace):
                worked = Worker(ws, _Handlers(progress)).run_to_end(sweep.job)
                with ws.read() as tx:
                    after = events.head(tx)
            else:
                worked = False
            found = show.show(ws, sweep=sweep.id)
            if not worked:
                watch.look(ws, found)
            if found.state is not SweepState.RUNNING:
                return found
            sweep = found
            if isinstance(ws, Workspace):
                events.wait(ws, after=after, timeout=1.0)
            else:
                time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        try:
            stop(ws, sweep=sweep.id, reason="interrupted at the keyboard")
        except Conflict:
            return show.show(ws, sweep=sweep.id)
        raise Interrupted(
            f"sweep {sweep.id} was stopped", where=sweep.ref, hint=f"go on: meguru sweep resume {sweep.id}"
        ) from None


class _Watch:
    """Tells of trials that another process ended."""

    def __init__(self, progress: SweepProgress | None) -> None:
        self._progress, self._told = progress, set[int]()
        self._all_up_to = -1

    def look(self, ws: Workspace | RemoteWorkspace, sweep: Sweep) -> None:
        if self._progress is None:
            return
        # Each second: of thousands of trials those are read that nothing was told of yet.
        for trial in all_trials(ws, sweep.id, after=self._all_up_to):
            if trial.state is not TrialState.RUNNING and trial.number not in self._told:
                self._told.add(trial.number)
                self._progress(sweep, trial)
        while self._all_up_to + 1 in self._told:
            self._all_up_to += 1


def all_trials(ws: Workspace | RemoteWorkspace, sweep_id: str, *, after: int = -1) -> list[Trial]:
    """Return every trial of a sweep beyond a number, by number."""
    trials: list[Trial] = []
    cursor = str(after) if after >= 0 else ""
    while True:
        page = show.trials(ws, sweep=sweep_id, cursor=cursor)
        trials += page.items
        cursor = page.next_cursor
        if not cursor:
            return trials


class _Handlers(PluginFamily):
    """Only sweeps, with the caller's progress."""

    def __init__(self, progress: SweepProgress | None) -> None:
        super().__init__("job handler", {"sweep": "meguru.sweeps.job:HANDLER"})
        self.progress = progress

    def names(self) -> list[str]:
        """Return the one kind."""
        return ["sweep"]

    def load(self, name: str) -> Any:
        """Return the handler, which works in this process."""
        del name
        return SweepHandler(self.progress)
