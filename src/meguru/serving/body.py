"""Bodies of prediction requests, decoded straight into the rows of one signature."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from meguru.errors import InvalidInput, near_misses
from meguru.flavors.rows import Decoder
from meguru.runtime.operations.operation import as_invalid

FORMS = ("rows", "row", "columns", "dataframe_records", "dataframe_split")
_FIELDS = (*FORMS, "times", "time")
_AWARE = Annotated[dt.datetime, msgspec.Meta(tz=True)]


class Split(msgspec.Struct, gc=False):
    """MLflow's ``dataframe_split``."""

    columns: list[str]
    data: list[list[Any]]
    index: list[Any] | None = None


class Rows(msgspec.Struct, gc=False):
    """Decoded rows, and when each happened (None: when it was received)."""

    rows: list[Any]
    times: list[dt.datetime] | None = None


class BodyDecoder:
    """Decode request bodies for one signature; holds no state, so threads may share it."""

    def __init__(self, decoder: Decoder, max_rows: int) -> None:
        self._rows, self._max_rows = decoder, max_rows
        many = list[decoder.row_type]  # type: ignore[name-defined]
        fields: list[Any] = [
            ("rows", many | UnsetType, UNSET),
            ("row", decoder.row_type | UnsetType, UNSET),
            ("columns", dict[str, list[Any]] | UnsetType, UNSET),
            ("dataframe_records", many | UnsetType, UNSET),
            ("dataframe_split", Split | UnsetType, UNSET),
            ("times", list[_AWARE] | UnsetType | None, UNSET),
            ("time", _AWARE | UnsetType | None, UNSET),
        ]
        kind = msgspec.defstruct("Body", fields, forbid_unknown_fields=True, gc=False)
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(kind)

    def decode(self, body: bytes) -> Rows:
        """Return the rows of a body.

        Raises
        ------
        InvalidInput
            `field` says which value is wrong (``rows[3].dep_hour``), `why` what stood there.
        """
        try:
            said = self._decoder.decode(body)
        except msgspec.ValidationError as error:
            raise self._explain(body, error) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidInput("the body is not valid JSON", why=str(error)) from error
        given = [form for form in FORMS if getattr(said, form) is not UNSET]
        if len(given) != 1:
            raise _not_one_form(given)
        rows = self._in_form(said, given[0])
        if not 1 <= len(rows) <= self._max_rows:
            raise _wrong_number(given[0], len(rows), self._max_rows)
        return Rows(rows, _times(said, len(rows)))

    def _in_form(self, said: Any, form: str) -> list[Any]:
        value = getattr(said, form)
        if form in {"rows", "dataframe_records"}:
            return value  # type: ignore[no-any-return]
        if form == "row":
            return [value]
        if form == "columns":
            return self._rows.convert(value, where="columns")
        return self._rows.convert(_records(value), where="dataframe_split.data")

    def _explain(self, body: bytes, error: msgspec.ValidationError) -> InvalidInput:
        said = msgspec.json.decode(body)
        if not isinstance(said, dict):
            return InvalidInput("the body must be a JSON object", hint='send {"rows": [{…}, …]}')
        for name in said:
            if name not in _FIELDS:
                close = near_misses(name, _FIELDS)
                hint = f"did you mean {close[0]!r}?" if close else f"it has one of {', '.join(FORMS)}"
                return InvalidInput(f"a request has no field {name[:80]!r}", field=name[:80], hint=hint)
        given = [form for form in FORMS if form in said]
        if len(given) != 1:
            return _not_one_form(given)
        form = given[0]
        if f"`$.{form}" in str(error):
            if form in {"rows", "dataframe_records"}:
                return self._rows.explain(said[form], error, where=form)
            if form == "row":
                return _of_one_row(self._rows.explain([said[form]], error, where="row"))
        return as_invalid(error, "the request")


def _records(split: Split) -> list[dict[str, Any]]:
    width = len(split.columns)
    for index, values in enumerate(split.data):
        if len(values) != width:
            raise InvalidInput(
                f"a row has {len(values)} values",
                why=f"there are {width} columns",
                field=f"dataframe_split.data[{index}]",
            )
    return [dict(zip(split.columns, values, strict=True)) for values in split.data]


def _times(said: Any, n: int) -> list[dt.datetime] | None:
    if said.time not in {UNSET, None}:
        if said.times not in (UNSET, None) or n > 1:
            raise InvalidInput("time is for one row", field="time", hint="send times, one for each row")
        return [said.time]
    if said.times in (UNSET, None):
        return None
    times: list[dt.datetime] = said.times
    if len(times) != n:
        raise InvalidInput(
            "times has another length than the rows", why=f"{len(times)} of {n}", field="times"
        )
    return times


def _wrong_number(form: str, n: int, limit: int) -> InvalidInput:
    if not n:
        return InvalidInput("there are no rows", field=form)
    return InvalidInput(
        f"there are {n:,} rows",
        why=f"one request may have {limit:,}",
        hint="send them in several requests",
        field=form,
    )


def _not_one_form(given: list[str]) -> InvalidInput:
    hint = 'send {"rows": [{…}, …]}'
    if given:
        return InvalidInput(f"rows are given twice: as {' and as '.join(given)}", field=given[1], hint=hint)
    return InvalidInput("there are no rows", field="rows", hint=hint)


def _of_one_row(error: InvalidInput) -> InvalidInput:
    what, field = (text.replace("row[0]", "row") for text in (error.what, error.field))
    return InvalidInput(what, where=error.where, why=error.why, hint=error.hint, field=field)
