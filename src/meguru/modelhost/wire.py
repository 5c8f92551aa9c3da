"""The protocol between a server and a model host: a head in MessagePack and a body of bytes, both bounded.

Rows travel as Arrow IPC, as a float64 matrix, or (fastest for a few rows) as lists by column; answers as
float64 arrays, or by output name. The host runs code of somebody else's, so an answer is parsed as plain data
and never unpickled.
"""

from __future__ import annotations

import io
import socket
import struct
import time
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import numpy as np

if TYPE_CHECKING:
    import polars as pl

MAX_HEAD, MAX_BODY = 1 << 20, 1 << 30
_LENGTHS = struct.Struct("<IQ")
_CHUNK = 1 << 20


class Head(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a message is: ``shape`` is that of a matrix or array, `error` says what the code raised."""

    kind: Literal["ready", "frame", "matrix", "columns", "array", "named", "error"]
    shape: tuple[int, ...] = ()
    error: str = ""
    trace: str = ""
    kept_from: list[str] = []


class BrokenWire(Exception):
    """The other side is gone, or says what makes no sense."""


class AnswerTooLong(BrokenWire):
    """The other side says more than is read; none of it was."""


def too_long(size: int, most: int) -> str:
    """Return in words that an answer is longer than one may be."""
    return (
        f"its answer has {size:,} bytes, and one may have {most:,}: ask for fewer rows (MEGURU_HOST_ANSWER)"
    )


def send(wire: socket.socket, head: Head, body: bytes | memoryview = b"") -> None:
    """Send one message."""
    encoded = msgspec.msgpack.encode(head)
    wire.sendall(_LENGTHS.pack(len(encoded), len(body)) + encoded)
    if len(body):
        wire.sendall(body)


def receive(
    wire: socket.socket, most: int = MAX_BODY, seconds: float | None = None
) -> tuple[Head, bytearray]:
    """Wait for one message, the whole of which must come in some seconds.

    Raises
    ------
    AnswerTooLong
        When it would be more than `most` bytes.
    BrokenWire
        When the other side closed it, or sends what is no message.
    TimeoutError
        When the time is over.
    """
    until = None if seconds is None else time.monotonic() + seconds
    # Lengths come first and are checked before anything is allocated: the other side runs code of somebody
    # else's.
    head_size, body_size = _LENGTHS.unpack(_receive_exactly(wire, _LENGTHS.size, until))
    if head_size > MAX_HEAD:
        raise BrokenWire(f"a message with a head of {head_size:,} bytes")
    if body_size > most:
        raise AnswerTooLong(too_long(body_size, most))
    try:
        head = msgspec.msgpack.decode(_receive_exactly(wire, head_size, until), type=Head)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BrokenWire(f"a message that makes no sense: {error}") from error
    return head, _receive_exactly(wire, body_size, until)


def _receive_exactly(wire: socket.socket, size: int, until: float | None) -> bytearray:
    data = bytearray()
    while len(data) < size:
        try:
            if until is not None:
                _wait_until(wire, until)
            # Memory grows with what came, not with what was announced.
            part = wire.recv(min(_CHUNK, size - len(data)))
        except TimeoutError:
            raise
        except OSError as error:
            raise BrokenWire(str(error)) from error
        if not part:
            raise BrokenWire("it was closed")
        data += part
    return data


def _wait_until(wire: socket.socket, until: float) -> None:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    # Anew for each part: a socket's own timeout begins again with every byte that trickles in.
    wire.settimeout(left)


def pack_rows(data: Any) -> tuple[Head, bytes]:
    """Return rows, a float64 matrix, a polars frame or lists by column, as a message."""
    if isinstance(data, dict):
        return Head(kind="columns"), msgspec.msgpack.encode(data)
    if isinstance(data, np.ndarray):
        matrix = np.ascontiguousarray(data, dtype=np.float64)
        return Head(kind="matrix", shape=matrix.shape), matrix.tobytes()
    buffer = io.BytesIO()
    data.write_ipc(buffer)
    return Head(kind="frame"), buffer.getvalue()


def unpack_rows(head: Head, body: bytearray) -> pl.DataFrame | np.ndarray[Any, Any] | dict[str, list[Any]]:
    """Return the rows of a message."""
    if head.kind == "columns":
        return msgspec.msgpack.decode(body, type=dict[str, list[Any]])
    if head.kind == "matrix":
        return np.frombuffer(body, dtype=np.float64).reshape(head.shape)
    import polars as pl

    return pl.read_ipc(io.BytesIO(bytes(body)))


def pack_answer(raw: Any) -> tuple[Head, bytes]:
    """Return an answer as a message: by output name, or as numbers."""
    if isinstance(raw, dict):
        plain = {
            str(name): getattr(values, "tolist", lambda v=values: list(v))() for name, values in raw.items()
        }
        return Head(kind="named"), msgspec.msgpack.encode(plain)
    array = np.ascontiguousarray(raw, dtype=np.float64)
    return Head(kind="array", shape=array.shape), array.tobytes()


def unpack_answer(head: Head, body: bytearray) -> Any:
    """Return the answer of a message; BrokenWire if its bytes are not what its head says."""
    try:
        if head.kind == "named":
            return msgspec.msgpack.decode(body, type=dict[str, list[Any]])
        if head.kind == "array" and all(n >= 0 for n in head.shape):
            return np.frombuffer(body, dtype=np.float64).reshape(head.shape)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BrokenWire(f"an answer that makes no sense: {error}") from error
    raise BrokenWire(f"an answer that is none: {head.kind}")
