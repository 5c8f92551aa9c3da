"""The challenger must answer fast enough."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

import msgspec
import numpy as np

from meguru.errors import InvalidInput
from meguru.predictions.ids import new_batch_id
from meguru.registry.lookups import KnownModel
from meguru.releases.gates.base import GateTrial
from meguru.releases.types import GateResult, GateVerdict
from meguru.serving import answers
from meguru.serving.loaded_model import LoadedModel, rehearsed

MIN_REQUESTS, MAX_REQUESTS, MAX_SECONDS = 20, 500, 2.0
"""Requests are made until one of the latter two is reached, but never fewer than the first."""
MAX_ROWS = 1000


class Latency(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"gate": "latency", "at_most_ms": 20, "percentile": 95, "rows": 1}``.

    The model is asked rows of its example as requests of so many rows, as a server asks it: decoded, filled
    in from views, scored, written as an answer; without the network. It is measured where the gates are
    asked, so that a busy machine makes it slower.
    """

    key: ClassVar[str] = "latency"

    at_most_ms: float
    percentile: float = 95.0
    rows: int = 1

    def check(self) -> None:
        """Refuse a limit, a percentile or a number of rows that is none."""
        if not 0 < self.at_most_ms < 3_600_000:
            why = f"it is {self.at_most_ms:g}"
            raise InvalidInput("at_most_ms is a time above 0, up to an hour", field="at_most_ms", why=why)
        if not 0 < self.percentile <= 100:
            why = f"it is {self.percentile:g}"
            raise InvalidInput("a percentile lies above 0, up to 100", field="percentile", why=why)
        if not 1 <= self.rows <= MAX_ROWS:
            raise InvalidInput(f"rows are 1 to {MAX_ROWS}", field="rows", why=f"they are {self.rows}")

    def check_declaration(self, model: KnownModel) -> None:
        """How fast a version is shows when it is asked, in `judge`."""

    def judge(self, trial: GateTrial) -> GateResult:
        """Ask the model again and again, and compare the percentile with the limit."""
        side = trial.challenger
        if not side.bundle.example.rows:
            raise InvalidInput(f"{side.ref} holds no example to be asked", field="example")
        served = rehearsed(
            side.bundle,
            endpoint=trial.endpoint,
            model_ref=side.ref,
            record=False,
            max_rows=MAX_ROWS,
            contracts=trial.contracts,
            inputs=trial.inputs,
            features=trial.feature_inputs,
        )
        # `rehearsed` asked it its example already: the first request that is timed is no cold one.
        rows = _rows(side.bundle.example.rows, self.rows)
        sent = served.default.example(rows) if served.default.mapped else rows
        times = np.array(list(_times(served, msgspec.json.encode({"rows": sent})))) * 1000
        found = float(np.percentile(times, self.percentile))
        passed = found <= self.at_most_ms
        reason = (
            f"{self.percentile:g} of 100 requests of {self.rows} rows take up to {found:.2f} ms, "
            f"{'as' if passed else 'but'} {self.at_most_ms:g} ms are allowed"
        )
        numbers = {
            "ms": found,
            "median_ms": float(np.median(times)),
            "requests": len(times),
            "rows": self.rows,
            "percentile": self.percentile,
            "at_most_ms": self.at_most_ms,
        }
        verdict = GateVerdict.PASSED if passed else GateVerdict.FAILED
        return GateResult(gate=self.key, verdict=verdict, reason=reason, numbers=numbers)


def _rows(example: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    return [example[place % len(example)] for place in range(count)]


def _times(served: LoadedModel, body: bytes) -> Iterator[float]:
    """Yield how many seconds each request took."""
    begun = time.perf_counter()

    def once() -> float:
        start = time.perf_counter()
        request = served.default.decode(body)
        served.default.fill([request], [datetime.now(UTC)])
        answer = served.answer(request.rows)
        answers.predictions(new_batch_id(), answer, served.model_ref, served.release_ref)
        return time.perf_counter() - start

    for made in range(MAX_REQUESTS):
        if made >= MIN_REQUESTS and time.perf_counter() - begun > MAX_SECONDS:
            return
        yield once()
