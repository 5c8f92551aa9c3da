"""What reviewers see: all that the release would change against what is live."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection

from meguru.base import digests, refs
from meguru.datasets import columns
from meguru.datasets import store as datasets
from meguru.errors import MeguruError, NotFound
from meguru.features.code_diff import changed_sources
from meguru.flavors.measures import Measure
from meguru.kernel.workspace import Workspace
from meguru.pipelines import store as pipelines
from meguru.registry import store as models
from meguru.registry.measures import measured
from meguru.registry.types import ModelVersion
from meguru.releases import store as releases
from meguru.releases.diff import differences, parts_of, plain_text
from meguru.releases.types import GateResult, Release, ReleaseDifference, ReleasePart, ReleaseState
from meguru.storage.blobs import BlobStore

MAX_DIFF_LINES = 2000


class DataChange(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset of which the release's model learned from another version than the live one's.

    An empty side is one that is not there; `columns` are those that differ, each with its types.
    """

    dataset: str
    before: str
    after: str
    rows_before: int | None
    rows_after: int | None
    columns: list[ReleaseDifference]


class MetricChange(msgspec.Struct, frozen=True, kw_only=True):
    """A metric of both models, each on its own holdout with its interval; `slice` is empty for all rows."""

    metric: str
    slice: str
    before: Measure | None
    after: Measure | None


class ReviewContent(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be decided about; `against` is the live release, empty when there is none.

    `code` is a unified diff of the pipelines' sources. `plan` says what a promotion will do, in sentences.
    """

    release: str
    against: str
    note: str
    changes: list[ReleaseDifference]
    code: list[str]
    data: list[DataChange]
    params: list[ReleaseDifference]
    metrics: list[MetricChange]
    gates: list[GateResult]
    documents: list[ReleasePart]
    plan: list[str]


def page_digest(ws: Workspace, release: str) -> str:
    """Return the digest of what the review of a release shows, whoever looks."""
    with ws.read() as tx:
        return digest_of(content_of(tx, ws.blobs, releases.get(tx, release)))


def digest_of(content: ReviewContent) -> str:
    """Return the digest of what a review shows."""
    return digests.of_value(content)


def content_of(tx: Connection, blobs: BlobStore, release: Release) -> ReviewContent:
    """Return what reviewers see of a release: it is of what was checked, against what is live now."""
    live = releases.newest_in_state(tx, release.endpoint, ReleaseState.LIVE)
    before = live if live and live.ref != release.ref else None
    old = before.content if before else None
    return ReviewContent(
        release=release.ref,
        against=before.ref if before else "",
        note=release.note,
        changes=differences(parts_of(old) if old else {}, parts_of(release.content)),
        code=_code(tx, blobs, old.pipeline if old else None, release.content.pipeline),
        data=_data(tx, old.datasets if old else [], release.content.datasets),
        params=_params(tx, before, release),
        metrics=_metrics(tx, blobs, before, release),
        gates=release.results,
        documents=release.content.documents,
        plan=_plan(before, release),
    )


def _code(
    tx: Connection, blobs: BlobStore, before: ReleasePart | None, after: ReleasePart | None
) -> list[str]:
    if after is None or (before is not None and before.digest == after.digest):
        return []
    try:
        old = pipelines.resolve(tx, before.ref).sources if before else []
        return changed_sources(blobs, old, pipelines.resolve(tx, after.ref).sources, MAX_DIFF_LINES)
    except MeguruError as error:
        return [f"! {error.what}"]


def _data(tx: Connection, before: list[ReleasePart], after: list[ReleasePart]) -> list[DataChange]:
    old, new = ({refs.parse(part.ref).name: part for part in parts} for parts in (before, after))
    found = []
    for name in sorted({*old, *new}):
        one, other = old.get(name), new.get(name)
        if one and other and one.digest == other.digest:
            continue
        sides = [_version(tx, each) for each in (one, other)]
        first, second = (side.columns if side else [] for side in sides)
        found.append(
            DataChange(
                dataset=name,
                before=one.ref if one else "",
                after=other.ref if other else "",
                rows_before=sides[0].rows if sides[0] else None,
                rows_after=sides[1].rows if sides[1] else None,
                columns=[
                    ReleaseDifference(part=change.column, before=change.before, after=change.after)
                    for change in columns.changes(first, second, widening=True)
                ],
            )
        )
    return found


def _version(tx: Connection, part: ReleasePart | None) -> Any:
    try:
        return datasets.resolve(tx, part.ref) if part else None
    except MeguruError:
        return None


def _params(tx: Connection, before: Release | None, after: Release) -> list[ReleaseDifference]:
    sides = []
    for each in (before, after):
        version = _model(tx, each) if each else None
        params = version.params if version else {}
        sides.append({name: plain_text(value) for name, value in sorted(params.items())})
    return differences(*sides)


def _metrics(tx: Connection, blobs: BlobStore, before: Release | None, after: Release) -> list[MetricChange]:
    sides = [_measures(tx, blobs, each) if each else {} for each in (before, after)]
    keys = dict.fromkeys([*sides[1], *sides[0]])
    return [
        MetricChange(
            metric=metric, slice=part, before=sides[0].get((metric, part)), after=sides[1].get((metric, part))
        )
        for metric, part in keys
    ]


def _measures(tx: Connection, blobs: BlobStore, release: Release) -> dict[tuple[str, str], Measure]:
    version = _model(tx, release)
    if version is None:
        return {}
    try:
        model_measures = measured(blobs, version)
    except MeguruError:
        return {}
    measures = {(measure.metric, ""): measure for measure in model_measures.measures}
    for part in model_measures.slices:
        measures |= {(measure.metric, f"{part.column}={part.value}"): measure for measure in part.measures}
    plain = {(name, ""): Measure(metric=name, value=value) for name, value in version.metrics.items()}
    return plain | measures


def _model(tx: Connection, release: Release) -> ModelVersion | None:
    """Return a release's model; None if it was removed, which must not hide what people decided about it."""
    try:
        return models.resolve(tx, release.model)
    except NotFound:
        return None


def _plan(before: Release | None, release: Release) -> list[str]:
    """Say what a promotion will do."""
    answers = f"{release.content.endpoint} answers with {release.model}"
    found = [f"{answers} instead of {before.model}" if before else f"{answers}, its first model"]
    if before:
        found.append(f"{before.ref} is kept for a rollback")
    model = refs.parse(release.model)
    if refs.project_of(model.name) == refs.project_of(release.endpoint):
        found.append(f"the alias champion of model/{model.name} points at version {model.version}")
    if release.content.pipeline:
        found.append(f"{release.content.pipeline.ref} is deployed, unless a newer version is")
    return found
