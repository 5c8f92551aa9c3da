"""From an event to the start of what it triggers: with ten triggers, and with 10,000 of which one matches.

The evaluator runs as a server runs it. The floor is a follower that only notices the event. All three take
turns on one machine, so the ratios hold where the milliseconds don't. What the others watch is of the same
type of event as what happens, so only the thing that it tells of tells them apart.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from sqlalchemy import insert

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.kernel import events
from meguru.kernel.operations import Operation
from meguru.kernel.services import Follower
from meguru.testing import actions
from meguru.testing.events import sample
from meguru.triggers import operations as triggers
from meguru.triggers.evaluate import Evaluator
from meguru.triggers.schema import trigger

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
TYPE, GAP_SECONDS, MOST = "dataset_version.created", 0.06, 10_000


def _say(ctx, *, subject: str) -> None:
    ctx.emit(TYPE, subject, data=sample(TYPE))


SAY = Operation(_say, "bench.say", "bench:write", query=False, evented=True)


class Noticing(Follower):
    """Sees the event, and does nothing."""

    def __init__(self, ws, seen):
        super().__init__(ws)
        self._seen = seen

    def step(self):
        self._seen.append(time.perf_counter())

    def wakes(self, type):
        return type == TYPE


def make(folder: Path, count: int):
    """Make a workspace with so many triggers, of which the first is woken by what happens."""
    ws = open_local(folder, settings=Settings(sqlite_synchronous="NORMAL"))
    on = {"event": TYPE, "subject": "dataset/flights@*"}
    made = triggers.create(ws, name="t-00000", on=on, action={"note": "forgotten", "job": True})
    with ws.db.write() as tx:
        row = tx.execute(trigger.select()).one()._asdict()
        others = [
            row
            | {"name": f"t-{n:05d}", "on": {"event": TYPE, "subject": f"dataset/d{n}@*"}, "version": n + 1}
            for n in range(1, count)
        ]
        if others:
            tx.execute(insert(trigger), others)
    assert len(triggers.list_triggers(ws)) == count
    assert made.name == "t-00000"
    return ws


class Case:
    """One workspace with its follower, and how long each event took to get there."""

    def __init__(self, name: str, ws, runnable, seen: list[float]) -> None:
        self.name, self.ws, self.seen, self.took = name, ws, seen, []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=runnable.run, args=(self.stop,), daemon=True)

    def ask(self, number: int) -> None:
        """Let something happen, and wait until it is there."""
        self.seen.clear()
        SAY(self.ws, subject=f"dataset/flights@{number}")
        began = time.perf_counter()
        while not self.seen:
            time.sleep(0.0005)
            if time.perf_counter() - began > 10:
                message = f"{self.name}: nothing came of it"
                raise SystemExit(message)
        self.took.append(max(self.seen[0] - began, 0.0))


def main() -> None:
    """Measure all in turns, and print them."""
    actions.install()
    started: list[float] = []
    real = actions.Note.start

    def start(self, ctx, occasion):
        started.append(time.perf_counter())
        return real(self, ctx, occasion)

    actions.Note.start = start
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        floor, few, many = (make(folder / str(n), n) for n in (1, 10, MOST))
        noticed: list[float] = []
        cases = [
            Case("notice it, no trigger", floor, Noticing(floor, noticed), noticed),
            Case("10 triggers", few, Evaluator(few), started),
            Case(f"{MOST:,} triggers, one matches", many, Evaluator(many), started),
        ]
        for case in cases:
            case.thread.start()
        time.sleep(2)
        for number in range(ROUNDS + 5):
            for case in cases:
                case.ask(number)
                time.sleep(GAP_SECONDS / len(cases))
        report(cases)
        decide(few, many)
        for case in cases:
            case.stop.set()
            case.ws.notify()
            case.thread.join(5)
            case.ws.close()


def report(cases: list[Case]) -> None:
    """Print how long it took, and beside ten triggers."""
    print(f"event committed -> action started, {ROUNDS} events each, ms")
    for case in cases:
        case.took = sorted(case.took[5:])
    base = statistics.median(cases[1].took)
    for case in cases:
        p50, p99 = statistics.median(case.took), case.took[int(len(case.took) * 0.99)]
        print(
            f"  {case.name:32} p50 {p50 * 1000:7.2f}  p99 {p99 * 1000:7.2f}  {p50 / base:5.2f} x ten triggers"
        )


def decide(few, many) -> None:
    """Print what one event costs the evaluator, without any waiting."""
    costs = {}
    for name, ws in (("10 triggers", few), (f"{MOST:,} triggers", many)):
        evaluator = Evaluator(ws)
        began = time.perf_counter()
        evaluator.rest()
        loaded = time.perf_counter() - began
        with ws.read() as tx:
            found = events.read(tx, types=(TYPE,), limit=200)
        index = evaluator._index  # noqa: SLF001 - what is measured
        index.matching(found[0])
        began = time.perf_counter()
        for each in found:
            assert len(index.matching(each)) == 1
        costs[name] = (time.perf_counter() - began) / len(found)
        taken_in, cost = loaded * 1000, costs[name] * 1e6
        print(f"  {name:32} taken in within {taken_in:7.1f} ms; finding what an event wakes {cost:6.1f} us")
    low, high = costs.values()
    print(f"  {MOST:,} beside 10: {high / low:.2f} x")


if __name__ == "__main__":
    main()
