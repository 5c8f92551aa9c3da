"""Online rows in a server that speaks the Redis protocol: one hash a view, one field a key."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from meguru.errors import Busy, MissingDependency, UsageError, masked
from meguru.features.online.base import (
    TOMBSTONE,
    FoundRow,
    KeyQuery,
    OnlineRow,
    Retraction,
    RowColumns,
    chunks,
    newest_by_key,
)

WRITE_ROWS = 1_000
SCAN_ROWS = 1_000
TIMEOUT_SECONDS = 2.0
"""How long an answer may take: who asks for features has no time."""
_HEAD = struct.Struct(">qqq")
_MOMENTS = struct.Struct(">qq")
_WRITE_SCRIPT = """
local gone, rows = tonumber(ARGV[1]), (#ARGV - 1) / 2
local keys = {}
for i = 1, rows do keys[i] = ARGV[2 * i] end
if rows == 0 then return 0 end
local there = redis.call('HMGET', KEYS[1], unpack(keys))
local seen, drop, put, new = {}, {}, {}, 0
local function newer(a, b)
  local a1, a2, a3, a4, a5, a6 = struct.unpack('>i4I4i4I4i4I4', a)
  local b1, b2, b3, b4, b5, b6 = struct.unpack('>i4I4i4I4i4I4', b)
  if a1 ~= b1 then return a1 > b1 end
  if a2 ~= b2 then return a2 > b2 end
  if a3 ~= b3 then return a3 > b3 end
  if a4 ~= b4 then return a4 > b4 end
  if a5 ~= b5 then return a5 > b5 end
  if a6 ~= b6 then return a6 > b6 end
  for i = 25, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x > y end
  end
  return #a > #b
end
for i = 1, gone do
  local old = there[i]
  if old and string.sub(old, 1, 16) .. string.sub(old, 25) == ARGV[2 * i + 1] then
    drop[#drop + 1] = keys[i]
    seen[keys[i]] = true
  end
end
for i = gone + 1, rows do
  local row = ARGV[2 * i + 1]
  if not there[i] or seen[keys[i]] or newer(row, there[i]) then
    put[#put + 1] = keys[i]
    put[#put + 1] = row
    new = new + 1
  end
end
if #drop > 0 then redis.call('HDEL', KEYS[1], unpack(drop)) end
if #put > 0 then redis.call('HSET', KEYS[1], unpack(put)) end
return new
"""
"""Runs in the server, atomically. Lua's numbers are doubles of 53 bits: 64-bit ones are compared in halves,
the upper signed and the lower unsigned. `unpack` fits some thousand values on Lua's stack: see
`WRITE_ROWS`."""


class RedisStore:
    """One hash a view; what is written is compared and kept by a script in the server.

    Parameters
    ----------
    url
        ``redis://``, ``rediss://`` or ``unix://``, as the client takes it; ``?prefix=NAME`` keeps two
        workspaces on one server apart.

    Notes
    -----
    How much outlives the server is said there (``appendonly``, ``appendfsync``). A hash lies on one node of
    a cluster.
    """

    is_local = False

    def __init__(self, url: str) -> None:
        try:
            import redis
        except ModuleNotFoundError as error:
            raise MissingDependency.of("redis", "redis") from error
        given = urlsplit(url)
        query = dict(parse_qsl(given.query))
        self._prefix = query.pop("prefix", "meguru")
        self.url, self._where = url, masked(url)
        bare = urlunsplit(given._replace(query=urlencode(query)))
        try:
            self._client = redis.Redis.from_url(
                bare, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS, protocol=2
            )
        except (ValueError, redis.RedisError) as error:
            raise UsageError("the address of the online store can't be read", why=str(error)) from None
        self._errors, self._script = redis.RedisError, self._client.register_script(_WRITE_SCRIPT)
        self._process = os.getpid()

    def write(self, view: str, rows: RowColumns, retract: Sequence[Retraction] = ()) -> int:
        """Take out what is retracted, then keep the rows that are newer than what is there."""
        given = {row[0]: row for row in newest_by_key(rows).rows()}
        left = {each.key: each for each in retract}
        new = 0
        with self._connected() as client:
            # What replaces a retracted row goes into the same call: no reader sees the moment between.
            for part in chunks([*left, *(key for key in given if key not in left)], WRITE_ROWS // 2):
                gone = [left[key] for key in part if key in left]
                put = [given[key] for key in part if key in given]
                arguments: list[Any] = [len(gone)]
                for retraction in gone:
                    arguments += (
                        retraction.key,
                        _MOMENTS.pack(retraction.event, retraction.created) + retraction.packed,
                    )
                for row in put:
                    arguments += (row[0], _HEAD.pack(*row[1:4]) + row[4])
                new += int(self._script(keys=[self._name(view)], args=arguments, client=client))
        return new

    def read(self, asked: Sequence[KeyQuery]) -> list[list[FoundRow | None]]:
        """Return the rows of keys, in the order of what is asked."""
        with self._connected() as client:
            # One round trip; no MULTI, as each hash is read by one command and views need not agree with each
            # other.
            pipe = client.pipeline(transaction=False)
            for view, keys in asked:
                if keys:
                    pipe.hmget(self._name(view), list(keys))
            answers = iter(pipe.execute())
        return [[_found(row) for row in next(answers)] if keys else [] for _, keys in asked]

    def scan(self, view: str) -> Iterator[list[OnlineRow]]:
        """Give all rows of a view; one that is written meanwhile may come twice."""
        cursor = 0
        while True:
            with self._connected() as client:
                cursor, part = client.hscan(self._name(view), cursor, count=SCAN_ROWS)
            if part:
                yield [OnlineRow._make((key, *_HEAD.unpack_from(row), row[24:])) for key, row in part.items()]
            if not cursor:
                return

    def clear(self, view: str) -> None:
        """Forget a view and all its rows."""
        with self._connected() as client:
            client.unlink(self._name(view))

    def views(self) -> dict[str, int]:
        """Return how many rows each view has."""
        start = f"{self._prefix}:view:"
        escaped = "".join(f"\\{letter}" if letter in "*?[]\\^" else letter for letter in start)
        with self._connected() as client:
            names = sorted(client.scan_iter(match=f"{escaped}*", count=SCAN_ROWS))
            return {name.decode().removeprefix(start): client.hlen(name) for name in names}

    def close(self) -> None:
        """Close the connections of this process."""
        self._client.close()

    def _name(self, view: str) -> str:
        return f"{self._prefix}:view:{view}"

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        if self._process != os.getpid():  # its sockets are another process's
            self._client.connection_pool.reset()
            self._process = os.getpid()
        try:
            yield self._client
        except self._errors as error:
            raise Busy(
                "the online store can't be reached", where=self._where, why=masked(str(error))
            ) from error


def _found(row: bytes | None) -> FoundRow | None:
    if row is None or row[24:] == TOMBSTONE:
        return None
    event, created, _ = _HEAD.unpack_from(row)
    return event, created, row[24:]
