"""`meguru.outcome` and `meguru.feedback`: tell what is learned about a prediction, from Python."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from meguru.app.calls import feedback_add, feedback_record, outcome_add, outcome_record
from meguru.app.open import open_workspace
from meguru.errors import UsageError
from meguru.judgements.types import FeedbackInput, FeedbackRecorded, Thumb
from meguru.predictions.types import OutcomeInput, OutcomesRecorded, OutcomeValue


def outcome(
    prediction: str = "",
    value: OutcomeValue | None = None,
    *,
    endpoint: str = "",
    key: str | int = "",
    time: datetime | None = None,
    at: datetime | None = None,
    workspace: str | Path | None = None,
) -> OutcomesRecorded:
    """Record what really happened to one prediction; the same again changes nothing.

    Parameters
    ----------
    prediction
        Its id; or else `endpoint` and `key`, with `time` if the key comes again.
    value
        What the task of the model that answered takes.
    at
        When it became known; default: now.
    workspace
        Default: ``MEGURU_WORKSPACE``, else the project's: ``.meguru`` here or above.

    Examples
    --------
    >>> outcome("pred-01m84k6bkp6xr71txnaarm5s6h.0", True)  # doctest: +SKIP
    >>> outcome(endpoint="delay", key="flight-17", value=True)  # doctest: +SKIP
    """
    if value is None:
        raise UsageError("say what happened: the value", hint="outcome(prediction, 1)")
    _check_named(prediction, endpoint, key)
    with open_workspace(workspace, create=False) as ws:
        if prediction:
            return outcome_add(ws, id=prediction, value=value, at=at)
        outcome_input = OutcomeInput(value=value, key=key, time=time, at=at)
        return outcome_record(ws, endpoint=endpoint, outcomes=[outcome_input], unknown="keep")


def feedback(
    prediction: str = "",
    *,
    endpoint: str = "",
    key: str | int = "",
    time: datetime | None = None,
    thumb: Thumb | None = None,
    rating: float | None = None,
    label: OutcomeValue | None = None,
    comment: str | None = None,
    by: str = "",
    at: datetime | None = None,
    workspace: str | Path | None = None,
) -> FeedbackRecorded:
    """Record what somebody says of one answer; see `FeedbackInput` for what can be said.

    Examples
    --------
    >>> feedback("pred-01m84k6bkp6xr71txnaarm5s6h.0", thumb="down", by="user-7")  # doctest: +SKIP
    """
    _check_named(prediction, endpoint, key)
    with open_workspace(workspace, create=False) as ws:
        if prediction:
            return feedback_add(
                ws, id=prediction, thumb=thumb, rating=rating, label=label, comment=comment, by=by, at=at
            )
        feedback_input = FeedbackInput(
            key=key, time=time, thumb=thumb, rating=rating, label=label, comment=comment, by=by, at=at
        )
        return feedback_record(ws, endpoint=endpoint, feedback=[feedback_input], unknown="keep")


def _check_named(prediction: str, endpoint: str, key: str | int) -> None:
    if bool(prediction) == bool(endpoint and key != ""):
        raise UsageError("say which prediction", hint="its id; or else endpoint=NAME, key=KEY")
