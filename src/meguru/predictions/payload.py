"""The content of one batch, as bytes: a few rows as msgpack, many as compressed Arrow within it.

A polars frame costs half a millisecond to write whatever its height; msgpack writes one row in a
microsecond, and Arrow thousands far better. Readers see no difference. What the header does not say is as it
was before it could be said: one score a row. So is Arrow without a header.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from meguru.predictions.columns import (
    column_name,
    output_columns,
    read_series,
    recorded_series,
    series,
)
from meguru.predictions.outputs import PLAIN, AnswerOutput, ModelAnswer, plain
from meguru.predictions.types import SHADOW_PREFIX, TIME_COLUMN

if TYPE_CHECKING:
    import polars as pl

MAX_PACKED_ROWS = 200
"""Rows that are written as msgpack; more of them as Arrow, which is smaller and quicker from about here
on."""
ARROW = b"ARROW1"
_TIME = AnswerOutput("time", "datetime")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class PayloadColumns(msgspec.Struct, kw_only=True):
    """Equally long columns.

    Attributes
    ----------
    types
        The type of each feature: boolean, long, double, string or datetime; ``double[]`` is a list of them.
    features
        Its values; null where one is missing. Datetimes are whole microseconds since 1970, UTC.
    answer
        What the model answered.
    times
        When each row happened, in microseconds since 1970, UTC.
    shadows
        What each shadow model would have answered.
    """

    types: dict[str, str]
    features: Mapping[str, Sequence[Any]]
    answer: ModelAnswer
    times: Sequence[int]
    shadows: dict[str, ModelAnswer]


class ScoringBatch(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Requests that the model was asked in one call: those from `first` to `last`, `count` of them, by id.

    A model that multiplies matrices may give a row another last bit beside other rows; who knows which can
    ask again.
    """

    first: str
    last: str
    count: int


class _Header(msgspec.Struct, array_like=True, frozen=True):
    types: dict[str, str]
    shadows: list[str]
    outputs: tuple[AnswerOutput, ...] = PLAIN
    shadow_outputs: tuple[tuple[AnswerOutput, ...], ...] = ()


class StoredRows(msgspec.Struct, array_like=True, gc=False):
    """Rows as stored: `header` says what the values of a row are; equal headers, equal columns.

    `rows` are lists of values; or bytes: many rows as Arrow.
    """

    header: bytes
    rows: Any
    together: ScoringBatch | None = None


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(StoredRows).decode
decode_header = msgspec.msgpack.Decoder(_Header).decode


def make(
    types: Mapping[str, str],
    features: Mapping[str, Sequence[Any]],
    answer: ModelAnswer | Sequence[float | None],
    times: Sequence[datetime],
    shadows: Mapping[str, ModelAnswer | Sequence[float | None]] | None = None,
) -> PayloadColumns:
    """Put columns of Python values together; scores alone are the answer of a model with one output."""
    stored = {
        name: [each if each is None else micros(each) for each in values]
        if types[name] == "datetime"
        else values
        for name, values in features.items()
    }
    return PayloadColumns(
        types=dict(types),
        features=stored,
        answer=answer if isinstance(answer, ModelAnswer) else plain(answer),
        times=[micros(time) for time in times],
        shadows={
            ref: each if isinstance(each, ModelAnswer) else plain(each)
            for ref, each in (shadows or {}).items()
        },
    )


def pack(content: PayloadColumns, together: ScoringBatch | None = None) -> bytes:
    """Write a batch's content, and with which others the model was asked."""
    # packed on its own: equal bytes mean equal columns, and nothing has to be decoded
    header = _header(content)
    rows: Any
    if len(content.times) <= MAX_PACKED_ROWS:
        given = [answer.columns.values() for answer in content.shadows.values()]
        columns = [*content.features.values(), *content.answer.columns.values(), content.times]
        rows = list(zip(*columns, *(values for shadow in given for values in shadow), strict=True))
    else:
        buffer = io.BytesIO()
        frame(content).write_ipc(buffer, compression="zstd")
        rows = buffer.getvalue()
    # Arrays without names: a field can only be added at the end, and readers take what lacks for its default.
    return encode((header, rows, together) if together else (header, rows))


def _header(content: PayloadColumns) -> bytes:
    outputs, shadows = content.answer.outputs, content.shadows
    # By identity: nearly all models have the one output, and their headers stay as short as they always were.
    others = tuple(answer.outputs for answer in shadows.values())
    if all(each is PLAIN for each in (outputs, *others)):
        return encode((content.types, list(shadows)))
    return encode((content.types, list(shadows), outputs, others))


def packed_rows(payload: bytes) -> StoredRows | None:
    """Read a batch that was written as rows; None if it was written as Arrow."""
    rows = None if payload.startswith(ARROW) else decode(payload)
    return None if rows is None or isinstance(rows.rows, bytes) else rows


def together(payload: bytes) -> ScoringBatch | None:
    """Tell with which other requests the model was asked; None if with none."""
    return None if payload.startswith(ARROW) else decode(payload).together


def answer_of(payload: bytes) -> ModelAnswer:
    """Read only what the model answered."""
    if payload.startswith(ARROW):
        return plain(frame_of(payload).get_column(output_columns(PLAIN)[0]).to_list())
    stored = decode(payload)
    if not isinstance(stored.rows, bytes):
        return content_of(stored.header, stored.rows).answer
    outputs, found = decode_header(stored.header).outputs, frame_of(payload)
    columns = {
        each.name: read_series(each, found.get_column(column))
        for each, column in zip(outputs, output_columns(outputs), strict=True)
    }
    return ModelAnswer(outputs, columns)


def features_of(payload: bytes) -> dict[str, Sequence[Any]]:
    """Read only what came in, in the order of the model's columns; datetimes as they are stored."""
    rows = packed_rows(payload)
    if rows is not None:
        return dict(content_of(rows.header, rows.rows).features)
    if payload.startswith(ARROW):
        return _features(frame_of(payload), None)
    return _features(frame_of(payload), decode_header(decode(payload).header).types)


def recorded(
    payload: bytes,
) -> tuple[Mapping[str, str], dict[str, Sequence[Any]], Sequence[datetime]]:
    """Read the types of what came in, what came in, and when each row happened; see `features_of`."""
    rows = packed_rows(payload)
    if rows is not None:
        content = content_of(rows.header, rows.rows)
        return content.types, dict(content.features), [moment(time) for time in content.times]
    types = None if payload.startswith(ARROW) else decode_header(decode(payload).header).types
    found = frame_of(payload)
    columns = _features(found, types)
    return types or dict.fromkeys(columns, "double"), columns, found.get_column(TIME_COLUMN).to_list()


def _features(found: pl.DataFrame, types: Mapping[str, str] | None) -> dict[str, Sequence[Any]]:
    """Return the columns of features; what is before the first output, where nothing tells their names."""
    names = list(types or found.columns[: found.columns.index(output_columns(PLAIN)[0])])
    columns = [found.get_column(column_name(name) if types else name) for name in names]
    return {
        name.removeprefix("feature:") if types is None else name: (
            column.to_physical() if column.dtype.is_temporal() else column
        ).to_list()
        for name, column in zip(names, columns, strict=True)
    }


def outputs_of(payload: bytes) -> tuple[tuple[AnswerOutput, ...], dict[str, tuple[AnswerOutput, ...]]]:
    """Return the outputs of the model, and those of each shadow."""
    if payload.startswith(ARROW):
        shadows = [column for column in frame_of(payload).columns if column.startswith(SHADOW_PREFIX)]
        return PLAIN, {name.removeprefix(SHADOW_PREFIX): PLAIN for name in shadows}
    read = decode_header(decode(payload).header)
    others = read.shadow_outputs or (PLAIN,) * len(read.shadows)
    return read.outputs, dict(zip(read.shadows, others, strict=True))


def frame_of(payload: bytes) -> pl.DataFrame:
    """Read a batch as a frame: features, outputs, ``_time`` and those of shadows, see `columns`."""
    if payload.startswith(ARROW):
        arrow = payload
    else:
        stored = decode(payload)
        if not isinstance(stored.rows, bytes):
            return frame(content_of(stored.header, stored.rows))
        arrow = stored.rows
    import polars as pl

    return pl.read_ipc(io.BytesIO(arrow))


def content_of(header: bytes, rows: Sequence[Sequence[Any]]) -> PayloadColumns:
    """Turn rows with one header into columns."""
    read = decode_header(header)
    columns = iter(zip(*rows, strict=True))
    features = {name: next(columns) for name in read.types}
    answer = _answer(read.outputs, columns)
    times = next(columns)
    others = read.shadow_outputs or (PLAIN,) * len(read.shadows)
    return PayloadColumns(
        types=read.types,
        features=features,
        answer=answer,
        times=times,
        shadows={ref: _answer(outputs, columns) for ref, outputs in zip(read.shadows, others, strict=True)},
    )


def _answer(outputs: tuple[AnswerOutput, ...], columns: Iterator[Sequence[Any]]) -> ModelAnswer:
    return ModelAnswer(outputs, {output.name: next(columns) for output in outputs})


def frame(content: PayloadColumns) -> pl.DataFrame:
    """Return content as a frame."""
    import polars as pl

    made = [
        recorded_series(column_name(name), values, content.types[name])
        for name, values in content.features.items()
    ]
    made += _series(content.answer)
    made.append(series(TIME_COLUMN, content.times, _TIME))
    for ref, answer in content.shadows.items():
        made += _series(answer, ref)
    return pl.DataFrame(made)


def _series(answer: ModelAnswer, shadow: str = "") -> list[pl.Series]:
    return [
        series(column, values, output)
        for output, column, values in zip(
            answer.outputs, output_columns(answer.outputs, shadow), answer.columns.values(), strict=True
        )
    ]


def micros(moment: datetime) -> int:
    """Return whole microseconds since 1970, UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(micros: int) -> datetime:
    """Return the moment `micros` microseconds after 1970 began, UTC."""
    return _EPOCH + timedelta(microseconds=micros)
