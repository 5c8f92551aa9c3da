"""Go through the whole log once: its hashes, its Merkle tree, the lineage that it tells, its clock.

An entry's hash is taken over its row as the database keeps it: JSON columns hold canonical JSON, so nothing
has to be decoded, only to be found well-formed. An entry that has another hash so is decoded and spelled anew
before it counts as changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from meguru.base.timestamps import read_time
from meguru.kernel.event import ChainVerdict, ClockStep, Event
from meguru.kernel.event_log import START, chain_hash, edges_of
from meguru.signing.merkle import MerkleFrontier
from meguru.storage.db.raw import RawSql

Edges = dict[tuple[str, str], tuple[int, bool]]
_BATCH = 4000
_MAX_STEPS = 100
_COLUMNS = (
    "seq, actor, at, cause, data, id, operation, previous, produced, project, subject, type, used, hash"
)
_ALL = f"SELECT {_COLUMNS} FROM event ORDER BY seq"  # noqa: S608
_NEXT = f"SELECT {_COLUMNS} FROM event WHERE seq > ? ORDER BY seq LIMIT 1"  # noqa: S608
_Row = tuple[Any, ...]


class _Hashed(msgspec.Struct, frozen=True):
    """What is hashed of an event, in the order of canonical JSON."""

    actor: str
    at: str
    cause: str | None
    data: msgspec.Raw
    id: str
    operation: str
    previous: str
    produced: msgspec.Raw
    seq: int
    subject: str
    type: str
    used: msgspec.Raw


class _HashedWithProject(msgspec.Struct, frozen=True):
    """The same of an event of a project."""

    actor: str
    at: str
    cause: str | None
    data: msgspec.Raw
    id: str
    operation: str
    previous: str
    produced: msgspec.Raw
    project: str
    seq: int
    subject: str
    type: str
    used: msgspec.Raw


_encode = msgspec.json.Encoder().encode
_check_json = msgspec.json.Decoder(msgspec.Raw).decode


class LogWalk:
    """What going through the log found, in one pass over millions of rows.

    Attributes
    ----------
    verdict
        Of the chain alone.
    edges
        The lineage edges that the events tell of.
    roots
        The hash of the Merkle tree of the first so many entries, by the sizes that were asked for; none of
        those that the log does not reach.
    steps, steps_back
        Entries that tell an earlier time than the one before them: the first ones, and how many there are.
    """

    def __init__(self, sizes: Iterable[int]) -> None:
        self.edges: Edges = {}
        self.roots: dict[int, bytes] = {}
        self.steps: list[ClockStep] = []
        self.steps_back = 0
        self.verdict = ChainVerdict(intact=True, checked=0, head=START)
        self._sizes = sorted(set(sizes), reverse=True)
        self._tree = MerkleFrontier()
        self._newest = ""

    def feed(self, rows: list[_Row]) -> bool:
        """Check some rows; tell whether to go on."""
        previous, seq = self.verdict.head, self.verdict.checked
        leaves: list[bytes] = []
        fault = None
        for row in rows:
            # Most events have no edges: only for the others is JSON decoded.
            if row[0] != seq + 1 or row[7] != previous or (row[8] != "[]" and row[12] != "[]"):
                fault = self._check_links(row, seq + 1, previous)
            if fault is None and _hash(row) != row[13]:
                fault = _fault_of_content(row)
            if fault is not None:
                break
            seq, previous = row[0], row[13]
            leaves.append(bytes.fromhex(previous))
            # Texts of one width (`write_time`) compare as their moments do.
            if row[2] < self._newest:
                self._step_back(row)
            else:
                self._newest = row[2]
        self._grow(leaves)
        self.verdict = ChainVerdict(intact=True, checked=seq, head=previous)
        if fault is not None:
            self.verdict = ChainVerdict(
                intact=False, checked=seq, head=previous, seq=row[0], event=str(row[5]), why=fault
            )
        return fault is None

    def _check_links(self, row: _Row, wanted: int, before: str) -> str | None:
        if row[0] != wanted:
            return f"entry {wanted} is missing"
        if row[7] != before:
            return "it does not continue the entry before it: one of the two was replaced"
        try:
            found = edges_of(_read(row))
        except (ValueError, TypeError, msgspec.MsgspecError) as error:
            return f"the entry can't be read: {error}"
        # As `append` keeps them: the first event that proves an edge, or else the first that claims it.
        for pair, claimed in found.items():
            if pair not in self.edges or (self.edges[pair][1] and not claimed):
                self.edges[pair] = row[0], claimed
        return None

    def _step_back(self, row: _Row) -> None:
        self.steps_back += 1
        if len(self.steps) < _MAX_STEPS:
            self.steps.append(ClockStep(seq=row[0], event=row[5], at=row[2], after=self._newest))

    def _grow(self, leaves: list[bytes]) -> None:
        # `_sizes` is sorted downwards: the next size to reach is at its end.
        start = 0
        if self._sizes and self._sizes[-1] == 0:
            self.roots[self._sizes.pop()] = self._tree.root
        while self._sizes and self._sizes[-1] <= self._tree.size + len(leaves) - start:
            size = self._sizes.pop()
            end = start + size - self._tree.size
            self._tree.add(*leaves[start:end])
            self.roots[size] = self._tree.root
            start = end
        if self._sizes:  # else no larger tree is asked for
            self._tree.add(*leaves[start:])


def walk(tx: Connection, sizes: Iterable[int] = ()) -> LogWalk:
    """Go through the log; stop at the first entry that was changed, removed, moved or added."""
    log_walk, raw = LogWalk(sizes), RawSql(tx)
    try:
        with raw.stream(_ALL, _BATCH) as batches:
            for rows in batches:
                if not log_walk.feed(rows):
                    break
    except DBAPIError as error:
        if not raw.is_sqlite:
            raise  # PostgreSQL keeps no text that it could not give back
        _find_unreadable(raw, log_walk, error)
    return log_walk


def _find_unreadable(raw: RawSql, found: LogWalk, error: DBAPIError) -> None:
    """Go on after an entry that SQLite can't give back as text, to the entry itself: it is the fault."""
    while True:
        after = found.verdict.checked
        try:
            rows = raw.execute(_NEXT, (after,)).fetchall()
        except (DBAPIError, sqlite3.Error):  # the driver decodes when it fetches
            rows = None
        if rows is None:
            seq = raw.execute("SELECT min(seq) FROM event WHERE seq > ?", (after,)).fetchone()[0]
            found.verdict = msgspec.structs.replace(
                found.verdict, intact=False, seq=seq, why=f"the entry can't be read: {error.orig}"
            )
            return
        if not rows:
            raise error
        if not found.feed(rows):
            return


def hashes(tx: Connection, after: int, until: int) -> Iterator[bytes]:
    """Yield the hashes of the entries with ``after < seq <= until``, in order: the leaves of the tree."""
    asked = "SELECT hash FROM event WHERE seq > ? AND seq <= ? ORDER BY seq"
    with RawSql(tx).stream(asked, _BATCH, (after, until)) as batches:
        for rows in batches:
            yield from (bytes.fromhex(row[0]) for row in rows)


def _hash(row: _Row) -> str:
    seq, actor, at, cause, data, name, operation, previous, produced, project, subject, kind, used, _ = row
    try:
        _check_json(data)
        if produced != "[]":
            # Text that is no value could run into what follows: other columns, and yet the same bytes.
            # Nothing follows `used`, so that it needs no check.
            _check_json(produced)
        raw = msgspec.Raw(data)
        # Moments are kept with microseconds, and were hashed without those that are zero.
        moment = f"{at[:19]}Z" if at[19:] == ".000000Z" else at
        made, used = msgspec.Raw(produced), msgspec.Raw(used)
        if project:
            spelled: msgspec.Struct = _HashedWithProject(
                actor, moment, cause, raw, name, operation, previous, made, project, seq, subject, kind, used
            )
        else:
            spelled = _Hashed(
                actor, moment, cause, raw, name, operation, previous, made, seq, subject, kind, used
            )
        return sha256(_encode(spelled)).hexdigest()
    except (ValueError, TypeError, msgspec.MsgspecError):
        return ""


def _fault_of_content(row: _Row) -> str | None:
    try:
        computed = chain_hash(_read(row))
        bytes.fromhex(row[13])
    except (ValueError, TypeError, msgspec.MsgspecError) as error:
        return f"the entry can't be read: {error}"
    if computed != row[13]:
        return "its content does not have the hash that was stored with it: it was changed"
    return None


def _read(row: _Row) -> Event:
    fields: dict[str, Any] = dict(zip(_COLUMNS.split(", "), row, strict=True))
    fields["at"] = read_time(fields["at"])
    for name in ("data", "used", "produced"):
        fields[name] = msgspec.json.decode(fields[name])
    fields["used"], fields["produced"] = tuple(fields["used"]), tuple(fields["produced"])
    return Event(**fields)
