"""`Model`: what a training step returns, and all that Meguru needs to check, serve and watch it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meguru.tasks import Task

if TYPE_CHECKING:
    from meguru.flavors.bundle import Bundle
    from meguru.metrics import Metric


@dataclass(frozen=True, kw_only=True)
class Model:
    """A trained estimator together with the evidence about it.

    Parameters
    ----------
    estimator
        A fitted estimator of a known flavor, such as one of scikit-learn. Features of numbers and booleans
        are fed to it as one float64 matrix; features with strings need a Pipeline trained on a frame.
    example
        A few rows of features (polars, pandas or a matrix), in the order the estimator was trained on.
    holdout
        Rows the estimator has not seen: features and label; other columns are kept. Gates compare on them.
    label
        The name of the label's column in `holdout`; for a binary task it holds 0 and 1,
        booleans, or the two classes; otherwise what the task takes as an outcome.
    baseline
        The training features. Their profile is what monitors compare with; `example` stands in for them.
    metrics, params
        Numbers and settings to show beside the model.
    measures
        Metrics to measure on the holdout beside those of the task: names such as ``"f1"`` or ``"ndcg@10"``,
        or objects with options, such as ``{"metric": "cost", "matrix": [[0, 1], [5, 0]], "unit": "EUR"}``, or
        a function that returns what each row costs, of arguments called ``truth``, as an output, or as a
        column of the holdout.
    weight, block, slices
        Names of columns of `holdout`: how much a row counts; whose equal values make rows that may depend on
        each other (a day, a client), which widens intervals; by which metrics are measured apart.
    task
        What the estimator does, such as ``"binary"``, ``"multiclass"`` or ``"regression"``; with options an
        object such as ``{"task": "quantile", "levels": [0.1, 0.5, 0.9]}``, or a `meguru.tasks.Task`. None
        asks the estimator.
    """

    estimator: Any
    example: Any
    holdout: Any = None
    label: str = ""
    baseline: Any = None
    metrics: dict[str, float] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    measures: Sequence[str | dict[str, Any] | Metric | Callable[..., Any]] = ()
    weight: str = ""
    block: str = ""
    slices: Sequence[str] = ()
    task: Task | str | dict[str, Any] | None = None


def save_bundle(model: Model, folder: Path) -> Bundle:
    """Write a model and its evidence into a new folder; see `meguru.flavors.bundle_writer`."""
    from meguru.flavors import bundle_writer

    return bundle_writer.save_bundle(model, folder)


def load_bundle(folder: Path) -> Bundle:
    """Load a model folder; see `meguru.flavors.bundle`."""
    from meguru.flavors import bundle

    return bundle.load_bundle(folder)
