"""Bodies of prediction requests, decoded straight into the rows of one signature."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from meguru.base.type_errors import as_invalid
from meguru.errors import InvalidInput, near_misses
from meguru.flavors import lenient
from meguru.flavors.field_errors import FieldPath
from meguru.serving import client_keys, event_times
from meguru.serving.features.enriched_rows import EnrichedRows
from meguru.serving.nesting import deep_value

if TYPE_CHECKING:
    from meguru.flavors.rows import Decoder

WHERE = {
    "rows": FieldPath("rows"),
    "row": FieldPath("row", "row"),
    "columns": FieldPath("columns", "columns"),
    "dataframe_records": FieldPath("dataframe_records"),
    "dataframe_split": FieldPath("dataframe_split.data"),
}
"""The forms of a request, and how to call what is in them."""
FORMS = tuple(WHERE)
_FIELDS = (*FORMS, "times", "time", "keys", "key")
_NO_OTHER = (UNSET,) * 4
_AWARE = Annotated[dt.datetime, msgspec.Meta(tz=True)]


class Split(msgspec.Struct, gc=False):
    """MLflow's ``dataframe_split``."""

    columns: list[str]
    data: list[list[Any]]
    index: list[Any] | None = None


class _SplitOnly(msgspec.Struct):
    dataframe_split: Split


class RequestRows(msgspec.Struct, gc=False):
    """Decoded rows, when each happened (None: when it was received), and what to call them in an error.

    `keys` are the client's own keys of the rows, None when it said none.
    `sent` are the rows as they were sent, where `rows` were made of them for a model; else None.
    `filled` tells what views gave for the rows, which begin there at `offset`.
    """

    rows: list[Any]
    times: list[dt.datetime] | None = None
    where: FieldPath = WHERE["rows"]
    keys: list[str] | None = None
    sent: list[Any] | None = None
    filled: EnrichedRows | None = None
    offset: int = 0


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
            ("keys", list[Any] | UnsetType | None, UNSET),
            ("key", Any, UNSET),
        ]
        kind = msgspec.defstruct("Body", fields, forbid_unknown_fields=True, gc=False)
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(kind)

    def decode(self, body: bytes) -> RequestRows:
        """Return the rows of a body.

        Raises
        ------
        InvalidInput
            `field` says which value is wrong (``rows[3].dep_hour``), `why` what stood there.
        """
        try:
            request = self._decoder.decode(body)
            form, value = _only_given(request)
            rows = self._convert(form, value)
            times = event_times.plain(request.times, request.time, len(rows))
            keys = None
            if request.keys is not UNSET or request.key is not UNSET:
                keys = client_keys.read(request.keys, request.key, times, len(rows))
        # The fast path knows one spelling of each type; another one, or a wrong value, is read again by the
        # slow path, which can say what is wrong. A correct request never pays for that.
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._decode_tolerantly(body)
        return RequestRows(rows, times, WHERE[form], keys)

    def _convert(self, form: str, value: Any) -> list[Any]:
        if form == "row":
            return self._rows.check_calendar([value])
        if form in {"rows", "dataframe_records"}:
            self._check_number(form, len(value))
            return self._rows.check_calendar(value)
        if form == "dataframe_split":
            value = self._records(value)
        else:
            self._check_number(form, max(map(len, value.values()), default=1))
        return self._rows.plain(value)

    def _decode_tolerantly(self, body: bytes) -> RequestRows:
        """Read a body value by value: one of them is spelled in another way, or wrong."""
        given = _loads(body)
        form = _only_form([name for name in FORMS if name in given])
        value = given[form]
        if form == "dataframe_split":
            try:
                value = self._records(msgspec.convert({form: value}, _SplitOnly).dataframe_split)
            except msgspec.ValidationError as fault:
                raise as_invalid(fault, "the request") from None
        elif isinstance(value, list):
            self._check_number(form, len(value))
        rows = self._rows.read_leniently(value, WHERE[form])
        self._check_number(form, len(rows))
        times = event_times.spelled(given, len(rows))
        keys = client_keys.read(given.get("keys"), given.get("key"), times, len(rows))
        return RequestRows(rows, times, WHERE[form], keys)

    def _records(self, split: Split) -> list[dict[str, Any]]:
        self._check_number("dataframe_split", len(split.data))
        width = len(split.columns)
        if len(set(split.columns)) < width:
            twice = next(name for name in split.columns if split.columns.count(name) > 1)
            what = f"two columns are called {twice[:80]!r}"
            raise InvalidInput(what, field="dataframe_split.columns")
        for index, values in enumerate(split.data):
            if len(values) != width:
                raise InvalidInput(
                    f"a row has {len(values)} values",
                    why=f"there are {width} columns",
                    field=f"dataframe_split.data[{index}]",
                )
        return [dict(zip(split.columns, values, strict=True)) for values in split.data]

    def _check_number(self, form: str, n: int) -> None:
        if not n:
            raise InvalidInput("there are no rows", field=form, why="it is empty")
        if n > self._max_rows:
            raise InvalidInput(
                f"there are {n:,} rows",
                why=f"one request may have {self._max_rows:,}",
                hint="send them in several requests",
                field=form,
            )


def _only_given(request: Any) -> tuple[str, Any]:
    """Return the one form of a request, with what was given in it."""
    others = (request.row, request.columns, request.dataframe_records, request.dataframe_split)
    if others == _NO_OTHER and request.rows is not UNSET:
        return "rows", request.rows
    form = _only_form([name for name in FORMS if getattr(request, name) is not UNSET])
    return form, getattr(request, form)


def _loads(body: bytes) -> dict[str, Any]:
    try:
        text = body.decode("utf-8-sig")
        given = lenient.loads(text)
    except RecursionError:
        field = deep_value(text)
        why = "it is an array or an object with very many levels" if field else ""
        raise InvalidInput(f"{field or 'the body'} is nested too deeply", field=field, why=why) from None
    except ValueError as fault:
        raise InvalidInput("the body is not valid JSON", why=str(fault)) from fault
    if not isinstance(given, dict):
        raise InvalidInput("the body must be a JSON object", hint='send {"rows": [{…}, …]}')
    for name in given:
        if name not in _FIELDS:
            close = near_misses(name, _FIELDS)
            hint = f"did you mean {close[0]!r}?" if close else f"it has one of {', '.join(FORMS)}"
            raise InvalidInput(f"a request has no field {name[:80]!r}", field=name[:80], hint=hint)
    return given


def _only_form(given: list[str]) -> str:
    if len(given) == 1:
        return given[0]
    hint = 'send {"rows": [{…}, …]}'
    if given:
        raise InvalidInput(f"rows are given twice: as {' and as '.join(given)}", field=given[1], hint=hint)
    raise InvalidInput("there are no rows", field="rows", hint=hint)
