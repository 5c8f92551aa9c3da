"""Track a run from a script: ``with run("train", params={...}) as r: r.log(auc=0.84, step=3)``."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from meguru.base.ids import new_id
from meguru.errors import InvalidInput
from meguru.runtime.operations import Door
from meguru.storage.blobs import BlobStore
from meguru.tracking import alive, runs
from meguru.tracking.keys import MAX_POINTS, number
from meguru.tracking.pulse import Pulse, is_refusal
from meguru.tracking.types import EndState, MetricPoint, Run

FLUSH_POINTS = 1000
FLUSH_SECONDS = 1.0
BEAT_SECONDS = 15.0
LEASE_SECONDS = 60.0
KEEP_POINTS = 200_000


class Place(Door, Protocol):
    """A workspace, here or on a server."""

    @property
    def blobs(self) -> BlobStore:
        """The place's blobs."""
        ...

    def with_(self, *, idempotency_key: str | None = None) -> Self:
        """Return a view that sends a key with the next operation."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


class ActiveRun:
    """A run under way; leaving the ``with`` block ends it, an exception makes it failed.

    Points are sent in batches: after 1,000, after a second, and at the end. A server that does not answer
    for a while costs nothing but memory; each batch is kept once, however often it is sent. A thread beside
    the block tells that the process is alive; a run that is silent for a minute is interrupted. Safe to use
    from several threads.

    Parameters
    ----------
    open_place
        Opens the workspace when the block is entered.
    name
        What the run is called.
    experiment
        The experiment it belongs to; created if need be.
    params
        What it starts from; values are written as text.
    tags
        Labels; they can be set again later.
    used
        References of what it starts from, as in ``dataset/flights@3``.
    """

    def __init__(
        self,
        open_place: Callable[[], Place],
        name: str = "",
        *,
        experiment: str = "default",
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        used: list[str] | None = None,
    ) -> None:
        self._open = open_place
        self._start: dict[str, Any] = {"experiment": experiment, "name": name, "used": used or []}
        self._start["lease"] = LEASE_SECONDS
        self._start |= {"params": _texts(params), "tags": _texts(tags)}
        self._points: list[MetricPoint] = []
        self._sending: tuple[str, list[MetricPoint]] | None = None
        self._steps: dict[str, int] = {}
        self._lock = threading.Lock()  # of the buffer; never held while something is sent
        self._turn = threading.Lock()  # of the sender
        self._unanswered = False
        self._pulse: Pulse
        self.info: Run

    @property
    def id(self) -> str:
        """The run's id."""
        return self.info.id

    @property
    def ref(self) -> str:
        """The run's reference, ``run/ID``."""
        return self.info.ref

    def log(
        self, metrics: Mapping[str, float] | None = None, /, *, step: int | None = None, **more: float
    ) -> None:
        """Log metric values at a step; without one, each metric's own next step."""
        now = datetime.now(UTC)
        with self._lock:
            for key, value in {**(metrics or {}), **more}.items():
                at_step = self._steps.get(key, -1) + 1 if step is None else step
                self._steps[key] = at_step
                self._points.append(MetricPoint(key=key, value=number(key, value), step=at_step, at=now))
            waiting = len(self._points)
        if waiting > KEEP_POINTS or not self._pulse.is_going():
            self.flush()
        elif waiting >= FLUSH_POINTS and not self._unanswered:
            self._try_flush()

    def param(self, **params: Any) -> None:
        """Write params; a param can't change once it is there."""
        runs.log(self._ws, run=self.id, params=_texts(params))

    def tag(self, **tags: Any) -> None:
        """Write tags, over those of the same name."""
        runs.log(self._ws, run=self.id, tags=_texts(tags))

    def artifact(self, path: str | Path, name: str = "") -> None:
        """Keep a file, or all files of a folder, under `name` (default: its own)."""
        source = Path(path)
        if not source.exists():
            raise InvalidInput(f"there is no file {str(source)!r}", where=str(source), field="path")
        base = name or source.name
        files = sorted(file for file in source.rglob("*") if file.is_file()) if source.is_dir() else [source]
        for file in files:
            inside = f"{base}/{file.relative_to(source).as_posix()}" if source.is_dir() else base
            runs.add_artifact(self._ws, run=self.id, path=inside, digest=self._ws.blobs.put_file(file))

    def flush(self) -> None:
        """Send what is still buffered."""
        with self._turn:
            while (sending := self._next_batch()) is not None:
                key, batch = sending
                self._unanswered = True
                runs.log(self._ws.with_(idempotency_key=key), run=self.id, metrics=batch)
                self._unanswered, self._sending = False, None

    def _next_batch(self) -> tuple[str, list[MetricPoint]] | None:
        """Return the batch under way, else the next one; None when all is sent."""
        with self._lock:
            if self._sending is None and self._points:
                self._sending = new_id("batch"), self._points[:MAX_POINTS]
                del self._points[:MAX_POINTS]
            return self._sending

    def _try_flush(self) -> None:
        try:
            self.flush()
        except Exception as error:
            if is_refusal(error):
                raise

    def __enter__(self) -> Self:
        self._ws = self._open()
        self.info = runs.start(self._ws, **self._start)
        self._pulse = Pulse(
            self.flush,
            lambda: alive.beat(self._ws, run=self.id),
            flush_seconds=FLUSH_SECONDS,
            beat_seconds=BEAT_SECONDS,
        )
        self._pulse.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        state: EndState = "succeeded" if error is None else "failed"
        if isinstance(error, KeyboardInterrupt):
            state = "cancelled"
        told = "".join(traceback.format_exception(kind, error, trace))[-runs.MAX_ERROR :] if error else ""
        try:
            self._pulse.stop()
            self.flush()
            self.info = runs.finish(self._ws, run=self.id, state=state, error=told)
        except Exception as late:
            if error is None:
                raise
            error.add_note(f"the run {self.id} could not be ended: {late}")
        finally:
            self._ws.close()


def _texts(values: Mapping[str, Any] | None) -> dict[str, str]:
    return {key: value if isinstance(value, str) else repr(value) for key, value in (values or {}).items()}
