"""The way of all requests of one endpoint: decode, score, record, answer.

One thread takes whatever waits and scores it together. There is no timer: a lone request is scored at
once, and while it is, the next ones gather. An answer goes out when its predictions are durable.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from meguru.base import digests
from meguru.base.batch_queue import BatchQueue
from meguru.errors import Busy, Conflict, MeguruError
from meguru.predictions import ids, payload, store
from meguru.predictions.types import PredictionBatch
from meguru.predictions.writer import Writer
from meguru.serving import answers, metrics, refusals
from meguru.serving.answers import PredictionResponse
from meguru.serving.body import RequestRows
from meguru.serving.loaded_model import ModelFailed, Served
from meguru.serving.threads import one_thread_each
from meguru.storage.db import Database

MAX_CALLS = 256
MAX_BYTES = 4 * 1024 * 1024
MAX_WAITING_CALLS = 4096
MAX_WAITING_BYTES = 256 * 1024 * 1024

OnAnswered = Callable[[PredictionResponse], None]


class PredictionCall:
    """One request under way; it is answered exactly once."""

    __slots__ = ("_done", "_lane", "_started", "body", "digest", "key", "received_at", "rows")

    def __init__(self, lane: str, body: bytes, key: str, received_at: datetime, done: OnAnswered) -> None:
        self.body, self.key, self.received_at = body, key, received_at
        self.digest = digests.of_bytes(body) if key else ""
        self.rows = RequestRows([])
        self._lane, self._done, self._started = lane, done, time.perf_counter()

    def answer(self, answer: PredictionResponse) -> None:
        """Give the answer; a second one is dropped."""
        done, self._done = self._done, _ignore
        if done is _ignore:
            return
        metrics.requests(self._lane, answer.status).inc()
        metrics.seconds(self._lane).observe(time.perf_counter() - self._started)
        done(answer)

    def fail(self, error: BaseException) -> None:
        """Answer with an error."""
        self.answer(answers.of_error(error))


def _ignore(_: PredictionResponse) -> None:
    return


class Lane:
    """The queue and the thread of one endpoint.

    Attributes
    ----------
    served
        The one reference that is replaced when the endpoint changes over; None before the first time.
    """

    def __init__(self, name: str, db: Database, writer: Writer) -> None:
        self.name = name
        self.served: Served | None = None
        self._db, self._writer = db, writer
        self._queue: BatchQueue[PredictionCall] = BatchQueue(max_items=MAX_CALLS, max_bytes=MAX_BYTES)
        self._thread = threading.Thread(target=self._run, name=f"endpoint-{name}", daemon=True)
        self._thread.start()

    def submit(self, call: PredictionCall) -> None:
        """Take a request; one too many is told to come back later."""
        if self._queue.waiting >= MAX_WAITING_CALLS or self._queue.waiting_bytes > MAX_WAITING_BYTES:
            why = f"{MAX_WAITING_CALLS} requests or {MAX_WAITING_BYTES:,} bytes are waiting"
            call.fail(Busy("the endpoint is overloaded", why=why))
        elif not self._queue.put(call, len(call.body)):
            call.fail(Busy("the server is stopping"))

    def close(self) -> None:
        """Serve what is waiting, then stop."""
        self._queue.close()
        self._thread.join()

    def _run(self) -> None:
        limited: Any = None
        while group := self._queue.take():
            # Read once for a group: a change-over takes effect with the next one, and no request sees two
            # models.
            served = self.served
            try:
                if served is None:
                    raise Busy(f"endpoint {self.name!r} is loading its model")
                if limited is not served.predictor:
                    one_thread_each()
                    limited = served.predictor
                self._serve(served, group)
            except BaseException as error:  # noqa: BLE001 - whatever happens, every call is answered
                for call in group:
                    call.fail(error)

    def _serve(self, served: Served, group: list[PredictionCall]) -> None:
        ready = []
        for call in group:
            try:
                if not (call.key and served.record and self._recall(call)):
                    call.rows = served.decode(call.body)
                    ready.append(call)
            except MeguruError as error:
                call.fail(error)
        if ready:
            self._score(served, ready)

    def _score(self, served: Served, group: list[PredictionCall]) -> None:
        rows = group[0].rows.rows if len(group) == 1 else [row for call in group for row in call.rows.rows]
        try:
            scores = served.score(rows)
        except ModelFailed:
            if (
                len(group) > 1
            ):  # one bad request must not fail its neighbours, nor cost each a call of its own
                middle = len(group) // 2
                self._score(served, group[:middle])
                self._score(served, group[middle:])
                return
            try:
                scores = refusals.score(served, group[0].rows)
            except MeguruError as error:
                group[0].fail(error)
                return
        shadows = served.shadow_scores(rows)
        start = 0
        for call in group:
            end = start + len(call.rows.rows)
            part = {ref: values[start:end] for ref, values in shadows.items()}
            try:
                self._finish(served, call, scores[start:end], part)
            except Exception as error:  # noqa: BLE001 - what can't be kept of one is no fault of the others
                call.fail(error)
            start = end

    def _finish(
        self, served: Served, call: PredictionCall, scores: list[float], shadows: dict[str, Any]
    ) -> None:
        n = len(scores)
        if not served.record:
            metrics.rows(self.name).inc(n)
            call.answer(answers.predictions(None, scores, served.model_ref, served.release_ref))
            return
        batch = _batch(served, call, scores, shadows)
        answer = answers.predictions(batch.id, scores, served.model_ref, served.release_ref)

        # Called after the commit: who has an answer has a prediction that a crash can't take.
        def recorded(error: MeguruError | None) -> None:
            if error is None:
                metrics.rows(self.name).inc(n)
                call.answer(answer)
            else:
                self._not_recorded(call, error)

        self._writer.submit(batch, recorded)

    def _not_recorded(self, call: PredictionCall, error: MeguruError) -> None:
        try:
            if isinstance(error, Conflict) and self._recall(call):
                return
        except Exception as failure:  # noqa: BLE001 - the writer's thread must go on
            call.fail(failure)
        call.fail(error)

    def _recall(self, call: PredictionCall) -> bool:
        """Answer as before a request whose key was answered before."""
        with self._db.read() as tx:
            known = store.by_key(tx, self.name, call.key)
        if known is None:
            return False
        if known.digest != call.digest:
            raise Conflict(
                "this idempotency key was used for another request",
                why="a key stands for one request; its body can't change",
                hint="send a new key with the new body",
                field="Idempotency-Key",
            )
        scores = payload.scores(known.payload)
        call.answer(answers.predictions(known.id, scores, known.model_ref, known.release_ref))
        return True


def _batch(
    served: Served, call: PredictionCall, scores: list[float], shadows: dict[str, Any]
) -> PredictionBatch:
    times = call.rows.times or [call.received_at] * len(scores)
    content = payload.make(served.types, served.columns(call.rows.rows), scores, times, shadows)
    return PredictionBatch(
        id=ids.new_batch_id(),
        endpoint=served.endpoint,
        model_ref=served.model_ref,
        release_ref=served.release_ref,
        received_at=call.received_at,
        first_time=min(times),
        last_time=max(times),
        n=len(scores),
        payload=payload.pack(content),
        key=call.key or None,
        digest=call.digest,
    )
