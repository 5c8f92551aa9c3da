"""Sends a spool to its place: in order, each batch once, however often it is tried and by whom."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from typing import Any, Protocol, Self

import msgspec

from meguru.errors import Conflict, InvalidInput, MeguruError, TooLarge
from meguru.kernel.operations import Door
from meguru.storage.blobs import BlobStore
from meguru.tracking import lease, runs
from meguru.tracking.spool import RunSpool, SpoolBatch
from meguru.tracking.types import MetricPoint, Run

log = logging.getLogger(__name__)


class TrackingDoor(Door, Protocol):
    """A workspace, here or on a server; bare names are of its project."""

    project: str

    @property
    def blobs(self) -> BlobStore:
        """The place's blobs."""
        ...

    def with_(self, *, project: str | None = None, idempotency_key: str | None = None) -> Self:
        """Return a view in another project, or one that sends a key with the next operation."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


class Sender:
    """Sends what is in a spool; safe to call from several threads, one of them sends at a time."""

    def __init__(self, place: TrackingDoor, spool: RunSpool) -> None:
        # Who sends what another process left may work in another project.
        self._place, self._spool = place.with_(project=spool.start.project), spool
        self._turn = threading.Lock()
        self.run: Run | None = None
        self.refused: list[MeguruError] = []
        self.is_finished = False
        self._last: datetime | None = None

    def start(self) -> Run:
        """Start the run; nothing happens if it was."""
        given = msgspec.convert(self._spool.start.arguments, dict[str, Any])
        self.run = runs.start(self._place, **(given | {"at": datetime.fromisoformat(given["at"])}))
        return self.run

    def send(self) -> None:
        """Send all that is waiting; raise what stops it.

        A record that the server won't have (a param that would change) is told of, and the rest goes on.
        """
        with self._turn:
            if self.run is None:
                self.start()
            # The end waits until forked processes' records are sent: a run that is over takes no more.
            end = self._send(self._spool)
            for part in self._spool.parts():
                self._send(part)
            if end is not None:
                self._deliver(self._spool, end)
                self._spool.done(end)
            # Within the turn: no other thread may have begun to read a batch where the file is cut off.
            with self._spool.lock:
                self._spool.rotate()

    def _send(self, spool: RunSpool) -> SpoolBatch | None:
        """Send what is waiting in a spool; the end of the run is returned, since all else comes first."""
        while (batch := spool.next()) is not None:
            if batch.records[0][0] == "f":
                return batch
            self._deliver(spool, batch)
            spool.done(batch)
        return None

    def end(self) -> None:
        """End the run of a process that died, at the moment when it logged last."""
        with self._turn:
            if not self.is_finished:
                at = self._last or datetime.now(UTC)
                runs.finish(self._place, run=self._id, state="failed", error=lease.DIED, at=at, late=True)
                self.is_finished = True

    @property
    def _id(self) -> str:
        return str(self._spool.start.arguments["id"])

    def _deliver(self, spool: RunSpool, batch: SpoolBatch) -> None:
        view = self._place.with_(idempotency_key=batch.key)
        kind = batch.records[0][0]
        try:
            if kind == "m":
                runs.log(view, run=self._id, metrics=self._points(batch.records), late=True)
            else:
                self._one(view, spool, kind, batch.records[0][1])
        except (Conflict, InvalidInput, TooLarge) as error:
            # A run that is over refuses everything; a param that would change refuses itself alone.
            if kind == "f" or (isinstance(error, Conflict) and kind != "p"):
                raise
            self.refused.append(error)
            log.warning("a run goes on without something that was refused: %s", error)

    def _one(self, view: TrackingDoor, spool: RunSpool, kind: str, content: Any) -> None:
        if kind == "p":
            runs.log(view, run=self._id, params=content, late=True)
        elif kind == "t":
            runs.log(view, run=self._id, tags=content, late=True)
        elif kind == "a":
            file = spool.file(content["digest"])
            if not view.blobs.has(content["digest"]):
                if not file.exists():
                    # It was put into this machine's own store when it was logged, which frees what nothing
                    # has needed for a day; the rest of the run is worth sending all the same.
                    raise InvalidInput(f"the file {content['path']!r} is gone", why="it was sent too late")
                view.blobs.put_file(file)
            runs.add_artifact(view, run=self._id, late=True, **content)
        elif kind == "f":
            at = datetime.fromisoformat(content["at"])
            self.run = runs.finish(view, run=self._id, late=True, **(content | {"at": at}))
            self.is_finished = True

    def _points(self, records: list[Any]) -> list[MetricPoint]:
        points = []
        for _, ms, values in records:
            at = datetime.fromtimestamp(ms / 1000, UTC)
            points += [
                MetricPoint(key=key, value=value, step=step, at=at) for key, (value, step) in values.items()
            ]
            self._last = at
        return points
