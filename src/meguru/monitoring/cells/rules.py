"""What is counted of an endpoint: over which bins, by which metrics and slices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from meguru.base import digests
from meguru.kernel.kinds import provided
from meguru.metrics import Metric, find_metric, metric_of
from meguru.metrics.sums import AdditiveMetric
from meguru.monitoring.base import BASELINES, Baseline, read_baseline
from meguru.monitoring.cells.layout import BinLayout
from meguru.monitoring.types import Monitor
from meguru.stats.sketches import can_sketch
from meguru.storage.blobs import BlobStore
from meguru.tasks import Task, task_of

MAX_SLICE_COLUMNS = 8
"""So many columns of an endpoint are counted by value."""
MAX_SLICE_VALUES = 50
"""So many values of each have cells of their own in an hour; what is left is counted together."""
_MAX_CACHED_MODELS = 32
"""Models of which is known by heart what they were like when they were trained."""


class CountedBy(msgspec.Struct, frozen=True, kw_only=True):
    """What the monitors of an endpoint ask for beside the counts by column, in a fixed order.

    Attributes
    ----------
    slices
        Columns by whose values truth is counted too.
    metrics
        As checks name them; those of a model's task are always counted.
    lined_up
        Up to which moment the requests were put in line, while everything is to be counted anew.
    """

    slices: tuple[str, ...] = ()
    metrics: tuple[str | dict[str, Any], ...] = ()
    lined_up: str = ""

    def covers(self, other: CountedBy) -> bool:
        """Tell whether cells that were counted by this have what the other asks for."""
        named = [msgspec.json.encode(metric, order="sorted") for metric in self.metrics]
        asked = [msgspec.json.encode(metric, order="sorted") for metric in other.metrics]
        return set(other.slices) <= set(self.slices) and set(asked) <= set(named)


def counted_by(monitors: Sequence[Monitor]) -> CountedBy:
    """Return what some monitors ask for."""
    options = [check for monitor in sorted(monitors, key=lambda one: one.name) for check in monitor.checks]
    slices = [str(name) for option in options for name in option.get("slices") or ()]
    found = [option["metric"] for option in options if option.get("metric")]
    by_text = {msgspec.json.encode(each, order="sorted"): each for each in found}
    return CountedBy(
        slices=tuple(sorted(dict.fromkeys(slices))[:MAX_SLICE_COLUMNS]),
        metrics=tuple(by_text[text] for text in sorted(by_text)),
    )


def term_key(metric: Metric) -> str:
    """Name the sums of a metric's terms: two of one name may differ in options, such as a matrix of costs."""
    if find_metric(metric.name) == metric:
        return metric.name
    return f"{metric.name} {digests.of_value(msgspec.to_builtins(metric))[:16]}"


class ModelBins(msgspec.Struct, frozen=True):
    """What is known of a model from its training, and the bins of its columns."""

    baseline: Baseline
    layout: BinLayout


class CountingRules:
    """How one endpoint is counted.

    What is known of a model never changes: `known` may be kept for the next time.
    """

    def __init__(
        self,
        tx: Connection,
        blobs: BlobStore,
        counted: CountedBy,
        known: dict[str, ModelBins] | None = None,
    ) -> None:
        self._tx, self._blobs, self.counted = tx, blobs, counted
        self._known = {} if known is None else known

    def _of(self, model: str) -> ModelBins:
        if model not in self._known:
            # Emptied as a whole: an endpoint has a few models at a time, so an LRU order is worth nothing.
            if len(self._known) >= _MAX_CACHED_MODELS:
                self._known.clear()
            baseline = read_baseline(provided(BASELINES).load("model"), self._tx, self._blobs, model)
            self._known[model] = ModelBins(baseline, BinLayout(baseline.profile))
        return self._known[model]

    def baseline(self, model: str) -> Baseline:
        """Return what a model was like when it was trained."""
        return self._of(model).baseline

    def layout(self, model: str) -> BinLayout:
        """Return the bins of a model's columns."""
        return self._of(model).layout

    def sketches(self, model: str) -> bool:
        """Tell whether columns of a model are sketched, as there are no bins to count them over."""
        return self.baseline(model).profile is None and can_sketch()

    def task(self, model: str) -> Task:
        """Return what a model does."""
        return self.baseline(model).task or task_of("binary")

    def sums(self, model: str) -> list[Metric]:
        """Return the metrics of a model of which sums are kept."""
        task = self.task(model)
        named = [metric_of(each) for each in (*task.metrics, *self.counted.metrics)]
        fitting = {
            term_key(metric): metric for metric in named if task.key in metric.tasks and not metric.columns
        }
        return [metric for metric in fitting.values() if isinstance(metric, AdditiveMetric)]
