"""The service that listens: a task for each trigger, begun and ended as triggers are declared and retired."""

from __future__ import annotations

import asyncio
import logging
import random
import socket
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

from meguru.base.ids import new_id
from meguru.base.source_secrets import Secrets
from meguru.errors import MeguruError
from meguru.kernel.operations import Context
from meguru.kernel.services import Follower
from meguru.kernel.workspace import Workspace
from meguru.triggers import store as triggers
from meguru.triggers.arrivals import store
from meguru.triggers.arrivals.port import LISTEN, ListenerPort
from meguru.triggers.kinds.listening import Listening
from meguru.triggers.parse import kind_of
from meguru.triggers.types import Trigger

log = logging.getLogger(__name__)
CHANGES = frozenset(f"trigger.{verb}" for verb in ("created", "updated", "retired", "paused", "resumed"))
MIN_RETRY_SECONDS, MAX_RETRY_SECONDS = 0.5, 60.0
"""Seconds before a source that was lost is tried again; each time twice as long, up to the longest."""
THREADS = 4
MAX_ERROR = 1000
STOP_SECONDS = 10.0


class Listeners(Follower):
    """Runs the listeners of all enabled triggers whose lease this server has; another server takes over."""

    name = "listeners"

    def __init__(self, ws: Workspace) -> None:
        super().__init__(ws)
        self.holder = f"{socket.gethostname()}/{new_id('lsn')}"
        self._lease = ws.settings.lease_seconds
        self._version = -1
        self._wanted: dict[str, Trigger] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._thread: threading.Thread | None = None
        self._running: dict[str, tuple[dict[str, Any], Future[None]]] = {}

    def wakes(self, type: str) -> bool:
        """Tell whether an event changes what is listened to."""
        return type in CHANGES

    def rest(self) -> float:
        """Return the seconds to the next look: leases are renewed three times before they run out."""
        return self._lease / 3

    def step(self) -> int:
        """Begin what is to be listened to, end what is not; return how many listeners run."""
        wanted = self._refresh()
        gone = [name for name in self._running if name not in wanted]
        if not wanted and not gone:
            return 0
        held = LISTEN.commit(self.ws, partial(self._hold, names=sorted(wanted)))
        # Ended before their leases are given back, and before another task for the same trigger begins: two
        # readers of one source would hand over the same messages.
        for name, (on, _) in list(self._running.items()):
            if name not in held or wanted[name].on != on:
                self._end(name)
        if gone:
            LISTEN.commit(self.ws, partial(self._give_back, names=gone))
        for name in held:
            if name not in self._running:
                self._begin(wanted[name])
        return len(self._running)

    def run(self, stop: threading.Event) -> None:
        """Listen until `stop` is set; then give the leases back, so that another server goes on at once."""
        try:
            super().run(stop)
        finally:
            self.close()

    def close(self) -> None:
        """End all listeners and give their leases back."""
        names = list(self._running)
        for name in names:
            self._end(name)
        if names:
            LISTEN.commit(self.ws, partial(self._give_back, names=names))
        if self._loop is not None and self._threads is not None and self._thread is not None:
            self._threads.shutdown(wait=True)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(STOP_SECONDS)
            self._loop = self._thread = self._threads = None

    def _refresh(self) -> dict[str, Trigger]:
        """Return what is to be listened for; only what changed since the last look is read."""
        with self.ws.read() as tx:
            changed = triggers.changed_since(tx, self._version)
        for each, is_there in changed:
            self._version = each.version
            self._wanted.pop(each.name, None)
            if is_there and is_listening(each):
                self._wanted[each.name] = each
        return self._wanted

    def _hold(self, ctx: Context, *, names: list[str]) -> list[str]:
        now = ctx.now()
        until = now + timedelta(seconds=self._lease)
        return [name for name in names if store.take_lease(ctx.tx, name, self.holder, now, until)]

    def _give_back(self, ctx: Context, *, names: list[str]) -> None:
        for name in names:
            store.release(ctx.tx, name, self.holder)

    def _begin(self, trigger: Trigger) -> None:
        if self._loop is None or self._threads is None:
            self._loop = asyncio.new_event_loop()
            self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="arrivals")
            self._thread = threading.Thread(
                target=_run_loop, args=(self._loop,), name="listening", daemon=True
            )
            self._thread.start()
        port = ListenerPort(self.ws, trigger, self.holder, self._threads)
        task = asyncio.run_coroutine_threadsafe(supervise(trigger, port), self._loop)
        self._running[trigger.name] = (trigger.on, task)

    def _end(self, name: str) -> None:
        _, task = self._running.pop(name)
        if self._loop is None:
            return
        task.cancel()
        ended = asyncio.run_coroutine_threadsafe(_wait_for_end(name), self._loop)
        try:
            ended.result(timeout=STOP_SECONDS)
        except TimeoutError:
            log.warning("the listener of trigger/%s does not end", name)


def is_listening(trigger: Trigger) -> bool:
    """Tell whether a trigger is to be listened for."""
    try:
        return trigger.enabled and isinstance(kind_of(trigger.on), Listening)
    except MeguruError:
        return False


async def supervise(trigger: Trigger, port: ListenerPort) -> None:
    """Listen for a trigger, again and again, until cancelled; write down how that goes."""
    _name_task(trigger.name)
    wait = MIN_RETRY_SECONDS
    while True:
        secrets = Secrets()
        try:
            kind = kind_of(trigger.on)
            if not isinstance(kind, Listening):
                return
            await kind.listener(port.ws, secrets).run(port)
            error = "the source ended"
        except Exception as trouble:  # noqa: BLE001 - whatever it is, it is told, and tried again
            error = error_text(trouble, secrets)
        if port.is_connected:  # it worked in between, so this is a new trouble
            wait = MIN_RETRY_SECONDS
        log.warning("trigger/%s lost its source: %s", trigger.name, error)
        try:
            await port.lost(error)
        except Exception:
            log.exception("how trigger/%s listens could not be written down", trigger.name)
        # Exponential backoff with jitter: a broker that comes back is not met by all its listeners at once.
        await asyncio.sleep(wait * random.uniform(0.8, 1.2))  # noqa: S311 - no secret hangs on it
        wait = min(wait * 2, MAX_RETRY_SECONDS)


def error_text(trouble: BaseException, secrets: Secrets) -> str:
    """Return an error in words, of a group the first one, without secrets and of a bounded length."""
    while isinstance(trouble, BaseExceptionGroup):
        trouble = trouble.exceptions[0]
    if isinstance(trouble, MeguruError):
        text = " ".join(filter(None, (trouble.what, trouble.why and f"({trouble.why})")))
    else:
        text = f"{type(trouble).__name__}: {trouble}"
    # Hidden before it is cut: the first half of a secret across the cut would not be recognised.
    return secrets.hide(text)[:MAX_ERROR]


def _name_task(name: str) -> None:
    task = asyncio.current_task()
    if task is not None:
        task.set_name(f"listener:{name}")


def _run_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Turn a loop until it is stopped."""
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()


async def _wait_for_end(name: str) -> None:
    """Wait until a listener's task has ended."""
    tasks = [all_task for all_task in asyncio.all_tasks() if all_task.get_name() == f"listener:{name}"]
    if tasks:
        await asyncio.wait(tasks, timeout=STOP_SECONDS)
