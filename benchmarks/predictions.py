"""What a prediction of a binary model costs from body to answer, what its outcome, and what a window.

In process, without HTTP: processor time of all threads, which other load disturbs less than a clock. ``make
bench BENCH=predictions ARGS=/path/to/another/checkout`` measures this tree and the other one by turns, and
prints the ratio of each pair's middle one.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path

COLUMNS = [f"f{number}" for number in range(18)]
ROUNDS = 9


class Bench:
    """One tree's endpoint with a tiny model, and its predictions."""

    def __init__(self, folder: Path) -> None:
        import numpy as np
        import polars as pl
        from sklearn.linear_model import LogisticRegression

        from meguru.app.open import open_local
        from meguru.flavors.model import Model
        from meguru.registry.client import add_model
        from meguru.serving.operations import create, switch
        from meguru.serving.service import PredictionService

        generator = np.random.default_rng(1)
        X = generator.normal(size=(500, len(COLUMNS)))
        model = LogisticRegression().fit(X, X[:, 0] > 0)
        self.ws = open_local(folder)
        example = pl.DataFrame(X[:5], schema=COLUMNS)
        version = add_model(self.ws, "bench", Model(estimator=model, example=example))
        self.service = PredictionService(self.ws)
        self.service.start()
        for name, record in (("kept", True), ("unkept", False)):
            create(self.ws, name=name, model="bench", record=record)
            switch(self.ws, name=name, model_ref=version.ref, release_ref=f"release/{name}@1")
            self.service.wait_until_current(name, timeout=30)
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in X.round(4).tolist()]
        self.one = json.dumps({"rows": rows[:1]}).encode()
        self.many = json.dumps({"rows": rows}).encode()
        self.began = self.ws.clock.now()
        self.ids: list[str] = []

    def predict(self, name: str, body: bytes, requests: int) -> float:
        """Return microseconds of processor time a request; a crowd is asked at a time."""
        started = time.process_time()
        for start in range(0, requests, 64):
            crowd = min(64, requests - start)
            answered = threading.Semaphore(0)
            answers = []
            for _ in range(crowd):

                def done(answer: object, answers: list = answers, answered: threading.Semaphore = answered):
                    answers.append(answer)
                    answered.release()

                self.service.submit(name, body, done)
            for _ in range(crowd):
                answered.acquire()
            assert all(each.status == 200 for each in answers)
        spent = (time.process_time() - started) / requests
        if name == "kept" and len(self.ids) < 20_000:
            said = [json.loads(each.body)["predictions"] for each in answers]
            self.ids += [each["id"] for predictions in said for each in predictions]
        return spent * 1e6

    def outcomes(self) -> float:
        """Return microseconds of processor time an outcome."""
        from meguru.predictions.operations import record
        from meguru.predictions.types import OutcomeInput

        given = [OutcomeInput(prediction_id=each, value=1.0) for each in self.ids[:2000]]
        self.ids = self.ids[2000:]
        started = time.process_time()
        record(self.ws, endpoint="kept", outcomes=given)
        return (time.process_time() - started) / len(given) * 1e6

    def window(self) -> float:
        """Return microseconds of processor time a prediction of a window."""
        from meguru.predictions.window import frame

        started = time.process_time()
        with self.ws.read() as tx:
            height = frame(tx, "kept", self.began, self.began + timedelta(days=1)).height
        return (time.process_time() - started) / height * 1e6

    def measure(self, what: str) -> float:
        """Run one measurement by its name."""
        if what in {"outcome", "window"}:
            return self.outcomes() if what == "outcome" else self.window()
        name, body, requests = {
            "recorded, 1 row": ("kept", self.one, 1500),
            "recorded, 500 rows": ("kept", self.many, 30),
            "not recorded, 1 row": ("unkept", self.one, 1500),
        }[what]
        return self.predict(name, body, requests)


MEASURED = ("recorded, 1 row", "not recorded, 1 row", "recorded, 500 rows", "outcome", "window")


def answer_questions() -> None:
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name))
        print("ready", flush=True)
        for line in sys.stdin:
            print(bench.measure(line.strip()), flush=True)
        bench.service.stop()
        bench.ws.close()


def start(tree: Path) -> subprocess.Popen[str]:
    """Start what answers for one tree."""
    env = {**os.environ, "PYTHONPATH": str(tree / "src")}
    command = [sys.executable, __file__, "answer"]
    made = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert made.stdout.readline() == "ready\n"
    return made


def ask(tree: subprocess.Popen[str], what: str) -> float:
    print(what, file=tree.stdin, flush=True)
    return float(tree.stdout.readline())


def main() -> None:
    if sys.argv[1:2] == ["answer"]:
        answer_questions()
        return
    places = [Path(__file__).parents[1], *map(Path, sys.argv[1:2])]
    trees = [start(each) for each in places]
    try:
        for what in MEASURED:
            pairs = []
            for turn in range(ROUNDS):
                order = trees if turn % 2 else trees[::-1]
                found = {id(tree): ask(tree, what) for tree in order}
                pairs.append([found[id(tree)] for tree in trees])
            ours = statistics.median(pair[0] for pair in pairs)
            print(f"{what:<22} {ours:8.1f} us", end="")
            if len(trees) > 1:
                theirs = statistics.median(pair[1] for pair in pairs)
                ratio = statistics.median(pair[0] / pair[1] for pair in pairs)
                print(f" | the other tree {theirs:8.1f} us = {ratio:.3f} x", end="")
            print(flush=True)
    finally:
        for tree in trees:
            tree.stdin.close()
            tree.wait()


if __name__ == "__main__":
    main()
