"""What counting the service costs a request, and what counting it in the background does.

Processor time, the middle of some rounds. The floor is a whole request of one row with a model that costs
next to nothing: decoded, scored, recorded and answered in one process, without HTTP.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.flavors.model import Model
from meguru.registry.client import add_model
from meguru.serving.answers import PredictionResponse
from meguru.serving.operations import create, switch
from meguru.serving.prediction_call import PredictionCall
from meguru.serving.service import PredictionService
from meguru.serving.traffic.log import RequestLog

ROUNDS, CALLS, REQUESTS = 11, 20_000, 1_000
LIMIT = 0.01
"""Of a request."""


def cpu(work: Callable[[], object]) -> float:
    """Return the processor's seconds of the middle round, all threads together."""
    found = []
    for _ in range(ROUNDS):
        before = time.process_time()
        work()
        found.append(time.process_time() - before)
    return statistics.median(found)


def answering(log: RequestLog | None) -> float:
    """Return the seconds that it takes to answer a call that is already scored."""
    answer, now = PredictionResponse(200, b"{}"), datetime.now(UTC)
    found = []
    for _ in range(ROUNDS):
        before = time.process_time()
        for _ in range(CALLS):
            PredictionCall("bench", b"", "", now, _ignore, log=log).answer(answer)
        found.append(time.process_time() - before)
        if log is not None:
            log.count()  # in the background: not a part of answering
    return statistics.median(found) / CALLS


def _ignore(_: object) -> None:
    return


def counting() -> float:
    """Return the seconds that it takes to count one request in the background."""
    log = RequestLog()
    rng = np.random.default_rng(7)
    seconds = rng.lognormal(-4, 1, CALLS).tolist()

    def work() -> None:
        now = time.perf_counter()
        for each in seconds:
            log.append((now, each, 200, 1))
        log.count()

    return cpu(work) / CALLS


def requests(folder: Path) -> float:
    """Return the seconds of processor that a whole request of one row needs, without HTTP."""
    from sklearn.linear_model import LogisticRegression

    X = np.random.default_rng(7).normal(size=(200, 2))
    example = pl.DataFrame({"hour": X[:, 0], "distance": X[:, 1]})
    model = Model(estimator=LogisticRegression().fit(X, (X[:, 0] > 0).astype(int)), example=example)
    with open_local(folder / "w") as ws:
        add_model(ws, "delay", model)
        create(ws, name="delay", model="delay")
        switch(ws, name="delay", model_ref="model/delay@1", release_ref="release/delay@1")
        service = PredictionService(ws)
        service.start()
        service.wait_until_current("delay", timeout=60)
        body = json.dumps({"row": {"hour": 5.0, "distance": 0.5}}).encode()

        def work() -> None:
            for _ in range(REQUESTS // ROUNDS):
                service.predict("delay", body)

        work()
        found = cpu(work) / (REQUESTS // ROUNDS)
        service.stop()
    return found


def main() -> None:
    """Measure, and fail beyond the limit."""
    load_operations()
    with tempfile.TemporaryDirectory() as folder:
        whole = requests(Path(folder))
    added = max(0.0, answering(RequestLog()) - answering(None))
    later = counting()
    share = added / whole
    print(f"a request of one row, recorded:   {whole * 1e6:8.1f} µs of processor")
    print(f"  to count it, as it is answered: {added * 1e6:8.2f} µs, {share:.2%} of it (limit {LIMIT:.0%})")
    print(f"  to add it up, in the background:{later * 1e6:8.2f} µs, {later / whole:.2%} of it")
    if share > LIMIT:
        sys.exit("counting the service costs a request too much")


if __name__ == "__main__":
    main()
