"""What steps log, kept: the engine's side reads their files and adds points to one tracked run.

The points of an attempt are kept once: how far its file was read is written in the transaction that keeps
them. A step that is tried again begins its curves again, from the first step of the curve that it logs.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from meguru.base import digests
from meguru.base.names import MAX_KEY
from meguru.compute.step_metrics import FILE, MAX_LINE, MAX_NAMES, MetricLine
from meguru.errors import Conflict, MeguruError
from meguru.kernel.jobs import Lease
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace
from meguru.pipelines import runs
from meguru.pipelines.kind import PIPELINE_RUN
from meguru.pipelines.schema import pipeline_metrics as table
from meguru.tracking import runs as tracked_runs
from meguru.tracking import series, store
from meguru.tracking.keys import MAX_POINTS, MAX_VALUE, check_points, number
from meguru.tracking.types import EndState, MetricPoint

PIPELINES = system("pipelines")
"""Who logs what steps log; whoever started the pipeline owns the run that has it."""
TAG = "meguru.pipeline_run"
CHUNK = 1 << 20
"""Bytes of a file that are kept in one transaction: a step that logs much holds up nobody for long."""
PACE_SECONDS = 0.5
_MARK = 12
_KEEP = InternalOperation(PIPELINE_RUN, "keep_metrics")


class IngestState(msgspec.Struct, kw_only=True):
    """Whose a series is, and the newest attempt that logged to it; how far each step's file is kept."""

    run: str
    series: dict[str, tuple[str, int]] = {}
    offsets: dict[str, tuple[int, int]] = {}


class Reader:
    """Reads the files of one run's steps, as far as they are written, and keeps what they say."""

    def __init__(self, ws: Workspace, run_id: str, lease: Lease) -> None:
        self._ws, self._run, self._lease = ws, run_id, lease
        self._at: dict[tuple[str, int], int] = {}
        self._due = 0.0

    def poll(self, running: Iterable[tuple[str, int, Path]]) -> None:
        """Look at the files of the running steps, (step, attempt, folder); not at once after a look."""
        now = time.monotonic()
        if now >= self._due:
            self._due = now + PACE_SECONDS
            for step, attempt, folder in running:
                self.take(step, attempt, folder)

    def take(self, step: str, attempt: int, folder: Path, *, ended: bool = False) -> None:
        """Keep what is new in a step's file: a bounded part of it, or all when the step has `ended`.

        Raises
        ------
        LostLease
            If the run is another worker's by now, or over.
        """
        file = folder / FILE
        start = self._at.get((step, attempt), 0)
        try:
            more = file.stat().st_size > start
        except OSError:
            return
        while more:
            points, end = _read(file, start)
            if end == start:
                break
            self._keep(step, attempt, end, points)
            self._at[step, attempt] = start = end
            more = ended
        if ended:
            self._at.pop((step, attempt), None)

    def _keep(self, step: str, attempt: int, end: int, points: list[MetricPoint]) -> None:
        self._lease.commit(self._ws, _KEEP, lambda ctx: _add(ctx, self._run, step, (attempt, end), points))


def find(tx: Connection, run_id: str) -> IngestState | None:
    """Return what is kept of a pipeline run's metrics; None if its steps logged none."""
    row = tx.execute(select(table).where(table.c.pipeline_run == run_id)).first()
    return None if row is None else msgspec.convert({str(k): v for k, v in row._mapping.items()}, IngestState)


def end(ctx: Context, run_id: str, state: EndState) -> None:
    """End the tracked run of a pipeline run, if there is one that runs."""
    ingest_state = find(ctx.tx, run_id)
    if ingest_state is not None:
        try:
            tracked_runs.finish(ctx, run=ingest_state.run, state=state)
        except Conflict:
            return  # someone ended it by hand


def _add(ctx: Context, run_id: str, step: str, offset: tuple[int, int], points: list[MetricPoint]) -> None:
    ingest_state = find(ctx.tx, run_id)
    if ingest_state is None:
        if not points:
            return
        ingest_state = _begin(ctx, run_id)
    # Attempts are numbered, and a file only grows: what is not beyond the offset is kept already. Whoever
    # takes over a run reads the files from their start.
    if ingest_state.offsets.get(step, (0, 0)) >= offset:
        return
    try:
        store.lock_running(ctx.tx, PIPELINES, ingest_state.run)
    except Conflict:
        return  # it was ended by hand, and what is over does not change
    named = list(_named(ingest_state, step, points))
    for key, first in _first_steps(named).items():
        if ingest_state.series[key] != (step, offset[0]):
            series.truncate_from(ctx.tx, ingest_state.run, key, first)
            ingest_state.series[key] = (step, offset[0])
    for at in range(0, len(named), MAX_POINTS):
        series.add(ctx.tx, ingest_state.run, named[at : at + MAX_POINTS], ctx.now())
    ingest_state.offsets[step] = offset
    changed = {"series": ingest_state.series, "offsets": ingest_state.offsets}
    ctx.tx.execute(update(table).where(table.c.pipeline_run == run_id).values(changed))


def _begin(ctx: Context, run_id: str) -> IngestState:
    run = runs.get(ctx.tx, run_id)
    made = tracked_runs.begin(
        ctx,
        experiment=run.pipeline,
        name=run.id,
        params={key: _text(value) for key, value in run.params.items()},
        tags={TAG: run.id},
        used=[run.ref],
        even_deleted=True,
    )
    ingest_state = IngestState(run=made.id)
    row = {"pipeline_run": run_id, "run": made.id, "series": {}, "offsets": {}}
    ctx.tx.execute(insert(table).values(row))
    return ingest_state


def _named(ingest_state: IngestState, step: str, points: Iterable[MetricPoint]) -> Iterator[MetricPoint]:
    """Give each point the name of its series: its own, or STEP/NAME where that is another step's."""
    names: dict[str, str] = {}
    for point in points:
        name = names.get(point.key)
        if name is None:
            name = names[point.key] = _name(ingest_state, step, point.key)
        if name:
            yield msgspec.structs.replace(point, key=name)


def _name(ingest_state: IngestState, step: str, key: str) -> str:
    """Return the name of a series, which is this step's from now on; none if there are too many."""
    choice = [key, _bounded(f"{step}/{key}")]
    for name in choice:
        if name in ingest_state.series and ingest_state.series[name][0] == step:
            return name
    for name in choice:
        if name not in ingest_state.series and len(ingest_state.series) < MAX_NAMES:
            ingest_state.series[name] = (step, 0)
            return name
    return ""


def _bounded(name: str) -> str:
    """Return a name that a series may have; two long ones that differ at their ends stay two."""
    if len(name) <= MAX_KEY:
        return name
    return f"{name[: MAX_KEY - _MARK - 1]}-{digests.of_value(name)[:_MARK]}"


def _first_steps(points: Iterable[MetricPoint]) -> dict[str, int]:
    found: dict[str, int] = {}
    for point in points:
        found.setdefault(point.key, point.step)
    return found


def _read(file: Path, start: int) -> tuple[list[MetricPoint], int]:
    """Read whole lines from a place on; return their points, and the place after them.

    A step's own code can write anything into its file: what is no line of ours is passed over.
    """
    with file.open("rb") as opened:
        opened.seek(start)
        data = opened.read(CHUNK)
    cut = data.rfind(b"\n") + 1
    if not cut:
        return [], start + (len(data) if len(data) > MAX_LINE else 0)
    points: list[MetricPoint] = []
    for text in data[:cut].splitlines():
        try:
            points += _points(msgspec.json.decode(text, type=MetricLine))
        except (msgspec.MsgspecError, MeguruError, UnicodeDecodeError):
            continue
    return points, start + cut


def _points(line: MetricLine) -> list[MetricPoint]:
    points = [
        MetricPoint(
            key=key,
            value=None if value is None else number(key, value),
            step=line.steps.get(key, 0),
            at=line.at,
        )
        for key, value in line.values.items()
    ]
    check_points(points)
    return points


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text[:MAX_VALUE]


def forget_runs(tx: Connection, experiment: int, runs: list[str]) -> None:
    """Forget which tracked runs had what pipeline runs logged: they are removed for good."""
    del experiment
    tx.execute(delete(table).where(table.c.run.in_(runs)))
