"""Responses of the data plane, whatever carries them: predictions, errors, status."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from meguru.errors import InternalError, InvalidInput, MeguruError
from meguru.predictions.outputs import PLAIN, ModelAnswer

log = logging.getLogger(__name__)


class PredictionResponse(msgspec.Struct, frozen=True, gc=False):
    """A status and a JSON body; `retry_after` is in seconds, 0 where trying again would not help."""

    status: int
    body: bytes
    retry_after: int = 0
    allow: str = ""


class Scored(msgspec.Struct, frozen=True):
    """One prediction of an answer with a score alone; without an id when predictions are not recorded."""

    score: float | None
    id: str | msgspec.UnsetType = msgspec.UNSET


class Predictions(msgspec.Struct, frozen=True):
    """The answer to a prediction request."""

    predictions: list[Any]
    model: str
    release: str


_encode = msgspec.json.Encoder().encode


def predictions(
    batch_id: str | None,
    answer: ModelAnswer,
    model: str,
    release: str,
    explained: Sequence[Mapping[str, Any]] | None = None,
) -> PredictionResponse:
    """Answer with what a model answered, in the order of the rows; without ids when it was not recorded.

    `explained` tells of each row what the model was given.
    """
    scored: list[Any]
    if answer.outputs is not PLAIN:
        scored = answer.shown()
        if batch_id is not None:
            scored = [each | {"id": f"{batch_id}.{row}"} for row, each in enumerate(scored)]
    elif batch_id is None:
        scored = [Scored(score) for score in answer.columns["score"]]
    else:
        scored = [Scored(score, f"{batch_id}.{row}") for row, score in enumerate(answer.columns["score"])]
    if explained is not None:
        scored = [
            {**(each if isinstance(each, dict) else msgspec.to_builtins(each)), "features": given}
            for each, given in zip(scored, explained, strict=True)
        ]
    return PredictionResponse(200, _encode(Predictions(scored, model, release)))


def value(shown: Any) -> PredictionResponse:
    """Answer with any JSON value."""
    return PredictionResponse(200, _encode(shown))


def wrong_method(method: str, allowed: str) -> PredictionResponse:
    """Answer that a path is not for this method."""
    error = InvalidInput(f"{method[:20]} is not for this path", hint=f"use {allowed}")
    return PredictionResponse(405, of_error(error).body, allow=allowed)


def of_error(error: BaseException, *, retry_after: int = 1) -> PredictionResponse:
    """Answer with an error in the one JSON shape; one that we can't explain is logged and not told."""
    if not isinstance(error, MeguruError):
        log.error("a prediction failed", exc_info=error)
        error = InternalError("something went wrong in the server", hint="its log has the traceback")
    again = retry_after if error.status == 503 else 0  # nothing else gets better by being sent again
    return PredictionResponse(error.status, _encode({"error": error.as_dict()}), again)
