"""The batcher of one endpoint: requests are decoded, scored, recorded and answered in batches.

One thread takes whatever waits and scores it together ("natural batching"): a lone request is scored at once,
and while it is, the next ones gather. There is no timer, so there is no batching delay to tune. An answer
goes out when its predictions are durable.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime
from typing import Any

from meguru.base.batch_queue import BatchQueue
from meguru.errors import Busy, Conflict, MeguruError, TimedOut
from meguru.features.online.lookup import StoreUnavailable
from meguru.predictions import ids, payload, store
from meguru.predictions.outputs import ModelAnswer
from meguru.predictions.payload import PayloadColumns, ScoringBatch
from meguru.predictions.types import PredictionBatch
from meguru.predictions.writer import Writer
from meguru.serving import answers, metrics, refusals
from meguru.serving.contracts.counts import ConsumerCounts
from meguru.serving.loaded_model import LoadedModel, ModelFailed
from meguru.serving.prediction_call import PredictionCall
from meguru.serving.threads import one_thread_each
from meguru.serving.traffic.log import RequestLog
from meguru.storage.db import Database

MAX_CALLS = 256
MAX_BYTES = 4 * 1024 * 1024
MAX_WAITING_CALLS = 4096
MAX_WAITING_BYTES = 256 * 1024 * 1024


class Batcher:
    """The queue and the thread of one endpoint.

    Attributes
    ----------
    served
        The one reference that is replaced when the endpoint changes over; None before the first time.
    consumers
        Who was answered since it was last asked.
    """

    def __init__(self, name: str, db: Database, writer: Writer, log: RequestLog | None = None) -> None:
        self.name = name
        self.served: LoadedModel | None = None
        self.consumers = ConsumerCounts()
        self._db, self._writer = db, writer
        self._log = RequestLog() if log is None else log
        self._queue: BatchQueue[PredictionCall] = BatchQueue(max_items=MAX_CALLS, max_bytes=MAX_BYTES)
        self._thread = threading.Thread(target=self._run, name=f"endpoint-{name}", daemon=True)
        self._thread.start()

    def submit(self, call: PredictionCall) -> None:
        """Take a request; one too many is told to come back later."""
        # Load is shed here, before anything is decoded: a queue that only grows answers everybody too late.
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
            began, used = time.perf_counter(), time.thread_time()
            try:
                if served is None:
                    raise Busy(f"endpoint {self.name!r} is loading its model")
                # The limit is of the calling thread, and a library that was loaded with a new model has none
                # yet.
                if limited is not served.predictor:
                    one_thread_each()
                    limited = served.predictor
                self._serve(served, group)
            except BaseException as error:  # noqa: BLE001 - whatever happens, every call is answered
                for call in group:
                    call.fail(error)
            now = time.perf_counter()
            self._log.worked((now, now - began, time.thread_time() - used))

    def _serve(self, served: LoadedModel, group: list[PredictionCall]) -> None:
        ready = []
        for call in group:
            try:
                if not (call.key and served.record and self._answer_again(call)):
                    call.view, call.rows = served.decode(call.body, call.contract)
                    ready.append(call)
            except MeguruError as error:
                call.fail(error)
        for some in _grouped_by_view(ready) if served.mapped else filter(None, [ready]):
            if filled := self._enriched(some):
                self._score(served, filled)

    def _enriched(self, calls: list[PredictionCall]) -> list[PredictionCall]:
        """Have views fill in what was not sent; a call for which they can't is answered with the reason.

        A store that is away, and code that does not answer, are asked once for all that wait together.
        """
        view = calls[0].view
        if view is None or view.features is None:
            return calls
        try:
            view.fill([call.rows for call in calls], [call.received_at for call in calls])
        except Exception as error:  # noqa: BLE001 - each call is answered
            if isinstance(error, StoreUnavailable | TimedOut):
                # Not halved like other errors: each half would wait for the same timeout again.
                asking = [call for call in calls if view.asks(call.rows)] or calls
                for call in asking:
                    call.fail(error)
                left = [call for call in calls if call not in asking]
                return self._enriched(left) if left else []
            # One request is at fault: found by halves, at the price of log2(n) more lookups
            if len(calls) > 1:
                middle = len(calls) // 2
                return [*self._enriched(calls[:middle]), *self._enriched(calls[middle:])]
            calls[0].fail(error)
            return []
        return calls

    def _score(self, served: LoadedModel, group: list[PredictionCall]) -> None:
        rows = group[0].rows.rows if len(group) == 1 else [row for call in group for row in call.rows.rows]
        try:
            answer = served.answer(rows)
        except ModelFailed:
            # One bad request must not fail its neighbours, nor cost each a call of its own.
            if len(group) > 1:
                middle = len(group) // 2
                self._score(served, group[:middle])
                self._score(served, group[middle:])
                return
            try:
                answer = refusals.answer(served, group[0].rows, group[0].view)
            except MeguruError as error:
                group[0].fail(error)
                return
        sent = [row for call in group for row in call.rows.sent or ()] if served.mapped else None
        times = None
        if served.mapped and any(call.rows.times for call in group):
            times = [time for call in group for time in _times(call)]
        shadows = served.shadow_answers(rows, group[0].view, sent, times)
        # Ids ascend, so that what was scored together is found again between the first and the last
        # (`replay`).
        batch_ids = [ids.new_batch_id() for _ in group] if served.record else [""] * len(group)
        together = None
        if len(group) > 1 and served.record:
            together = payload.ScoringBatch(batch_ids[0], batch_ids[-1], len(group))
        start = 0
        for call, batch_id in zip(group, batch_ids, strict=True):
            end = start + len(call.rows.rows)
            part = {ref: each.part(start, end) for ref, each in shadows.items()} if shadows else {}
            try:
                self._finish(served, call, batch_id, (answer.part(start, end), part), together)
            except Exception as error:  # noqa: BLE001 - what can't be kept of one is no fault of the others
                call.fail(error)
            start = end

    def _finish(
        self,
        served: LoadedModel,
        call: PredictionCall,
        batch_id: str,
        found: tuple[ModelAnswer, dict[str, ModelAnswer]],
        together: ScoringBatch | None,
    ) -> None:
        n, given = len(call.rows.rows), _explained(call)
        if not served.record:
            self._count(call, n)
            call.answer(answers.predictions(None, found[0], served.model_ref, served.release_ref, given))
            return
        batch = _batch(served, call, batch_id, payload.pack(_content(served, call, *found), together))
        answer = answers.predictions(batch_id, found[0], served.model_ref, served.release_ref, given)

        # Called after the commit: who has an answer has a prediction that a crash can't take.
        def recorded(error: MeguruError | None) -> None:
            if error is None:
                self._count(call, n)
                call.answer(answer)
            else:
                self._not_recorded(call, error)

        self._writer.submit(batch, recorded)

    def _count(self, call: PredictionCall, n: int) -> None:
        metrics.rows(self.name).inc(n)
        if call.view is not None:
            self.consumers.add_request(call.view.version, call.consumer, n, call.received_at)

    def _not_recorded(self, call: PredictionCall, error: MeguruError) -> None:
        # Two requests with one key may be under way at once; the unique index lets one be recorded, and the
        # other is answered with what that one got.
        try:
            if isinstance(error, Conflict) and self._answer_again(call):
                return
        except Exception as failure:  # noqa: BLE001 - the writer's thread must go on
            call.fail(failure)
        call.fail(error)

    def _answer_again(self, call: PredictionCall) -> bool:
        """Answer as before a request whose key was answered before."""
        with self._db.read() as tx:
            batch = store.by_key(tx, self.name, call.key)
        if batch is None:
            return False
        if batch.digest != call.digest:
            raise Conflict(
                "this idempotency key was used for another request",
                why="a key stands for one request; its body can't change",
                hint="send a new key with the new body",
                field="Idempotency-Key",
            )
        answer = payload.answer_of(batch.payload)
        call.answer(answers.predictions(batch.id, answer, batch.model_ref, batch.release_ref))
        return True


def _grouped_by_view(calls: list[PredictionCall]) -> list[list[PredictionCall]]:
    """Return calls by their version of the contract: those of one were sent the same columns."""
    groups: dict[int, list[PredictionCall]] = {}
    for call in calls:
        groups.setdefault(call.view.version if call.view else 0, []).append(call)
    return list(groups.values())


def _content(
    served: LoadedModel, call: PredictionCall, answer: ModelAnswer, shadows: dict[str, ModelAnswer]
) -> PayloadColumns:
    view = call.view or served.default
    types, columns = view.recorded(call.rows)
    return payload.make(types, columns, answer, _times(call), shadows)


def _explained(call: PredictionCall) -> list[dict[str, Any]] | None:
    """Return what is told of the values that the model was given, if the call asks for it."""
    if not call.explain or call.view is None:
        return None
    return call.view.explained(call.rows, _times(call))


def _batch(served: LoadedModel, call: PredictionCall, batch_id: str, content: bytes) -> PredictionBatch:
    times, keys = _times(call), call.rows.keys
    return PredictionBatch(
        id=batch_id,
        endpoint=served.endpoint,
        model_ref=served.model_ref,
        release_ref=served.release_ref,
        received_at=call.received_at,
        first_time=min(times),
        last_time=max(times),
        n=len(times),
        payload=content,
        key=call.key or None,
        digest=call.digest,
        rows=list(zip(keys, times, strict=True)) if keys else None,
    )


def _times(call: PredictionCall) -> list[datetime]:
    return call.rows.times or [call.received_at] * len(call.rows.rows)
