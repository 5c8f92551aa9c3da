"""Report what this server process answers with (its replicas), and send heartbeats."""

from __future__ import annotations

import logging
import os
import socket
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from meguru.base import refs
from meguru.base.ids import new_id
from meguru.base.outages import Outage
from meguru.errors import MeguruError
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace
from meguru.serving import replicas
from meguru.serving.kind import ENDPOINT
from meguru.serving.types import Deployment, Replica

if TYPE_CHECKING:
    from meguru.serving.loaded_model import LoadedModel

log = logging.getLogger(__name__)
HEARTBEAT_SECONDS = 5.0
ACTOR = system("serving")


class Reporter:
    """What one process tells of its endpoints; the thread that follows the log calls all but `stop`.

    A change (it answers with another release, or can't take one up) is an event; that the process is still
    there is not.
    """

    def __init__(self, ws: Workspace) -> None:
        self.server = f"{socket.gethostname()[:60]}:{os.getpid()}:{new_id('s')[-8:]}"
        self._ws = ws.with_(principal=ACTOR)
        self._known: dict[str, Replica] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="serving-heartbeat", daemon=True)

    def start(self) -> None:
        """Begin to say that this process lives."""
        self._thread.start()

    def enroll(self, endpoint: str) -> None:
        """Tell that an endpoint is about to be taken up."""
        if endpoint in self._known:
            return
        now = self._ws.clock.now()
        with self._ws.db.write() as tx:
            replicas.enroll(tx, endpoint, self.server, now)
        self._known[endpoint] = Replica(endpoint=endpoint, server=self.server, seen_at=now)

    def report(self, live: Deployment, served: LoadedModel | None, fault: MeguruError | None) -> None:
        """Tell what answers now, and why not what should; the same again is not told."""
        if served is None and fault is None:
            return
        now, before = self._ws.clock.now(), self._known.get(live.endpoint)
        answers = served.release_ref if served else None
        same = before is not None and before.release_ref == answers
        wrong = fault if answers != live.release_ref else None  # else it is a shadow's
        new = Replica(
            endpoint=live.endpoint,
            server=self.server,
            seen_at=now,
            model_ref=served.model_ref if served else None,
            release_ref=answers,
            since=before.since if before and same else now,
            fault=wrong.as_dict() if wrong else None,
            refused=live.release_ref if wrong else None,
        )
        if same and before and (before.fault, before.refused) == (new.fault, new.refused):
            return
        _REPORT.commit(self._ws, partial(_write, replica=new, promoted=live.model_ref, cause=live.event))
        self._known[live.endpoint] = new

    def forget(self, endpoint: str) -> None:
        """Take away what was told of an endpoint that is no more."""
        self._known.pop(endpoint, None)
        with self._ws.db.write() as tx:
            replicas.remove(tx, endpoint, self.server)

    def stop(self) -> None:
        """Tell that this process answers no more."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        try:
            with self._ws.db.write() as tx:
                replicas.remove_server(tx, self.server, self._ws.clock.now())
        except Exception:  # the database may be away; the others see that we are silent
            log.exception("that this server stops could not be written down")

    def _beat(self) -> None:
        outage = Outage(log)
        while not self._stop.wait(HEARTBEAT_SECONDS):
            if not self._known:
                continue
            try:
                now, known = self._ws.clock.now(), list(self._known.values())
                with self._ws.db.write() as tx:
                    if replicas.heartbeat(tx, self.server, now) == 0:
                        # Not heard of for an hour (a laptop slept, the database was away), it was forgotten.
                        for replica in known:
                            replicas.put(tx, msgspec.structs.replace(replica, seen_at=now))
            except Exception as error:  # noqa: BLE001 - the database may be away for a while
                outage.failed(error, "a heartbeat of serving failed")
            else:
                outage.worked("heartbeats of serving are written")


def _write(ctx: Context, *, replica: Replica, promoted: str, cause: str) -> None:
    """Write what a server does at an endpoint, with the event that tells of it."""
    replicas.put(ctx.tx, replica)
    subject, because = refs.make("endpoint", replica.endpoint), cause or None
    told: dict[str, Any] = {"model": promoted, "server": replica.server}
    if replica.fault is None:
        ctx.emit("endpoint.serving", subject, data=told | {"release": replica.release_ref}, cause=because)
        return
    why = ": ".join(filter(None, (replica.fault.get("what"), replica.fault.get("why"))))
    told |= {"release": replica.refused, "why": why, "answering": replica.model_ref}
    ctx.emit("endpoint.failed", subject, data=told | {"fault": replica.fault}, cause=because)


_REPORT = InternalOperation(ENDPOINT, "report", evented=True)
