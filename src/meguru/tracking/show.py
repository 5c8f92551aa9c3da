"""Questions about runs."""

from typing import Literal

from meguru.base.paging import Page, check_limit
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.operations import Context, operation
from meguru.tracking import series, store
from meguru.tracking.experiments import store as experiments
from meguru.tracking.projects import visible_runs
from meguru.tracking.types import Experiment, ExperimentDetail, MetricPoint, MetricSeries, Run, RunArtifact

MAX_CHART_POINTS = 2000
MAX_CHARTS = 500
MAX_COUNTED_RUNS = 1000


@operation("experiment.list", permission="run:read", query=True)
def list_experiments(
    ctx: Context, *, after: str = "", limit: int = 100, state: Literal["active", "deleted"] = "active"
) -> Page[Experiment]:
    """List experiments of a state by project and name."""
    most = check_limit(limit)
    items = experiments.page(ctx.tx, after=after, limit=most + 1, stage=state, projects=ctx.visible)
    last = items[most - 1] if len(items) > most else None
    return Page(items=items[:most], next_cursor=last.full_name if last else "")


@operation("experiment.show", permission="run:read", query=True, on="experiment")
def show_experiment(ctx: Context, *, experiment: str) -> ExperimentDetail:
    """Show an experiment, by its name, reference or number: how many runs it has, and the newest one."""
    row = experiments.get(ctx.tx, experiment, ctx.readable)
    newest = store.page(ctx.tx, experiment=row.experiment, limit=1, now=ctx.now())
    return ExperimentDetail(
        experiment=experiments.of_row(row),
        runs=store.counts(ctx.tx, row.experiment, ctx.now()),
        deleted=store.count_deleted(ctx.tx, row.experiment),
        newest=newest[0] if newest else None,
    )


@operation(
    "run.list", permission="run:read", query=True, on="experiment", refers={"experiment": "experiment"}
)
def list_runs(
    ctx: Context,
    *,
    experiment: str = "",
    state: Literal["", "running", "interrupted", "succeeded", "failed", "cancelled"] = "",
    before: str = "",
    limit: int = 50,
    deleted: bool = False,
) -> Page[Run]:
    """List runs, newest first, of one experiment or state if one is given; of each 200 metrics at most.

    Deleted ones, and those of deleted experiments, are only in the list of the `deleted`, or of their
    experiment.
    """
    items = store.page(
        ctx.tx,
        experiment=experiments.get(ctx.tx, experiment, ctx.readable).experiment if experiment else "",
        without=[] if deleted else experiments.keys_of(ctx.tx, "deleted"),
        projects=ctx.visible,
        state=state,
        before=before,
        limit=check_limit(limit) + 1,
        now=ctx.now(),
        deleted=deleted,
    )
    return Page(items=items[:limit], next_cursor=items[limit - 1].id if len(items) > limit else "")


@operation("run.show", permission="run:read", query=True, on="run")
def show(ctx: Context, *, run: str) -> Run:
    """Show a run with its params, tags and newest metric values."""
    return store.get(ctx.tx, run, ctx.now())


@operation("run.artifacts", permission="run:read", query=True, on="run")
def artifacts(ctx: Context, *, run: str) -> list[RunArtifact]:
    """List the files that a run left behind."""
    return store.artifacts(ctx.tx, store.check_run(ctx.tx, run))


@operation("run.metric", permission="run:read", query=True, on="run")
def metric(ctx: Context, *, run: str, key: str, after: str = "", limit: int = 1000) -> Page[MetricPoint]:
    """Show the points of one metric series by step."""
    identity = store.check_run(ctx.tx, run)
    found = series.series_of(ctx.tx, identity, key)
    if found is None:
        raise NotFound.of("metric", key, series.names(ctx.tx, identity, limit=1000))
    place = _cursor(after)
    pieces = series.pieces(ctx.tx, found[0], after=place, limit=check_limit(limit) + 1)
    rows = [row for piece in pieces for row in piece.rows()]
    items = [
        MetricPoint(key=key, value=value, step=step, at=series.moment(at))
        for step, at, _, value in rows[:limit]
    ]
    more = len(rows) > limit
    return Page(items=items, next_cursor=series.PointPosition(*rows[limit - 1][:3]).cursor() if more else "")


@operation("run.counts", permission="run:read", query=True, refers={"runs": "run"})
def count_points(ctx: Context, *, runs: list[str]) -> dict[str, int]:
    """Tell how many points each of some runs has logged: cheap, for who waits for more.

    A run that is not there has none.
    """
    if len(runs) > MAX_COUNTED_RUNS:
        raise InvalidInput(
            f"{len(runs)} runs can't be asked for", why=f"at most {MAX_COUNTED_RUNS}", field="runs"
        )
    return series.counts(ctx.tx, visible_runs(ctx.tx, runs, ctx.readable))


@operation("run.charts", permission="run:read", query=True, refers={"runs": "run"})
def charts(ctx: Context, *, runs: list[str], keys: list[str], points: int = 200) -> list[MetricSeries]:
    """Show some metrics of some runs, thinned as `run.chart` does; what a run has not logged is left out."""
    check_chart_points(points)
    if len(runs) * len(keys) > MAX_CHARTS:
        raise InvalidInput(f"{len(runs) * len(keys)} series are too many", why=f"at most {MAX_CHARTS}")
    found = []
    ids = visible_runs(ctx.tx, runs, ctx.readable)
    for key in keys:
        for run, number in series.numbers(ctx.tx, ids, key).items():
            rows = series.sample(ctx.tx, number, limit=points)
            drawn = [
                MetricPoint(key=key, value=row[3], step=row[0], at=series.moment(row[1])) for row in rows
            ]
            found.append(MetricSeries(run=run, key=key, points=drawn))
    return found


@operation("run.chart", permission="run:read", query=True, on="run")
def chart(ctx: Context, *, run: str, key: str, points: int = 500) -> list[MetricPoint]:
    """Show a metric series of any length by at most so many points: its ends, its extremes, what is between.

    The database picks them, so a chart of a million points costs little more than one of a thousand.
    """
    check_chart_points(points)
    identity = store.check_run(ctx.tx, run)
    found = series.series_of(ctx.tx, identity, key)
    if found is None:
        raise NotFound.of("metric", key, series.names(ctx.tx, identity, limit=1000))
    return [
        MetricPoint(key=key, value=value, step=step, at=series.moment(at))
        for step, at, _, value in series.sample(ctx.tx, found[0], limit=points)
    ]


def check_chart_points(points: int) -> None:
    """Refuse a number of points that no chart can have."""
    if not 2 <= points <= MAX_CHART_POINTS:
        raise InvalidInput(
            f"a chart can't have {points} points", why=f"2 to {MAX_CHART_POINTS}", field="points"
        )


def _cursor(text: str) -> series.PointPosition | None:
    place = series.PointPosition.read(text) if text else None
    if text and place is None:
        raise InvalidInput(
            f"{text[:60]!r} is no cursor", hint="use next_cursor of the page before", field="after"
        )
    return place
