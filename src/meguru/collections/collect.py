"""Make a dataset version of the outcomes of an endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from meguru.base import digests, refs
from meguru.base.names import check_full_name
from meguru.collections import store
from meguru.collections.kind import LABEL
from meguru.collections.rows import EVENT_TIME, as_parquet, rows_of_day
from meguru.collections.spec import check_endpoint
from meguru.collections.types import Collected, CollectedState, CollectionRule, DayFile
from meguru.datasets import store as datasets
from meguru.datasets.manifest import load_manifest
from meguru.datasets.register import register
from meguru.datasets.types import DataFile, FileEntry
from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.kernel.operations import Context, operation
from meguru.predictions import outcome_days

FOLDER = "outcomes"
"""The files of an endpoint are below it, one a day; what else is in the dataset stays."""


@operation(
    "collection.collect",
    permission="collection:collect",
    on="endpoint",
    refers={"endpoint": "endpoint", "dataset": "dataset"},
)
def collect(
    ctx: Context, *, endpoint: str, dataset: str, label: str = LABEL, only: dict[str, Any] | None = None
) -> Collected:
    """Register all predictions of an endpoint whose outcomes are known as the next version of a dataset.

    Each is in it once, with the inputs that were asked and the outcome that counts at this moment. When
    nothing was recorded, corrected or excluded since the last time, there is no new version.

    Raises
    ------
    InvalidInput
        If a filter or the label does not fit the inputs, or the dataset holds files of another format.
    Conflict
        If the same was collected meanwhile.
    """
    name = refs.parse(endpoint, kind="endpoint").name
    target = check_full_name("dataset", refs.parse(dataset, kind="dataset").name)
    rule = CollectionRule(label=label, only=only or {})
    if not label.strip():
        raise InvalidInput("the outcome needs a column", field="label")
    ctx.require("prediction:read", project=refs.project_of(name))
    ctx.require("dataset:write", project=refs.project_of(target))
    # One snapshot, outside of the write transaction: reading days of predictions must keep nobody from
    # writing.
    with ctx.ws.read() as tx:
        check_endpoint(tx, name)
        changes = outcome_days.changes(tx, name)
        before, days = store.state(tx, target, name), store.days(tx, target, name)
        same = before is not None and before.rule == digests.of_value(rule)
        todo = {
            day: count for day, count in changes.items() if not same or _collected_changes(days, day) != count
        }
        written, models = _write(ctx, tx, name, todo, rule)
    if not todo:
        rows = sum(file.rows for file in days.values())
        version = before.version if before else ""
        return Collected(endpoint=name, dataset=target, version=version, outcomes=rows)
    now = days | {each.day: each for each in written}
    news = sum(each.changes - _collected_changes(days, each.day) for each in written)
    return _registered(ctx, name, target, rule, before, now, written, models, news)


def _collected_changes(days: Mapping[str, DayFile], day: str) -> int:
    return days[day].changes if day in days else 0


def _write(
    ctx: Context, tx: Connection, endpoint: str, todo: Mapping[str, int], rule: CollectionRule
) -> tuple[list[DayFile], list[str]]:
    """Write the files of some days, a day in memory at a time; return them, and who answered."""
    written, models = [], set[str]()
    for day, changes in todo.items():
        frame, answered_by = rows_of_day(tx, endpoint, day, rule)
        models |= answered_by
        if not frame.height:
            written.append(DayFile(day=day, changes=changes))
            continue
        content = as_parquet(frame)
        digest, size = ctx.blobs.put_bytes(content), len(content)
        written.append(DayFile(day=day, changes=changes, digest=digest, size=size, rows=frame.height))
    return written, sorted(models)


def _registered(
    ctx: Context,
    endpoint: str,
    dataset: str,
    rule: CollectionRule,
    before: CollectedState | None,
    days: Mapping[str, DayFile],
    written: Sequence[DayFile],
    models: Sequence[str],
    news: int,
) -> Collected:
    # Optimistic: what was read before the write transaction must still be so, or another collection was in
    # between.
    if store.state(ctx.tx, dataset, endpoint) != before:
        what = f"the outcomes of {endpoint} were collected into {dataset} at the same time"
        raise Conflict(what, hint="look at what that made; collect again if need be")
    ours = [each for _, each in sorted(days.items()) if each.rows]
    version = _version(ctx, endpoint, dataset, ours, before)
    state = CollectedState(
        rule=digests.of_value(rule), number=before.number + 1 if before else 1, version=version, at=ctx.now()
    )
    store.save(ctx.tx, dataset, endpoint, state, written)
    rows = sum(each.rows for each in ours)
    is_new = before is None or version != before.version
    ctx.emit(
        "outcomes.collected",
        version or refs.make("dataset", dataset),
        data={
            "endpoint": endpoint, "outcomes": rows, "changes": news, "label": rule.label, "only": rule.only,
            "first_day": ours[0].day if ours else "", "last_day": ours[-1].day if ours else "",
            "models": models,
        },
        used=[refs.make("endpoint", endpoint), *models],
        produced=[version] if version and is_new else [],
    )  # fmt: skip
    return Collected(endpoint=endpoint, dataset=dataset, version=version, outcomes=rows, changes=news)


def _version(
    ctx: Context, endpoint: str, dataset: str, ours: Sequence[DayFile], before: CollectedState | None
) -> str:
    """Register the files of all days beside what else the dataset holds; return the version's reference."""
    folder = f"{FOLDER}/{endpoint}/"
    try:
        newest = datasets.resolve(ctx.tx, dataset)
    except NotFound:
        others: list[DataFile] = []
    else:
        listed = load_manifest(ctx.blobs, newest).files
        others = [file for file in listed if not file.path.startswith(folder)]
    files: dict[str, DataFile | DayFile] = {file.path: file for file in others}
    files |= {f"{folder}{file.day}.parquet": file for file in ours}
    entries = [FileEntry(path=path, digest=each.digest, size=each.size) for path, each in files.items()]
    if not entries:
        return before.version if before else ""
    made = register.function(
        ctx,
        name=dataset,
        files=entries,
        format="parquet",
        schema_policy="evolve",
        event_time=EVENT_TIME if ours else "",
        note=f"outcomes of {endpoint}",
    )
    return made.ref
