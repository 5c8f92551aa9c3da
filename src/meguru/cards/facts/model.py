"""What the records say of a model version."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from meguru.artifacts import trees
from meguru.artifacts.trees import TreeEntry
from meguru.base import refs
from meguru.cards.facts.code import code_of
from meguru.cards.facts.columns import described, profile_columns
from meguru.cards.facts.cost import cost_of
from meguru.cards.facts.data import data_of, lineage_of, tags_of
from meguru.cards.facts.reader import RecordReader
from meguru.cards.facts.releases import checklists_of, gates_of, releases_of, waivers_of
from meguru.cards.facts.types import CardMetric, CardModel, CardMonitor, CardRelease, CardSlice
from meguru.cards.facts.watched import monitors_of
from meguru.errors import NotFound
from meguru.flavors.bundle import EVALUATION
from meguru.flavors.evaluation import Evaluation
from meguru.flavors.measures import Measure, SliceMeasures
from meguru.registry import store as models
from meguru.registry.types import ModelUse, ModelVersion, RegisteredModel
from meguru.releases import store as releases
from meguru.releases.resolve import ancestors

MAX_FILES, MAX_SLICES, MAX_RELEASES = 200, 300, 50
REQUIREMENTS, PYTHON = "requirements.txt", "python_env.yaml"


def model_facts(reader: RecordReader, ref: str) -> CardModel:
    """Return what the records say of a model version: ``model/delay@4``; without a number the newest."""
    if not reader.sees(ref.partition("@")[0]):
        raise NotFound.of("model", refs.parse(ref, kind="model").name)
    version = models.resolve(reader.tx, ref)
    about = models.about(reader.tx, version.name)
    files = trees.read_tree(reader.blobs, version.tree_digest) if version.tree_digest else []
    evaluation = _evaluation(reader, files)
    made_from = ancestors(reader.tx, version.ref)
    data = data_of(reader, made_from)
    tags = tags_of(reader, made_from)
    put_live = releases.of_model(
        reader.tx, version.ref, MAX_RELEASES, projects=reader.projects("release:read")
    )
    shown = releases_of(reader, put_live)
    signature = version.signature
    return CardModel(
        **_said(version, about),
        files={each.path: each.size for each in files[:MAX_FILES]},
        features=described(
            {column.name: column.type.value for column in signature.inputs},
            profile_columns(reader.blobs, version.baseline_digest),
            tags,
        ),
        outputs={output.name: output.type.value for output in signature.outputs},
        params=version.params,
        label=evaluation.holdout_columns.label or version.label,
        holdout_rows=evaluation.rows,
        metrics=_metrics(version, evaluation.measures),
        baselines=about.baselines,
        slices=_slices(evaluation, tags),
        data=data,
        lineage=lineage_of(reader, version.ref),
        code=code_of(reader, version, made_from, _texts(reader, files)),
        cost=cost_of(reader, version.ref),
        gates=gates_of(put_live[: len(shown)]),
        releases=shown,
        waivers=waivers_of(reader, version.ref),
        checklists=checklists_of(reader, version.ref, put_live),
        uses=_uses(reader, version),
        monitors=_monitors(reader, shown),
    )


def _said(version: ModelVersion, about: RegisteredModel) -> dict[str, Any]:
    """Return what the registry says of a version."""
    task = version.whole_task
    return {
        "ref": version.ref,
        "name": version.name,
        "version": version.version,
        "description": about.description,
        "owner": about.owner,
        "group": about.group,
        "tags": about.tags,
        "aliases": version.aliases,
        "stage": version.stage,
        "state": version.state.value,
        "reason": version.reason,
        "note": version.note,
        "task": version.task or "",
        "classes": [str(each) for each in getattr(task, "classes", ())],
        "flavor": version.flavor,
        "digest": version.digest,
        "tree_digest": version.tree_digest,
        "size": version.size,
        "created_at": version.created_at,
        "created_by": version.created_by,
    }


def _evaluation(reader: RecordReader, files: Sequence[TreeEntry]) -> Evaluation:
    digest = next((file.digest for file in files if file.path == EVALUATION), "")
    if not digest:
        return Evaluation(task="generic")
    try:
        return msgspec.json.decode(reader.blobs.get_bytes(digest), type=Evaluation)
    except (msgspec.MsgspecError, UnicodeDecodeError):  # a version of another client may hold anything
        return Evaluation(task="generic")


def _texts(reader: RecordReader, files: Sequence[TreeEntry]) -> dict[str, str]:
    wanted = {file.path: file for file in files if file.path in {REQUIREMENTS, PYTHON}}
    return {
        path: reader.blobs.get_bytes(each.digest).decode("utf-8", "replace")
        for path, each in wanted.items()
        if each.size < 1 << 20
    }


def _metrics(version: ModelVersion, measures: Sequence[Measure]) -> list[CardMetric]:
    """Return the measured numbers with their intervals, then those that only the author says."""
    found = [_metric(measure) for measure in measures if math.isfinite(measure.value)]
    known = {card_metric.metric for card_metric in found}
    said = [
        CardMetric(metric=name, value=value)
        for name, value in sorted(version.metrics.items())
        if name not in known
    ]
    return [*found, *said]


def _metric(measure: Measure) -> CardMetric:
    return CardMetric(
        metric=measure.metric,
        value=measure.value,
        low=measure.low,
        high=measure.high,
        level=measure.level,
        n=measure.n,
        unit=measure.unit,
        direction=measure.direction,
        method=measure.method,
    )


def _slices(evaluation: Evaluation, tags: Mapping[str, Sequence[str]]) -> list[CardSlice]:
    return [
        CardSlice(
            column=slice_measures.column,
            value=str(slice_measures.value),
            rows=slice_measures.rows,
            metrics=[_metric(measure) for measure in slice_measures.measures if math.isfinite(measure.value)],
        )
        for slice_measures in without_values(evaluation.slices[:MAX_SLICES], tags)
    ]


def without_values(
    slices: Iterable[SliceMeasures], tags: Mapping[str, Sequence[str]]
) -> Iterator[SliceMeasures]:
    """Yield what was measured of parts of the holdout; which part it is of a ``pii`` column is not told."""
    counts: dict[str, int] = {}
    for measures in slices:
        counts[measures.column] = counts.get(measures.column, 0) + 1
        is_hidden = "pii" in tags.get(measures.column, ())
        yield (
            msgspec.structs.replace(measures, value=f"#{counts[measures.column]}") if is_hidden else measures
        )


def _uses(reader: RecordReader, version: ModelVersion) -> dict[str, str]:
    from meguru.kernel.kinds import provided
    from meguru.registry.usage import USERS

    family = provided(USERS)
    uses: list[ModelUse] = [
        use for member in family.names() for use in family.load(member)(reader.tx, version.name)
    ]
    return {
        use.ref: use.how
        for use in sorted(uses, key=lambda use: use.ref)
        if use.version in {"", version.ref} and reader.sees(use.ref)
    }


def _monitors(reader: RecordReader, shown: Sequence[CardRelease]) -> list[CardMonitor]:
    endpoints = list(dict.fromkeys(refs.parse(release.endpoint).name for release in shown if release.live_at))
    return monitors_of(reader, endpoints) if endpoints else []
