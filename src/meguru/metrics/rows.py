"""The input of metrics: truth, a model's answers, weights, and which rows depend on each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from meguru.errors import InvalidInput
from meguru.stats.arrays import Bools, Floats
from meguru.stats.auc import tie_starts

Array: TypeAlias = npt.NDArray[Any]
Codes: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class ScoredRows:
    """Rows with their truth and one model's answers.

    Parameters
    ----------
    truth
        Numbers, shape (n,): 0 or 1 of two classes, the position in `classes` of many (-1: a class the model
        does not know), the value of a regression, the relevance of a ranking. Of several labels or targets
        shape (n, k). Finite.
    answer
        By name of the output: ``score`` of shape (n,) or (n, targets), ``probabilities`` (n, classes),
        ``label`` (n,) positions in `classes`, ``quantiles`` (n, levels), ``low`` and ``high`` (n,). Finite.
    weight
        Shape (n,), none negative: how much a row counts; all alike when not given.
    group
        Shape (n,), integers: rows of one list that is ranked together.
    block
        Shape (n,), integers: rows that may depend on each other, such as those of one day or one client.
        Intervals are as wide as the number of blocks deserves, not that of rows.
    classes
        Labels in the order of probabilities and positions; of two classes ``("0", "1")`` if not given.
    levels
        Of quantiles, or of `low` and `high`, each in (0, 1), ascending.
    threshold
        A `score` of two classes above it means label 1.
    scale
        Shape (n,): the mean absolute error that the naive forecast of the row's series had in training.
    columns
        Other columns of the rows, by name, each of shape (n,): what a cost may be counted in.

    Raises
    ------
    InvalidInput
        When lengths differ, or something is not finite or negative that must not be.
    """

    truth: Array
    answer: Mapping[str, Array]
    weight: Floats | None = None
    group: Codes | None = None
    block: Codes | None = None
    classes: tuple[str, ...] = ()
    levels: tuple[float, ...] = ()
    threshold: float = 0.5
    scale: Floats | None = None
    columns: Mapping[str, Array] = field(default_factory=dict)
    _checked: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        if self._checked:
            return
        arrays = {"truth": self.truth, **self.answer}
        for name in ("weight", "group", "block", "scale"):
            value = getattr(self, name)
            if value is not None:
                arrays[name] = value
        for name, array in arrays.items():
            _check(name, array, len(self.truth))
        if self.weight is not None and self.weight.size and float(self.weight.min()) < 0:
            raise InvalidInput("weights must not be negative", field="weight")

    def __len__(self) -> int:
        return len(self.truth)

    def times(self, counts: Floats) -> ScoredRows:
        """Return the rows, each counting `counts` times as much; counts of shape (n,), none negative."""
        return replace(self, weight=counts if self.weight is None else self.weight * counts, _checked=True)

    def take(self, mask: Bools) -> ScoredRows:
        """Return the rows where `mask` is true."""
        optional = {name: getattr(self, name) for name in ("weight", "group", "block", "scale")}
        return replace(
            self,
            truth=self.truth[mask],
            answer={name: array[mask] for name, array in self.answer.items()},
            columns={name: array[mask] for name, array in self.columns.items()},
            **{name: array[mask] for name, array in optional.items() if array is not None},
            _checked=True,
        )

    def mean(self, values: Floats | Bools) -> Any:
        """Return the weighted mean over rows of values of shape (n,) or (n, k); NaN when nothing counts."""
        if self.weight is None:
            return values.mean(axis=0) if len(values) else values.sum(axis=0) * np.nan
        return self.weight @ values / self.total if self.total else values.sum(axis=0) * np.nan

    @cached_property
    def total(self) -> float:
        """What all rows weigh."""
        return float(len(self)) if self.weight is None else float(self.weight.sum())

    @cached_property
    def positive(self) -> Bools:
        """Which rows are of label 1, shape (n,).

        Raises
        ------
        InvalidInput
            When the truth is not of two classes, 0 and 1.
        """
        truth = self.truth == 1
        if self.truth.ndim != 1 or not bool(np.all(truth | (self.truth == 0))):
            raise InvalidInput("the truth must be 0 or 1", field="truth")
        return np.asarray(truth)

    @cached_property
    def descending(self) -> tuple[Codes, Codes]:
        """The rows by score from above, shape (n,), and where each group of equal scores ends there."""
        # Stable, so that the order of equal scores is that of the rows, on every machine.
        order = np.argsort(-self.answer["score"], kind="stable")
        return order, np.append(tie_starts(self.answer["score"][order])[1:], len(order)) - 1

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the classes, in the order of positions."""
        return self.classes or ("0", "1")

    def has(self, *outputs: str) -> bool:
        """Say whether the model answered all these outputs."""
        return all(name in self.answer for name in outputs)

    @cached_property
    def chances(self) -> Floats:
        """The probabilities of all classes, shape (n, classes); of two classes made from the score."""
        if "probabilities" in self.answer:
            return self.answer["probabilities"]
        score = self.answer["score"]
        return np.column_stack((1 - score, score))

    @cached_property
    def decided(self) -> Codes:
        """The position of the class that the model decided for, shape (n,).

        That is its ``label``, else the likeliest class (of equal ones the first), else whether the score is
        above the threshold, as with the `predict` of scikit-learn, XGBoost and LightGBM.
        """
        if "label" in self.answer:
            return self.answer["label"].astype(np.int64, copy=False)
        if "probabilities" in self.answer:
            return np.asarray(self.answer["probabilities"].argmax(axis=1))
        return (self.answer["score"] > self.threshold).astype(np.int64)


def same_rows(first: ScoredRows, second: ScoredRows) -> None:
    """Refuse to compare two models on rows that differ.

    Raises
    ------
    InvalidInput
        When number or truth of the rows differ.
    """
    if first.truth is not second.truth and not np.array_equal(first.truth, second.truth):
        raise InvalidInput(
            "two models are compared on the same rows",
            field="truth",
            why=f"the truth of {len(first)} rows and that of {len(second)} differ",
        )


def _check(name: str, array: Array, n: int) -> None:
    if len(array) != n:
        raise InvalidInput(
            f"{name} must be as long as the truth", field=name, why=f"they have {len(array)} and {n} rows"
        )
    if array.dtype.kind not in "fiub":
        raise InvalidInput(f"{name} must be numbers", field=name, why=f"it holds {array.dtype}")
    # One NaN would make every mean NaN, and NaN fails no comparison of a gate.
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        bad = int(np.count_nonzero(~np.isfinite(array)))
        raise InvalidInput(f"{name} must be finite", field=name, why=f"{bad} values are NaN or infinite")
