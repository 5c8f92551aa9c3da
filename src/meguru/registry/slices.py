"""Where a version is worse: parts of its holdout, proposed on one half of it and tested on the other."""

from __future__ import annotations

import msgspec

from meguru.base import digests
from meguru.errors import InvalidInput
from meguru.fairness.slice_finder import MAX_VALUES, find_slices
from meguru.flavors.scored_holdout import row_losses, rows_with_answers
from meguru.kernel.operations import Context, operation
from meguru.registry.scored_holdout import ScoredHoldout, scoring_holdout

MAX_COLUMNS, MAX_ROWS = 200, 1_000_000


class WorseSlice(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the holdout on which the loss is certainly higher; see `meguru.fairness.slice_finder`."""

    condition: str
    rows: int
    share: float
    inside: float
    outside: float
    gap: float
    low: float
    high: float
    p: float


class ModelSlices(msgspec.Struct, frozen=True, kw_only=True):
    """Where a version is worse.

    `rows` of the holdout were looked at, `columns` could be in a condition. The loss is that of `metric`, of
    which less is better; of ``accuracy`` it is the share of wrong decisions.
    """

    ref: str
    rows: int
    metric: str
    mean_loss: float
    level: float
    columns: list[str]
    slices: list[WorseSlice]


@operation("model.slices", permission="model:read", query=True, on="ref")
def slices(
    ctx: Context,
    *,
    ref: str,
    columns: list[str] | None = None,
    least_rows: int = 50,
    level: float = 0.95,
) -> ModelSlices:
    """Find conditions under which a version is certainly worse than elsewhere on its holdout, worst first.

    A shallow tree proposes them on one half of the rows, the other half tests them; which half a row is in
    follows from the version alone. `columns` are those that a condition may read: by default all but the
    label, the weight and what has a value of its own in most rows.

    Raises
    ------
    InvalidInput
        When the version has no holdout, a column is not there, or its answers have no loss.
    """
    if not 0.5 <= level < 1:
        raise InvalidInput("a level lies between 0.5 and 1", field="level", why=f"it is {level:g}")
    if not 10 <= least_rows <= MAX_ROWS:
        why = f"it is {least_rows:,}"
        raise InvalidInput(f"least_rows is 10 to {MAX_ROWS:,}", field="least_rows", why=why)
    with scoring_holdout(ctx, ref) as asked:
        loss, metric = row_losses(asked.model.task, asked.rows)
        frame, names = rows_with_answers(asked.evidence, asked.rows), _columns(asked, columns)
        seed = int(digests.of_value([asked.version.digest])[:8], 16)
        found_slices = find_slices(frame, loss, names, least_rows=least_rows, level=level, seed=seed)
        return ModelSlices(
            ref=asked.version.ref,
            rows=len(loss),
            metric=metric,
            mean_loss=float(loss.mean()) if len(loss) else 0.0,
            level=level,
            columns=names,
            slices=[
                WorseSlice(**{name: getattr(found_slice, name) for name in WorseSlice.__struct_fields__})
                for found_slice in found_slices
            ],
        )


def _columns(holdout: ScoredHoldout, given: list[str] | None) -> list[str]:
    frame, columns = holdout.evidence.frame, holdout.evidence.columns
    lost = [name for name in given or () if name not in frame.columns]
    if lost:
        raise InvalidInput(f"{holdout.evidence.name} has no column {lost[0]!r}", field="columns")
    if given:
        return list(dict.fromkeys(given))[:MAX_COLUMNS]
    features = set(holdout.model.signature.names)
    return [
        name
        for name, kind in frame.schema.items()
        if name not in {columns.label, columns.weight, columns.block}
        and not kind.is_nested()
        and not kind.is_temporal()
        and (name in features or frame.get_column(name).n_unique() <= MAX_VALUES)
    ][:MAX_COLUMNS]
