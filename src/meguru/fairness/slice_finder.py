"""Find slices on which a model is worse: proposed by a tree on one half of the rows, tested on the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from meguru.stats.arrays import Bools, Floats
from meguru.stats.intervals import normal_quantile

if TYPE_CHECKING:
    import polars as pl

MAX_ROWS, MAX_VALUES, CUTS, DIGITS, MAX_LENGTH = 100_000, 20, 9, 4, 200
MAX_CELLS, CELLS_AT_ONCE = 100_000_000, 1 << 22
"""So many conditions times rows are looked at, by fewer rows where conditions are many; so many at once."""
BEAM_WIDTH, MAX_CANDIDATES, MAX_OVERLAP, MAX_SHARE = 12, 12, 0.5, 0.5
"""So many conditions are refined by a second one, and so many are tested; how much of their rows two share at
most, and which share of all rows one has at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSlice:
    """A part of the rows on which the loss is certainly higher.

    Parameters
    ----------
    condition
        What its rows have, in the language of columns.
    rows, share
        How many rows it has in the half that tests, and which share of that half they are.
    inside, outside
        The mean loss of its rows, and of all others.
    gap, low, high
        Their difference, with its interval.
    p
        The probability of such a difference, in either direction, if there were none, adjusted for all that
        were proposed (BH).
    """

    condition: str
    rows: int
    share: float
    inside: float
    outside: float
    gap: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True)
class _Condition:
    text: str
    column: str


def find_slices(
    frame: pl.DataFrame,
    loss: Floats,
    columns: Sequence[str],
    *,
    least_rows: int = 50,
    level: float = 0.95,
    seed: int = 0,
) -> list[FoundSlice]:
    r"""Find conditions of one or two columns under which the loss is higher, the worst first.

    Parameters
    ----------
    frame, loss
        The rows, and shape (rows,): the loss of each.
    columns
        Those that conditions may read. Numbers are split at their deciles, categories into each of the
        commonest values; a value that is missing is one.
    least_rows
        Scalar, count: a slice has so many rows at least in either half.
    level
        Scalar, probability in (0, 1).
    seed
        Draws the halves.

    Notes
    -----
    On one half of the rows a tree of depth two is grown greedily: the conditions that speak most clearly
    against their rows (by Welch's statistic of the loss inside and outside), each alone and with one more of
    another column; of those with much the same rows the clearest. The other half, which had no part in the
    choice, tests them: by Welch's test, with the false discovery rate kept at 1 - level (Benjamini and
    Hochberg), and intervals that hold for what was selected by it: at :math:`1 - R\alpha/m` for R of m.

    References
    ----------
    Benjamini, Y., Yekutieli, D. (2005). False discovery rate-adjusted multiple confidence intervals for
    selected parameters. JASA 100.
    """
    # Honest by sample splitting: rows that chose a condition would confirm it, whatever it is.
    draw = np.random.default_rng(seed).permutation(frame.height)[: 2 * MAX_ROWS]
    middle = len(draw) // 2
    if middle < 2 * least_rows:
        return []
    first, other = np.sort(draw[:middle]), np.sort(draw[middle:])
    splits = dict(_splits(frame[first.tolist()], columns))
    if not splits:
        return []
    # A mask per condition and row: their product is bounded, by looking at fewer rows.
    first = np.sort(draw[: min(middle, MAX_CELLS // len(splits))])
    proposed = _candidates(splits, frame[first.tolist()], loss[first], least_rows)
    return _tested(proposed, frame[other.tolist()], loss[other], least_rows, level)


def _splits(frame: pl.DataFrame, columns: Sequence[str]) -> Iterator[tuple[_Condition, pl.Expr]]:
    """Yield the conditions of one column each, with what they are in Polars."""
    import polars as pl

    for name in columns:
        values, column = frame.get_column(name), pl.col(name)
        called = name if name.isidentifier() and name not in _KEYWORDS else f"column({name!r})"
        if values.null_count():
            yield _Condition(f"is_null({called})", name), column.is_null()
        known = values.drop_nulls()
        if values.dtype == pl.Boolean:
            for value in (True, False):
                yield _Condition(f"{called} == {str(value).lower()}", name), column == value
        elif values.dtype.is_numeric() and known.n_unique() > CUTS + 1:
            for cut in _cuts(known):
                yield _Condition(f"{called} <= {cut!r}", name), column <= cut
                yield _Condition(f"{called} > {cut!r}", name), column > cut
        elif values.dtype.is_numeric() or values.dtype in (pl.String, pl.Categorical, pl.Enum):
            for value in _common(known):
                yield _Condition(f"{called} == {value!r}", name), column == value


def _common(values: pl.Series) -> list[Any]:
    """Return the commonest values that can be written, of equally common ones the lowest."""
    import polars as pl

    if values.dtype.is_decimal():
        values = values.cast(pl.Float64)
    if values.dtype.is_float():
        values = values.filter(values.is_finite())
    if not values.dtype.is_numeric():
        values = values.cast(pl.String)
        values = values.filter(values.str.len_chars() <= MAX_LENGTH)
    counted = values.alias("value").value_counts(name="rows")
    found = counted.sort(["rows", "value"], descending=[True, False]).head(MAX_VALUES)
    return found.get_column("value").to_list()


def _cuts(values: pl.Series) -> list[float | int]:
    """Return the deciles of numbers, rounded as they are written."""
    import polars as pl

    whole = values.dtype.is_integer()
    numbers = values.cast(pl.Float64).to_numpy()
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return []
    # "lower" takes a value that occurs, so that a cut of whole numbers is one.
    found = np.quantile(numbers, np.linspace(0, 1, CUTS + 2)[1:-1], method="lower")
    return list(dict.fromkeys(int(each) if whole else float(f"{each:.{DIGITS}g}") for each in found))


def _candidates(
    splits: Mapping[_Condition, pl.Expr], frame: pl.DataFrame, loss: Floats, least: int
) -> list[tuple[str, pl.Expr]]:
    """Return the conditions that speak most clearly against their rows, and are not alike."""
    names = list(splits)
    masks = np.column_stack([_mask(frame, each) for each in splits.values()])
    sums = np.column_stack((np.ones_like(loss), loss, np.square(loss))).astype(np.float64)
    totals = sums.sum(axis=0)
    each_alone = _sums_by_condition(masks, sums)
    alone = _welch_statistic(each_alone, totals, least)
    wide = _welch_statistic(each_alone, totals, least, largest=1.0)
    found: list[tuple[float, tuple[int, ...]]] = [
        (alone[at], (at,)) for at in range(len(names)) if alone[at] > 0
    ]
    for at in np.argsort(-wide)[:BEAM_WIDTH].tolist():
        if wide[at] <= 0:
            continue
        inside = masks[:, at]
        both = _welch_statistic(_sums_by_condition(masks[inside], sums[inside]), totals, least)
        found += [
            (both[other], tuple(sorted((at, other))))
            for other in range(len(names))
            if names[other].column != names[at].column and both[other] > alone[at]
        ]
    chosen: list[tuple[tuple[int, ...], Bools]] = []
    for _, places in sorted(found, key=lambda each: (-each[0], each[1])):
        mask = np.asarray(masks[:, list(places)].all(axis=1))
        # Jaccard's index: ten spellings of one slice would use up the places of all others.
        if all(_overlap(mask, other) <= MAX_OVERLAP for _, other in chosen):
            chosen.append((places, mask))
        if len(chosen) == MAX_CANDIDATES:
            break
    return [_joined([names[at] for at in places], splits) for places, _ in chosen]


def _sums_by_condition(masks: Bools, sums: Floats) -> Floats:
    """Return sums by condition, shape (conditions, sums); `masks` are of shape (rows, conditions)."""
    found = np.zeros((masks.shape[1], sums.shape[1]))
    step = max(1, CELLS_AT_ONCE // max(1, masks.shape[1]))
    for start in range(0, len(sums), step):
        part = slice(start, start + step)
        found += masks[part].T.astype(np.float64) @ sums[part]
    return found


def _joined(parts: Sequence[_Condition], splits: Mapping[_Condition, pl.Expr]) -> tuple[str, pl.Expr]:
    found = splits[parts[0]]
    for condition in parts[1:]:
        found &= splits[condition]
    return " and ".join(part.text for part in parts), found


def _mask(frame: pl.DataFrame, condition: pl.Expr) -> Bools:
    found: Bools = frame.select(condition.fill_null(value=False)).to_series().to_numpy()
    return found


def _overlap(one: Bools, other: Bools) -> float:
    return float((one & other).sum() / max(1, (one | other).sum()))


def _welch_statistic(inside: Floats, totals: Floats, least: int, largest: float = MAX_SHARE) -> Floats:
    """Return Welch's statistic of each condition, from sums of 1, loss and loss²; -inf of one of no size."""
    outside = totals - inside
    fits = (inside[:, 0] >= least) & (inside[:, 0] <= min(largest * totals[0], totals[0] - least))
    gap, error = _welch_parts(inside, outside)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = gap / error
    return np.where(fits & np.isfinite(found), found, -np.inf)


def _welch_parts(inside: Floats, outside: Floats) -> tuple[Floats, Floats]:
    def mean(sums: Floats) -> tuple[Floats, Floats]:
        with np.errstate(divide="ignore", invalid="ignore"):
            average = sums[:, 1] / sums[:, 0]
            spread = np.maximum(sums[:, 2] / sums[:, 0] - np.square(average), 0.0) / (sums[:, 0] - 1)
        return average, spread

    (one, first), (other, second) = mean(inside), mean(outside)
    return one - other, np.sqrt(first + second)


def _tested(
    proposed: Sequence[tuple[str, pl.Expr]], frame: pl.DataFrame, loss: Floats, least: int, level: float
) -> list[FoundSlice]:
    from scipy.special import ndtr
    from scipy.stats import false_discovery_control

    sums = np.column_stack((np.ones_like(loss), loss, np.square(loss)))
    masks = [_mask(frame, condition) for _, condition in proposed]
    kept = [at for at, mask in enumerate(masks) if least <= mask.sum() <= len(loss) - least]
    if not kept:
        return []
    inside = np.array([sums[masks[at]].sum(axis=0) for at in kept])
    outside = sums.sum(axis=0) - inside
    gap, error = _welch_parts(inside, outside)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Two-sided, so that no interval of what is called certain holds 0.
        p = false_discovery_control(np.where((error > 0) & (gap > 0), 2 * ndtr(-gap / error), 1.0))
    alpha = 1 - level
    certain = np.flatnonzero(p <= alpha)
    # Benjamini and Yekutieli: intervals of what was selected by BH, at 1 - R alpha / m, have a false coverage
    # rate of at most alpha.
    half = normal_quantile(1 - max(1, len(certain)) * alpha / len(kept)) * error
    slices = [
        FoundSlice(
            condition=proposed[kept[at]][0],
            rows=int(inside[at, 0]),
            share=float(inside[at, 0] / len(loss)),
            inside=float(inside[at, 1] / inside[at, 0]),
            outside=float(outside[at, 1] / outside[at, 0]),
            gap=float(gap[at]),
            low=float(gap[at] - half[at]),
            high=float(gap[at] + half[at]),
            p=float(p[at]),
        )
        for at in certain.tolist()
    ]
    return sorted(slices, key=lambda each: (-each.low, each.condition))


_KEYWORDS: Any = frozenset(
    {"and", "or", "not", "in", "if", "else", "is", "true", "false", "null", "True", "False", "None"}
)
