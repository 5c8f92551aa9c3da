"""Sweeps: a window of them; one with its trials, the best so far, and how parameters go with the value."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from markupsafe import Markup
from starlette.responses import Response

from meguru.base.paging import MAX_PAGE
from meguru.console.charts import trials as drawing
from meguru.console.numbers import number, plain
from meguru.console.page_request import PageFunction, Visit
from meguru.console.pages.runs import took
from meguru.sweeps import show
from meguru.sweeps.types import Choice, Space, Sweep, Trial, TrialState

WINDOW = 100
MAX_AXES = 8
SHOWN = 300


def listing(visit: Visit) -> Response:
    """Show a window of the sweeps, newest first."""
    pipeline, before = visit.asked("pipeline"), visit.asked("before")
    found = show.list_sweeps(visit.ws, pipeline=pipeline, cursor=before, limit=WINDOW)
    return visit.render(
        "sweeps.html",
        sweeps=found.items,
        older=found.next_cursor,
        before=before,
        pipeline=pipeline,
        done=done,
        took=took,
        live="sweep. sweep_trial.",
    )


def one(visit: Visit) -> Response:
    """Show one sweep; of very many trials the newest and the best."""
    sweep = show.show(visit.ws, sweep=visit.named("id"))
    trials = all_of(visit, sweep)
    newest = sorted(trials, key=lambda trial: -trial.number)
    return visit.render(
        "sweep.html",
        sweep=sweep,
        names=sorted(sweep.space),
        trials=newest[:SHOWN],
        left_out=max(len(newest) - SHOWN, 0),
        progress=_progress(visit, sweep, trials),
        parallel=_parallel(visit, sweep, trials),
        done=done(sweep),
        took=took,
        live="sweep. sweep_trial." if sweep.state == "running" else "sweep.",
    )


def all_of(visit: Visit, sweep: Sweep) -> list[Trial]:
    """Return every trial by number."""
    trials: list[Trial] = []
    cursor = ""
    while True:
        page = show.trials(visit.ws, sweep=sweep.id, cursor=cursor, limit=MAX_PAGE)
        trials += page.items
        cursor = page.next_cursor
        if not cursor:
            return trials


def done(sweep: Sweep) -> int:
    """Return how many trials have ended for good."""
    return sum(count for state, count in sweep.counts.items() if state not in {"running", "cancelled"})


def best_so_far(sweep: Sweep, trials: Sequence[Trial]) -> list[tuple[int, float]]:
    """Return the trials that were better than all before them, with their values."""
    found: list[tuple[int, float]] = []
    for trial in trials:
        if trial.state is TrialState.SUCCEEDED and trial.value is not None:
            last = found[-1][1] if found else None
            if last is None or (trial.value > last if sweep.goal == "max" else trial.value < last):
                found.append((trial.number, trial.value))
    return found


def _progress(visit: Visit, sweep: Sweep, trials: Sequence[Trial]) -> Markup:
    dots = [
        drawing.Dot(
            number=trial.number,
            value=trial.value,
            tip=_tip(visit, sweep, trial),
            kind="" if trial.state is TrialState.SUCCEEDED else "other",
        )
        for trial in trials
        if trial.value is not None
    ]
    if not dots:
        return Markup()
    label = visit.text("{metric} of each trial, and the best so far", metric=sweep.metric)
    return drawing.progress(dots, best_so_far(sweep, trials), label)


def _parallel(visit: Visit, sweep: Sweep, trials: Sequence[Trial]) -> Markup:
    ended = [trial for trial in trials if trial.state is TrialState.SUCCEEDED and trial.value is not None]
    if len(ended) < 2:
        return Markup()
    best_first = sorted(ended, key=lambda each: (each.value or 0.0) * (-1 if sweep.goal == "max" else 1))
    values = [trial.value for trial in ended if trial.value is not None]
    low, high = min(values), max(values)
    names = list(islice(sorted(sweep.space), MAX_AXES))
    axes = [drawing.Axis(name=name, marks=_marks(sweep.space[name])) for name in names]
    axes.append(drawing.Axis(name=sweep.metric, marks=drawing.ends(low, high)))
    lines = [
        drawing.TrialLine(
            places=[
                *(_place(sweep.space[name], each, name) for name in names),
                drawing.place_of(each.value or 0.0, low, high),
            ],
            rank=rank,
            tip=_tip(visit, sweep, each),
        )
        for rank, each in enumerate(best_first[:SHOWN])
    ]
    label = visit.text("How the parameters go with {metric}: one line a trial", metric=sweep.metric)
    return drawing.parallel(axes, lines, label)


def _marks(space: Space) -> list[tuple[float, str]]:
    if not isinstance(space, Choice):
        return drawing.ends(space.low, space.high)
    last = max(len(space.values) - 1, 1)
    marks = [(at / last, plain(value)[:16]) for at, value in enumerate(space.values)]
    return marks if len(marks) <= 12 else [marks[0], marks[-1]]


def _place(space: Space, trial: Trial, name: str) -> float:
    value = trial.params[name]
    if isinstance(space, Choice):
        at = next(n for n, one in enumerate(space.values) if (type(one), one) == (type(value), value))
        return at / max(len(space.values) - 1, 1)
    return drawing.place_of(float(value or 0), space.low, space.high, log=space.log)


def _tip(visit: Visit, sweep: Sweep, trial: Trial) -> str:
    title = visit.text("Trial {number}", number=trial.number)
    params = [f"{name} = {plain(trial.params[name])}" for name in sorted(trial.params)]
    return "\n".join(
        [title, f"{sweep.metric} = {number(trial.value, 4)}", *params, trial.reason][: MAX_AXES + 4]
    )


PAGES: dict[str, PageFunction] = {
    "/ui/sweeps": listing,
    "/ui/sweeps/{id}": one,
}
