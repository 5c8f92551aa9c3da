"""Sums over outcomes and outputs of a model, for each hour and each value of a slice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from meguru.errors import InvalidInput
from meguru.flavors.scoring import ROW
from meguru.metrics import ScoredRows
from meguru.metrics.sums import AdditiveMetric
from meguru.monitoring.cells.rules import MAX_SLICE_VALUES, CountingRules, term_key
from meguru.monitoring.cells.scores import KEYS, score_keys
from meguru.monitoring.cells.truth import TermSums, TruthSums
from meguru.monitoring.cells.types import OTHERS, SHADOW, SLICED
from meguru.monitoring.model_outputs import output_columns, rows_with_outcomes, scored
from meguru.monitoring.scores import SCORES
from meguru.predictions.types import OUTCOME_COLUMN
from meguru.stats.arrays import Floats

if TYPE_CHECKING:
    import polars as pl

Codes = npt.NDArray[np.int64]
CLASSES = 3
"""Of a score's key: outcome 0, outcome 1, and any other, with which there is no area under a curve."""
MAX_VALUE_LENGTH = 120
_PLACE = "_place"
_NONE = np.empty(0, dtype=np.int64)


@dataclass(slots=True)
class _Known:
    """Rows whose outcome is known, and all that a model answered, by their places in the frame.

    `grouped` have a key each, below `keys_below`, and a score; `terms` are by metric, shape (rows, k), of the
    rows at its places.
    """

    places: Codes
    grouped: Codes = field(default_factory=lambda: _NONE)
    keys: Codes = field(default_factory=lambda: _NONE)
    scores: Floats = field(default_factory=lambda: np.empty(0))
    keys_below: int = KEYS * CLASSES
    terms: dict[str, tuple[Codes, Floats]] = field(default_factory=dict)


def truth_by_part(
    rules: CountingRules,
    frame: pl.DataFrame,
    hours: Codes,
    model: str,
    role: str,
    *,
    inputs: bool,
) -> Iterator[tuple[str, int, TruthSums]]:
    """Give the part, the number of the hour, and the sums of each that has any.

    Parameters
    ----------
    frame
        Rows that the model answered, or beside which it is a shadow.
    hours
        Shape (rows,): of which hour each is, ascending from 0.
    inputs
        Whether rows count too, or only outcomes.
    """
    count = int(hours[-1]) + 1
    columns = output_columns(rules.task(model), model if role == SHADOW else "")
    known = _known(rules, frame, model, columns)
    rows = np.zeros(count, dtype=np.int64)
    if inputs:
        there = _complete(frame, list(columns.values())) if role == SHADOW else np.ones(len(hours), bool)
        rows = np.bincount(hours[there], minlength=count)
    for hour, sums in _sums(known, hours, count, rows):
        yield role, hour, sums
    for name in rules.counted.slices if len(known.places) else ():
        if name not in frame.columns:
            continue
        values, codes = _values(frame.get_column(name), known.places)
        none = np.zeros(len(values) * count, dtype=np.int64)
        for cell, sums in _sums(known, codes * count + hours, len(none), none):
            yield f"{role}{SLICED}{name}={values[cell // count]}", cell % count, sums


def _known(rules: CountingRules, frame: pl.DataFrame, model: str, columns: Mapping[str, str]) -> _Known:
    if frame.get_column(OUTCOME_COLUMN).null_count() == frame.height:
        return _Known(_NONE)
    rows, task = rows_with_outcomes(frame.with_row_index(_PLACE), columns), rules.task(model)
    if not rows.height:
        return _Known(_NONE)
    places: Codes = rows.get_column(_PLACE).to_numpy().astype(np.int64)
    found = _by_score(rows, columns["score"], places) if task.key in SCORES else _Known(places)
    read = scored(task, rows, columns)
    if read is None or not len(read):
        return found
    measured = places[read.columns[ROW]]
    if task.key not in SCORES and read.truth.ndim == 1 and read.has("probabilities"):
        classes = len(read.names) + 1
        found.grouped, found.keys_below = measured, classes * classes
        found.keys = (read.truth.astype(np.int64) + 1) * classes + read.decided
        found.scores = np.zeros(len(read))
    found.terms = {name: (measured, terms) for name, terms in _terms(rules, model, read)}
    return found


def _by_score(rows: pl.DataFrame, column: str, places: Codes) -> _Known:
    if not all(rows.schema[each].is_numeric() for each in (OUTCOME_COLUMN, column)):
        return _Known(_NONE)
    truth, scores = rows.select(OUTCOME_COLUMN, column).to_numpy().astype(np.float64).T
    finite = np.isfinite(truth) & np.isfinite(scores)
    truth, scores, places = truth[finite], scores[finite], places[finite]
    label = np.where(truth == 1, 1, np.where(truth == 0, 0, 2))
    return _Known(places, places, score_keys(scores) * CLASSES + label, scores)


def _terms(rules: CountingRules, model: str, read: ScoredRows) -> Iterator[tuple[str, Floats]]:
    for metric in rules.sums(model):
        try:
            if isinstance(metric, AdditiveMetric) and not metric.missing(read):
                yield term_key(metric), metric.terms(read).reshape(len(read), -1)
        except InvalidInput:  # scores that are no probabilities
            continue


def _sums(known: _Known, cells: Codes, count: int, rows: Codes) -> Iterator[tuple[int, TruthSums]]:
    """Give the sums of each cell that has any; `cells` says of which each row of the frame is."""
    outcomes = np.bincount(cells[known.places], minlength=count)
    keyed = cells[known.grouped] * known.keys_below + known.keys
    groups, first, which = np.unique(keyed, return_index=True, return_inverse=True)
    counts = np.bincount(which, minlength=len(groups))
    scores = np.bincount(which, weights=known.scores, minlength=len(groups))
    ends = np.searchsorted(groups, np.arange(count + 1) * known.keys_below)
    keys = known.keys[first]
    terms = {name: _added(cells[places], count, each) for name, (places, each) in known.terms.items()}
    for cell in np.flatnonzero((rows > 0) | (outcomes > 0)).tolist():
        mine = slice(ends[cell], ends[cell + 1])
        yield (
            cell,
            TruthSums(
                rows=int(rows[cell]),
                outcomes=int(outcomes[cell]),
                keys=keys[mine],
                counts=counts[mine],
                scores=scores[mine].astype(np.float64),
                terms={
                    name: TermSums(int(n[cell]), total[cell], products[cell])
                    for name, (n, total, products) in terms.items()
                    if n[cell]
                },
            ),
        )


def _added(cells: Codes, count: int, terms: Floats) -> tuple[Codes, Floats, Floats]:
    """Return rows, sums and sums of products by cell, shape (count,), (count, k) and (count, k, k)."""
    k = terms.shape[1]
    total, products = np.empty((count, k)), np.empty((count, k, k))
    # `bincount` with weights for each pair of terms: a matrix product for each row would need (rows, k, k).
    for one in range(k):
        total[:, one] = np.bincount(cells, weights=terms[:, one], minlength=count)
        for other in range(one + 1):
            product = np.bincount(cells, weights=terms[:, one] * terms[:, other], minlength=count)
            products[:, one, other] = products[:, other, one] = product
    return np.bincount(cells, minlength=count), total, products


def _complete(frame: pl.DataFrame, columns: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return which rows have all columns that are there."""
    complete = np.ones(frame.height, dtype=bool)
    there = [column for column in columns if column in frame.columns]
    for each in there:
        complete &= frame.get_column(each).is_not_null().to_numpy()
    return complete if there else ~complete


def _values(column: pl.Series, places: Codes) -> tuple[list[str], Codes]:
    """Return the commonest values among some rows, the others as one, and the number of each row's."""
    import polars as pl

    text = (
        column.cast(pl.String, strict=False).str.slice(0, MAX_VALUE_LENGTH).fill_null("None").alias("value")
    )
    text = text.str.replace_all("\0", "\ufffd", literal=True)  # PostgreSQL keeps no text with it
    # Sorted by value too, so that ties are broken alike on every machine: the digest hangs on it.
    counted = text.gather(places).value_counts(name="count").sort("count", "value", descending=[True, False])
    values = counted.get_column("value").to_list()[:MAX_SLICE_VALUES]
    number = {value: index for index, value in enumerate(values)}
    codes = np.array([number.get(each, len(values)) for each in text.to_list()], dtype=np.int64)
    return [*values, OTHERS], codes
