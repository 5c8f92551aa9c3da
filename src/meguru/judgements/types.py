"""What feedback is."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from meguru.predictions.types import OutcomesRecorded, OutcomeValue

Thumb = Literal["up", "down"]
MAX_FEEDBACK = 10_000
MAX_COMMENT, MAX_LABEL, MAX_JUDGE = 4_000, 16_384, 200
JUDGEMENTS = ("thumb", "rating", "label", "comment")


class FeedbackInput(msgspec.Struct, frozen=True, kw_only=True):
    """A judgement on an answer: at least one of a thumb, a rating, a corrected label and a comment.

    Attributes
    ----------
    prediction_id, key, time
        Which answer; see `OutcomeInput`.
    at
        When it was given; default: now.
    thumb, rating, label, comment
        ``up`` or ``down``, any number, what the answer should have been, up to 4,000 characters.
    by
        Who judged, as the application calls them; default: who sends it. A later judgement of the same judge
        replaces the one before, which is kept.
    """

    prediction_id: str = ""
    key: str | int = ""
    time: datetime | None = None
    at: datetime | None = None
    thumb: Thumb | None = None
    rating: float | None = None
    label: OutcomeValue | None = None
    comment: str | None = None
    by: str = ""


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded judgement.

    `prediction_id` is empty while nobody knows the prediction of its `key`; `counts` is False when the same
    judge said something later.
    """

    id: str
    endpoint: str
    prediction_id: str
    key: str
    time: datetime | None
    judge: str
    thumb: Thumb | None
    rating: float | None
    label: OutcomeValue | None
    comment: str | None
    at: datetime
    recorded_at: datetime
    recorded_by: str
    counts: bool = True


class FeedbackRecorded(OutcomesRecorded, frozen=True, kw_only=True):
    """How much feedback one call recorded; see `OutcomesRecorded`.

    `corrected` judged before, otherwise; `outcomes` of the judgements were taken for the truth by the
    endpoint's rule.
    """

    outcomes: int = 0
