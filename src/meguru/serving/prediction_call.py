"""A request for predictions under way."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from meguru.base import digests
from meguru.serving import answers, metrics
from meguru.serving.answers import PredictionResponse
from meguru.serving.body import RequestRows
from meguru.serving.traffic.log import RequestLog

if TYPE_CHECKING:
    from meguru.serving.contracts.view import ContractView

_NO_ROWS_YET = RequestRows([])
OnAnswered = Callable[[PredictionResponse], None]


class PredictionCall:
    """One request under way; it is answered exactly once."""

    __slots__ = (
        "_done",
        "_endpoint",
        "_log",
        "_started",
        "body",
        "consumer",
        "contract",
        "digest",
        "explain",
        "key",
        "received_at",
        "rows",
        "view",
    )

    def __init__(
        self,
        endpoint: str,
        body: bytes,
        key: str,
        received_at: datetime,
        done: OnAnswered,
        *,
        contract: int | None = None,
        consumer: str = "",
        explain: bool = False,
        log: RequestLog | None = None,
    ) -> None:
        self.body, self.key, self.received_at = body, key, received_at
        self.contract, self.consumer, self.explain = contract, consumer, explain
        self.view: ContractView | None = None
        self.digest = digests.of_bytes(body) if key else ""
        self.rows = _NO_ROWS_YET
        self._endpoint, self._done, self._log = endpoint, done, log
        self._started = time.perf_counter()

    def answer(self, answer: PredictionResponse) -> None:
        """Give the answer; a second one is dropped."""
        # The batcher fails a whole group when something unforeseen is raised, and some of its calls may have
        # been answered by then, or may still be answered by the writer's thread.
        done, self._done = self._done, _ignore
        if done is _ignore:
            return
        now = time.perf_counter()
        seconds = now - self._started
        metrics.requests(self._endpoint, answer.status).inc()
        metrics.seconds(self._endpoint).observe(seconds)
        if self._log is not None:
            self._log.append((now, seconds, answer.status, len(self.rows.rows)))
        done(answer)

    def fail(self, error: BaseException) -> None:
        """Answer with an error."""
        self.answer(answers.of_error(error))


def _ignore(_: PredictionResponse) -> None:
    return
