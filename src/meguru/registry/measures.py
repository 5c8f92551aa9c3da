"""What a version's metrics were on its holdout, with intervals and by slice."""

from __future__ import annotations

import msgspec

from meguru.artifacts import trees
from meguru.errors import InvalidInput
from meguru.flavors.bundle import EVALUATION
from meguru.flavors.evaluation import Evaluation
from meguru.flavors.measures import Measure, SliceMeasures
from meguru.kernel.operations import Context, operation
from meguru.registry import store
from meguru.registry.types import ModelVersion
from meguru.storage.blobs import BlobStore


class ModelMeasures(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured of a version when it was stored; empty where it brought no holdout.

    `rows` has the holdout; `weight`, `block` and `label` name its columns. `measures` are of all rows,
    `slices` of those of each value of a column, the commonest first.
    """

    ref: str
    rows: int
    label: str
    weight: str
    block: str
    measures: list[Measure]
    slices: list[SliceMeasures]


@operation("model.measures", permission="model:read", query=True, on="ref")
def measures(ctx: Context, *, ref: str) -> ModelMeasures:
    """Show what the metrics of a version were on its holdout: each with its interval, and by slice."""
    return measured(ctx.ws.blobs, store.resolve(ctx.tx, ref))


def measured(blobs: BlobStore, version: ModelVersion) -> ModelMeasures:
    """Return what was measured of a version; InvalidInput if that can't be read."""
    files = trees.read_tree(blobs, version.tree_digest) if version.tree_digest else []
    digest = next((file.digest for file in files if file.path == EVALUATION), "")
    evaluation = Evaluation(task="generic")
    if digest:
        try:
            evaluation = msgspec.json.decode(blobs.get_bytes(digest), type=Evaluation)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise InvalidInput(f"{EVALUATION} of the model is broken", where=version.ref) from error
    columns = evaluation.holdout_columns
    return ModelMeasures(
        ref=version.ref,
        rows=evaluation.rows,
        label=columns.label,
        weight=columns.weight,
        block=columns.block,
        measures=evaluation.measures,
        slices=evaluation.slices,
    )
