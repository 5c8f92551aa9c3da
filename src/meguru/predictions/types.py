"""What a prediction and its outcome are."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

import msgspec

from meguru.base.type_errors import as_invalid

ID_COLUMN = "_id"
SCORE_COLUMN = "_score"
TIME_COLUMN = "_time"
MODEL_COLUMN = "_model"
OUTCOME_COLUMN = "_outcome"
SHADOW_PREFIX = "_shadow:"
MAX_OUTCOMES = 10_000
"""So many outcomes may be sent in one call."""
MAX_WAITING, MAX_WAITING_BYTES = 1_000_000, 16_384
"""So many outcomes of an endpoint may wait for their predictions, each of so many bytes."""
MAX_TOLD = 100
"""So many of them are named in an answer."""
VIEW_PREFIX = "_view:"
"""Before the version of a feature view: the column says since when the values held that it gave."""
SENT_PREFIX = "sent:"
"""Before the name of a column of the model's: what was sent under this name, or instead of a view's value."""
Unknown = Literal["refuse", "keep"]
"""What becomes of outcomes whose predictions nobody knows."""
RESERVED = frozenset({ID_COLUMN, SCORE_COLUMN, TIME_COLUMN, MODEL_COLUMN, OUTCOME_COLUMN})
"""Names of the columns that a window's frame has besides the features."""


class PredictionBatch(msgspec.Struct, frozen=True, kw_only=True):
    """The predictions of one request, as they are stored; `payload` is what `payload.pack` made.

    `key` is the request's idempotency key (None: it had none), `digest` that of its body. `rows` are the
    client's own keys of its rows with their times, if it said any.
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
    rows: list[tuple[str, datetime]] | None = None


OutcomeValue: TypeAlias = bool | int | float | str | list[Any] | dict[str, Any]
"""What really happened, as JSON; what it may be is for the task of the model that answered to say."""


class OutcomeInput(msgspec.Struct, frozen=True, kw_only=True):
    """What really happened to what was predicted.

    Attributes
    ----------
    value
        A number, a class, a truth value, a list: what the task of the model that answered takes.
    at
        When it became known; default: now.
    prediction_id
        The prediction's own id; or else
    key, time
        The client's own key of what was predicted, and the event time of its row. Without a time it is the
        newest row of this key that happened no later than `at`.
    """

    value: OutcomeValue
    at: datetime | None = None
    prediction_id: str = ""
    key: str | int = ""
    time: datetime | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded outcome: the value, when it became known, when it reached us, and who sent it."""

    value: OutcomeValue
    at: datetime
    recorded_at: datetime
    recorded_by: str = ""


class OutcomesRecorded(msgspec.Struct, frozen=True, kw_only=True):
    """How many outcomes one call recorded.

    `corrected` of them tell of a prediction whose outcome was known otherwise; `repeated` were known already.
    `waiting` more are of predictions that nobody knows: they are kept, and `unknown` names the first 100.
    """

    endpoint: str
    count: int
    corrected: int = 0
    repeated: int = 0
    waiting: int = 0
    unknown: list[str] = []


R = TypeVar("R", bound=OutcomesRecorded)


def added(total: R, done: R) -> R:
    """Return the sums of what two calls recorded."""
    sums = {
        name: value + getattr(done, name)
        for name, value in msgspec.structs.asdict(total).items()
        if isinstance(value, int)
    }
    unknown = [*total.unknown, *done.unknown][:MAX_TOLD]
    return msgspec.structs.replace(total, endpoint=done.endpoint, unknown=unknown, **sums)


class LabelDelay(msgspec.Struct, frozen=True, kw_only=True):
    """How long outcomes took to become known.

    Attributes
    ----------
    outcomes
        How many it is of.
    median, most
        In seconds, to about 5 %: after so long half of them were known, and nine of ten.
    lengths
        How many took how long: pairs of seconds and a count, ascending.
    """

    outcomes: int
    median: float
    most: float
    lengths: list[tuple[float, int]] = []

    def known_after(self, age: float) -> float:
        """Return which share of the outcomes was known so many seconds after the event."""
        return sum(count for seconds, count in self.lengths if seconds <= age) / self.outcomes


class WaitingOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """An outcome that waits for its prediction; `problem` says why it can't be that of the one that came."""

    number: int
    endpoint: str
    value: OutcomeValue
    prediction_id: str = ""
    key: str = ""
    time: datetime | None = None
    at: datetime
    recorded_at: datetime
    recorded_by: str
    problem: str = ""


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """One answered prediction.

    Attributes
    ----------
    at, key
        The event time of its row, and the client's own key of it.
    outputs, score
        What was answered by the name of each output, and the one called ``score``.
    shadows
        What each shadow would have answered: its score, or its outputs by name if it has others.
    outcome
        What really happened; None until it is known.
    earlier
        Every other outcome that was ever recorded for it, by when it became known, newest first.
    """

    id: str
    endpoint: str
    model: str
    release: str
    at: datetime
    received_at: datetime
    features: dict[str, Any]
    score: float | None
    outputs: dict[str, Any] = {}
    shadows: dict[str, Any] = {}
    key: str | None = None
    outcome: Outcome | None = None
    earlier: list[Outcome] = []


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


class FeedbackRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which feedback on an endpoint's answers is taken for the truth; by default none is.

    Attributes
    ----------
    label
        Whether a corrected label is.
    thumb
        Whether a thumb is: up says that the answer was right, down of two classes that it is the other one.
    rating
        From which rating on the answer was right; 0: ratings say nothing.
    threshold
        From which score on a binary model's answer is the second class.
    judges
        How many different judges must say so, and none otherwise.
    """

    label: bool = False
    thumb: bool = False
    rating: float = 0.0
    threshold: float = 0.5
    judges: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1


def read_rule(given: dict[str, Any]) -> FeedbackRule:
    """Read a rule as it is declared; refuse one that makes no sense."""
    try:
        return msgspec.convert(given, FeedbackRule)
    except msgspec.ValidationError as error:
        raise as_invalid(error, "feedback", FeedbackRule) from None
