"""The service that signs heads when they are due, and writes them where they belong."""

from __future__ import annotations

import logging
import os
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from meguru.audit.checkpoints import heads, store
from meguru.audit.checkpoints.kind import CHECKPOINT
from meguru.audit.checkpoints.places import place_of
from meguru.base.ticker import Ticker
from meguru.errors import MeguruError
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.principals import system

if TYPE_CHECKING:
    from meguru.audit.checkpoints.types import PlaceState
    from meguru.kernel.workspace import Workspace

log = logging.getLogger(__name__)
LEASE_SECONDS = 120.0
MAX_SILENT_FAILURES = 3
"""After so many failures in a row people are told."""
_BATCH, _MAX_BACKOFF = 50, 600.0
_HOLD, _NOTE = InternalOperation(CHECKPOINT, "hold"), InternalOperation(CHECKPOINT, "note")


class CheckpointWriter(Ticker):
    """Looks every few seconds; several servers may run one each, and one of them writes to a place."""

    name = "checkpoints"
    pause = 2.0

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws.with_(principal=system("checkpoints"))
        self._owner = f"{os.getpid()}-{uuid.uuid4().hex[:12]}"
        self._said = ""

    def tick(self) -> int:
        """Sign what is due, write what waits; return how many places got something."""
        with self.ws.read() as tx:
            specs = store.declared(tx)
            due = bool(specs) and heads.is_due(tx, specs.values(), self.ws.clock.now())
        if not specs:
            return 0
        if due:
            self._sign()
        with self.ws.read() as tx:
            newest = store.newest_head(tx)
            waiting = [
                each
                for each in (store.places(tx) if newest else [])
                if newest and each.written < newest.size and self._is_time(each)
            ]
        return sum(self._write(each) for each in waiting)

    def _is_time(self, place: PlaceState) -> bool:
        wait = (place.try_at - self.ws.clock.now()).total_seconds()
        # Longer than any pause: the clock was set back.
        return not place.failures or wait <= 0 or wait > _MAX_BACKOFF

    def _sign(self) -> None:
        try:
            heads.sign(self.ws)
        except MeguruError as error:
            # What was signed before can still be written; why no more is signed is said once.
            if self._said != error.why:
                log.warning("%s: %s (%s)", error.what, error.why, error.hint)
            self._said = error.why

    def _write(self, place: PlaceState) -> bool:
        until = self.ws.clock.now() + timedelta(seconds=LEASE_SECONDS)
        # A lease, not a lock: the write may take minutes, and a server that dies in it holds the place no
        # longer.
        if not _HOLD.commit(
            self.ws, lambda ctx: store.acquire_lease(ctx.tx, place, self._owner, ctx.now(), until)
        ):
            return False
        with self.ws.read() as tx:
            kept_heads = store.heads(tx, after=place.written, limit=_BATCH)
        why = ""
        try:
            place_of(place.place, self.ws.settings).write([(head.size, head.note) for head in kept_heads])
        except MeguruError as error:
            why = ": ".join(part for part in (error.what, error.why) if part)
        except OSError as error:
            why = error.strerror or str(error)
        written = kept_heads[-1].size if kept_heads else place.written
        _NOTE.commit(self.ws, lambda ctx: self._note(ctx, place, written, why[:500]))
        return not why

    def _note(self, ctx: Context, place: PlaceState, written: int, why: str) -> None:
        failures, now = place.failures + 1 if why else 0, ctx.now()
        # 2, 4, 8 … seconds: a place that is away for days is asked less and less, up to the bound.
        pause = min(_MAX_BACKOFF, 2.0**failures) if why else 0.0
        values: dict[str, Any] = {
            "failures": failures,
            "error": why,
            "failure_reported": bool(why) and (place.failure_reported or failures >= MAX_SILENT_FAILURES),
            "try_at": now + timedelta(seconds=pause),
        }
        if not why:
            values |= {"written": written, "written_at": now}
        if not store.record_progress(ctx.tx, place, self._owner, values):
            return  # another server took over, and knows better
        about: dict[str, Any] = {"checkpoint": place.checkpoint, "place": place.place}
        ref = f"checkpoint/{place.checkpoint}"
        if values["failure_reported"] and not place.failure_reported:
            data = about | {"why": why, "since": max(place.written, 0)}
            ctx.emit("checkpoint.unwritten", ref, data=data)
        elif place.failure_reported and not why:
            ctx.emit("checkpoint.written_again", ref, data=about | {"size": written})
