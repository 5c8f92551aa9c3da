"""`meguru runs list`: pipeline runs and tracked runs, in one list unless one kind is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from meguru.cli.arguments import EXPERIMENT
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell
from meguru.cli.text import gettext as _

if TYPE_CHECKING:
    from meguru.pipelines.types import PipelineRun
    from meguru.tracking.types import Run

PIPELINES = ("run", "pipeline", "state", "ran", "cached", "since", "made")
TRACKED = ("run", "experiment", "name", "state", "since", "metrics")
BOTH = ("run", "of", "name", "state", "since", "result")
OF_A_PIPELINE = "meguru.pipeline_run"
"""The tag of a tracked run that has what a pipeline run logged: the list has that one already."""
BEGIN = 'meguru run FILE.py:PIPELINE, or in Python: with meguru.run("train") as r: r.log(auc=0.84)'
BEGIN_TRACKED = 'in Python: with meguru.run("train") as r: r.log(auc=0.84)'


@verb
@click.option("--tracked", is_flag=True, help="Only tracked runs (run-…), with those of pipelines' steps.")
@click.option("--pipelines", is_flag=True, help="Only pipeline runs (prun-…).")
@click.option("--pipeline", default="", help="Only runs of this pipeline.")
@click.option("--experiment", default="", type=EXPERIMENT, help="Only tracked runs of this experiment.")
@click.option("--query", default="", help="Tracked runs, as: metrics.auc > 0.8 and params.lr = '0.1'")
@click.option("--order", multiple=True, help='Tracked runs in an order, such as "metrics.auc DESC".')
@click.option("--deleted", is_flag=True, help="Tracked runs that are deleted; back: meguru runs restore RUN")
@click.option("--limit", default=30, show_default=True, help="How many, newest first.")
@with_session
def list_(
    session: Session,
    *,
    tracked: bool,
    pipelines: bool,
    pipeline: str,
    experiment: str,
    query: str,
    order: tuple[str, ...],
    deleted: bool,
    limit: int,
) -> None:
    """List runs, newest first: those of pipelines and tracked ones, or one kind of them."""
    from meguru.app import calls

    ws = session.open()
    if query or order:
        page = calls.run_search(ws, query=query, order=list(order), experiment=experiment, limit=limit)
        _tracked(session, page, page.items)
    elif tracked or experiment or deleted:
        page = calls.run_list(ws, experiment=experiment, deleted=deleted, limit=limit)
        _tracked(session, page, page.items)
    elif pipelines or pipeline:
        found = calls.pipeline_run_list(ws, pipeline=pipeline, limit=limit)
        lines = [
            (r.id, r.pipeline, _state(r), r.ran, r.cached, r.created_at, " ".join(r.produced))
            for r in found.items
        ]
        session.table(found, PIPELINES, lines, begin="meguru run FILE.py:PIPELINE")
    else:
        both = _newest(
            calls.pipeline_run_list(ws, limit=limit).items, calls.run_list(ws, limit=limit).items, limit
        )
        session.table([run for run, _line in both], BOTH, [line for _run, line in both], begin=BEGIN)


def _newest(
    pipeline_runs: Iterable[PipelineRun], tracked: Iterable[Run], limit: int
) -> list[tuple[Any, tuple[Any, ...]]]:
    lines: list[tuple[Any, tuple[Any, ...]]] = [
        (r, (r.id, r.pipeline, "", _state(r), r.created_at, " ".join(r.produced) or _counts(r)))
        for r in pipeline_runs
    ]
    lines += [
        (r, (r.id, r.experiment, r.name, r.state, r.started_at, _metrics(r)))
        for r in tracked
        if OF_A_PIPELINE not in r.tags
    ]
    return sorted(lines, key=lambda line: line[1][4], reverse=True)[:limit]


def _tracked(session: Session, page: Any, runs: Iterable[Run]) -> None:
    rows = [(r.id, r.experiment, r.name, r.state, r.started_at, _metrics(r)) for r in runs]
    session.table(page, TRACKED, rows, begin=BEGIN_TRACKED)


def _state(run: PipelineRun) -> str:
    return "interrupted" if run.interrupted else str(run.state)


def _counts(run: PipelineRun) -> str:
    return _("{ran} ran, {cached} cached").format(ran=run.ran, cached=run.cached)


def _metrics(run: Run) -> str:
    return " ".join(f"{key}={cell(item.value)}" for key, item in sorted(run.metrics.items())[:4])
