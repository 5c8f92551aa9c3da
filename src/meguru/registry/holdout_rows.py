"""The rows of a holdout with the answers of a model, which need not be the one that it came with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from meguru.errors import InvalidInput
from meguru.flavors.bundle import Bundle
from meguru.flavors.measures import MetricOptions
from meguru.flavors.scoring import HoldoutColumns, score_frame
from meguru.metrics import Metric, ScoredRows, metric_of
from meguru.tasks import WrongShape

if TYPE_CHECKING:
    import polars as pl


def metrics_of(bundle: Bundle, names: Sequence[str] = ()) -> list[Metric]:
    """Return the metrics of these names; without names those of the model's task and of its author."""
    wanted: list[MetricOptions] = [*bundle.task.metrics, *bundle.evaluation.asked]
    metrics = [metric_of(each) for each in names or wanted]
    return list({metric.name: metric for metric in metrics}.values())


def score_rows(
    bundle: Bundle, frame: pl.DataFrame, said: HoldoutColumns, metrics: Sequence[Metric], what: str
) -> ScoredRows:
    """Ask a model the rows of a holdout.

    Parameters
    ----------
    bundle
        The model.
    frame, said
        The rows, and which of their columns say what.
    metrics
        What is to be measured on them; some read further columns.
    what
        What the rows are, for messages.

    Raises
    ------
    InvalidInput
        When the model does not take them, or answers otherwise than its task says.
    """
    raw = bundle.ask(frame, what)
    try:
        answer = bundle.task.answer(raw, frame.height)
    except WrongShape as error:
        raise InvalidInput(f"the model does not answer {what} as its task says", why=str(error)) from error
    return score_frame(
        bundle.task, answer, frame, said, {name for metric in metrics for name in metric.columns}
    )
