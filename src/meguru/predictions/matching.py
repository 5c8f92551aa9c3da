"""Match outcomes and feedback to predictions: by id, or by the client's own key and time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection

from meguru.errors import InvalidInput
from meguru.predictions import ids, row_keys
from meguru.predictions.outcome_store import RowId

_NOTHING = "nothing of this call was recorded; leave it out or correct it"


class PredictionReference(Protocol):
    """What names a prediction, by id or by key; see `OutcomeInput` for what the fields mean."""

    @property
    def prediction_id(self) -> str:
        """The prediction's id, if it is named by that."""
        ...

    @property
    def key(self) -> str | int:
        """The client's own key, if it is named by that."""
        ...

    @property
    def time(self) -> datetime | None:
        """The event time of the key's row."""
        ...

    @property
    def at(self) -> datetime | None:
        """When it became known."""
        ...


def named(given: PredictionReference, path: str) -> RowId | None:
    """Return the prediction that is named by its id; None if it is named by key; `path` is for errors."""
    for name, moment in (("at", given.at), ("time", given.time)):
        if moment is not None and moment.tzinfo is None:
            hint = f"write {moment.isoformat()}Z for UTC"
            raise InvalidInput("the time of an outcome has no time zone", hint=hint, field=f"{path}.{name}")
    if given.key != "":
        if given.prediction_id:
            raise _wrong_reference("an outcome names its prediction twice", path, "key")
        row_keys.checked(given.key, f"{path}.key")
        return None
    if not given.prediction_id:
        raise _wrong_reference("an outcome names no prediction", path, "prediction_id")
    if given.time is not None:
        raise _wrong_reference("time belongs to a key", path, "time")
    place = ids.split(given.prediction_id)
    if place is None:
        raise InvalidInput(
            f"{given.prediction_id[:80]!r} is not the id of a prediction",
            hint="use the id that came with the prediction, as in pred-01k….0",
            field=f"{path}.prediction_id",
        )
    return place


def find(
    tx: Connection,
    endpoint: str,
    given: Sequence[PredictionReference],
    by_id: Sequence[RowId | None],
    now: datetime,
) -> list[list[RowId]]:
    """Return the predictions that each is of, in order: of a key none, one or several that are equal."""
    # Whole numbers and their digits are one key: that is how a client's JSON and its CSV agree.
    asked = [
        (str(reference.key), reference.time, reference.at or now)
        for reference in given
        if reference.key != ""
    ]
    by_key = iter(row_keys.find(tx, endpoint, asked))
    return [[place] if place else next(by_key) for place in by_id]


def unknown_key(given: PredictionReference, path: str, endpoint: str, now: datetime) -> InvalidInput:
    """Return what to say of a key that no prediction has."""
    when = f"at {given.time.isoformat()}" if given.time else f"by {(given.at or now).isoformat()}"
    return InvalidInput(
        f"endpoint {endpoint!r} answered nothing with the key {str(given.key)[:80]!r}",
        why=f"no row of it happened {when}",
        hint=_NOTHING,
        field=f"{path}.key",
    )


def unknown_id(given: PredictionReference, path: str, endpoint: str, batch: Any) -> InvalidInput:
    """Return what to say of an id; `batch` is the request that has it, if the caller may know of that."""
    why = ""
    if batch is not None:
        why = (
            f"the endpoint {batch.endpoint!r} did" if batch.endpoint != endpoint else f"it has {batch.n} rows"
        )
    return InvalidInput(
        f"endpoint {endpoint!r} never answered the prediction {given.prediction_id[:80]!r}",
        why=why,
        hint=_NOTHING,
        field=f"{path}.prediction_id",
    )


def _wrong_reference(what: str, path: str, name: str) -> InvalidInput:
    return InvalidInput(what, field=f"{path}.{name}", hint="send either prediction_id, or key (and time)")
