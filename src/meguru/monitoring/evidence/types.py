"""What is kept of a window beside its findings, so that it can still be shown when the data are gone."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class TroubleCause(StrEnum):
    """What most likely made a window other than it should be."""

    DATA_BREAK = "data_break"
    """What comes in is broken."""
    RELEASE = "release"
    """Another model went live."""
    LABEL_DELAY = "label_delay"
    """The outcomes that are known are not those of all rows."""
    SEASON = "season"
    """The world moved as it did before."""
    CONCEPT_CHANGE = "concept_change"
    """The same inputs have other outcomes than before."""
    UNCLEAR = "unclear"


class EvidencePoint(msgspec.Struct, frozen=True, kw_only=True):
    """Something that speaks for a cause, or against it: a sentence in English with its values.

    The value `says`, if there is one, is itself a sentence that was computed.
    """

    text: str
    values: dict[str, str] = {}


class CauseExplanation(msgspec.Struct, frozen=True, kw_only=True):
    """How much speaks for one cause: `weight` is 0 when nothing does."""

    cause: TroubleCause
    weight: int
    speaks_for: list[EvidencePoint] = []
    speaks_against: list[EvidencePoint] = []


class DistributionBin(msgspec.Struct, frozen=True, array_like=True):
    """A range of values or a category, with the shares of the rows that were and are in it."""

    label: str
    then: float
    now: float


class ColumnEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """The distribution of a column, as it was in training and as it is in the window.

    `bins` have shares of the rows with a value; `missing_then` and `missing_now` are the shares without one,
    `rows_then` and `rows_now` count all. `rang` tells whether a finding about it is beyond its threshold.
    """

    column: str
    severity: str
    ordered: bool
    rang: bool
    rows_then: int
    rows_now: int
    missing_then: float
    missing_now: float
    bins: list[DistributionBin]
    findings: list[str] = []


class MonitoredPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A number in one window, with the interval that holds it, if there is one."""

    start: datetime
    end: datetime
    value: float | None
    low: float | None = None
    high: float | None = None
    verdict: str = ""
    model: str = ""


class MonitoredSeries(msgspec.Struct, frozen=True, kw_only=True):
    """A number over windows, oldest first, the one that is reported last.

    `threshold` is the limit in the last window, `is_least` whether falling below it rings. `severity` is that
    of the finding which it is of; empty of a metric that no finding is about.
    """

    label: str
    severity: str = ""
    column: str = ""
    slice: str = ""
    rang: bool = False
    reference: float | None = None
    threshold: float | None = None
    is_least: bool = False
    points: list[MonitoredPoint]


class ReportEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a report shows: what rang first.

    `explanations` begin with the most likely cause; they are empty where there is nothing to explain.
    `compared_with` says what `columns` are compared with, `left_out` counts those that are not kept.
    """

    compared_with: str
    columns: list[ColumnEvidence] = []
    series: list[MonitoredSeries] = []
    explanations: list[CauseExplanation] = []
    likely: TroubleCause | None = None
    left_out: int = 0
