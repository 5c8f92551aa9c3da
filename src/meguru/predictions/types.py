"""What a prediction and its outcome are."""

from datetime import datetime
from typing import Any

import msgspec

ID_COLUMN = "_id"
SCORE_COLUMN = "_score"
TIME_COLUMN = "_time"
MODEL_COLUMN = "_model"
OUTCOME_COLUMN = "_outcome"
SHADOW_PREFIX = "_shadow:"
RESERVED = frozenset({ID_COLUMN, SCORE_COLUMN, TIME_COLUMN, MODEL_COLUMN, OUTCOME_COLUMN})
"""Names of the columns that a window's frame has besides the features."""


class PredictionBatch(msgspec.Struct, frozen=True, kw_only=True):
    """The predictions of one request, as they are stored; `payload` is what `payload.pack` made.

    `key` is the request's idempotency key (None: it had none), `digest` that of its body.
    """

    id: str
    endpoint: str
    model_ref: str
    release_ref: str
    received_at: datetime
    first_time: datetime
    last_time: datetime
    n: int
    payload: bytes
    key: str | None = None
    digest: str = ""


class OutcomeInput(msgspec.Struct, frozen=True, kw_only=True):
    """What really happened to what was predicted; `at` is when it became known (default: now)."""

    prediction_id: str
    value: float
    at: datetime | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded outcome: the value, when it became known, and when it reached us."""

    value: float
    at: datetime
    recorded_at: datetime


class OutcomesRecorded(msgspec.Struct, frozen=True, kw_only=True):
    """How many outcomes one call recorded."""

    endpoint: str
    count: int


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """One answered prediction; `at` is the event time of its row, `outcome` None until it is known."""

    id: str
    endpoint: str
    model: str
    release: str
    at: datetime
    received_at: datetime
    features: dict[str, Any]
    score: float | None
    shadows: dict[str, float | None] = {}
    outcome: Outcome | None = None


class ModelCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many predictions of a window one model answered, and for how many the outcome is known."""

    model: str
    predictions: int
    outcomes: int
    mean_score: float | None = None


class WindowSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of the predictions whose event time is in ``[start, end)``."""

    endpoint: str
    start: datetime
    end: datetime
    predictions: int
    outcomes: int
    first_time: datetime | None = None
    last_time: datetime | None = None
    models: list[ModelCount] = []


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of everything an endpoint ever answered."""

    predictions: int = 0
    outcomes: int = 0
    requests: int = 0
    last_received_at: datetime | None = None
