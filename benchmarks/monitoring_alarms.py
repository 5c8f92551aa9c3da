"""False alarms in a year in which nothing is wrong, and how soon a real change is told, beside peers.

``python benchmarks/monitoring_alarms.py [--peers FOLDER] [--svg FILE]``. Thirty columns, a window a day,
1,000 and 50,000 rows a day, against 100,000 rows of training; all thirty columns are `important`, so each can
ring. Days are drawn as counts over the baseline's bins (a multinomial): exactly as if rows had been drawn and
counted, in seconds. With ``--peers`` Evidently and NannyML, in environments of their own that are made in
that folder, look at rows of the same streams by their defaults (many minutes).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
from alarms_svg import draw
from scipy.stats import norm

from meguru.monitoring.deciding.judge import judge
from meguru.monitoring.kind import ALERT_ON
from meguru.monitoring.measured import MeasuredMetric, ModelPerformance, Role
from meguru.monitoring.scores import measure_scores
from meguru.monitoring.types import Monitor, ReportVerdict, Severity
from meguru.monitoring.window import ComparedColumn, MonitoredWindow, PastWindow
from meguru.stats import ColumnCounts, NumericProfile

COLUMNS, DAYS, TRAINED, CHANGE = 30, 365, 100_000, 200
YEAR, WEEK, DAY = 364, 7, timedelta(days=1)
START = datetime(2024, 1, 1, tzinfo=UTC)
VOLUMES = (1_000, 50_000)
MODEL, BEFORE = "model/delay@1", 100
PEERS = {"evidently": ["evidently", "pandas<3"], "nannyml": ["nannyml", "statsmodels"]}
LOSS = "the AUC falls by 0.02"
Shifts = np.ndarray
"""By how many standard deviations each column's mean is off, shape (days, columns)."""


def nothing(draw: np.random.Generator, days: int) -> Shifts:
    del draw
    return np.zeros((days, COLUMNS))


def wobble(draw: np.random.Generator, days: int) -> Shifts:
    return draw.normal(0, 0.02, (days, COLUMNS))


def seasons(draw: np.random.Generator, days: int) -> Shifts:
    """A yearly and a weekly wave in each column, together up to half a standard deviation, and the wobble."""
    day = np.arange(days)[:, None]
    yearly, weekly = draw.uniform(0, 0.25, (2, COLUMNS))
    phase = draw.uniform(0, 2 * np.pi, (2, COLUMNS))
    waves = yearly * np.sin(2 * np.pi * day / YEAR + phase[0])
    waves += weekly * np.sin(2 * np.pi * day / WEEK + phase[1])
    return waves + wobble(draw, days)


def shifted(base: Callable[[np.random.Generator, int], Shifts]) -> Callable[..., Shifts]:
    """The same, and on one day one column moves by 0.3 standard deviations, and stays there."""

    def make(draw: np.random.Generator, days: int) -> Shifts:
        found = base(draw, days)
        found[days - DAYS + CHANGE :, 0] += 0.3
        return found

    return make


@dataclass(frozen=True)
class Stream:
    """A year that is judged; `before` days of past come before it."""

    name: str
    make: Callable[[np.random.Generator, int], Shifts]
    before: int = 100
    changes: bool = False


STREAMS = (
    Stream("nothing is wrong", nothing),
    Stream("wobble of 0.02 sd", wobble),
    Stream("seasons of up to 0.5 sd, a year of past", seasons, before=YEAR + 14),
    Stream("one column moves by 0.3 sd", shifted(wobble), changes=True),
    Stream("the same within seasons", shifted(seasons), before=YEAR + 14, changes=True),
)


@dataclass
class Year:
    """What a tool said: the days that rang, and after how many days the change was told."""

    ringing: list[int] = field(default_factory=list)
    changes: bool = False

    @property
    def false(self) -> list[int]:
        return [day for day in self.ringing if not self.changes or day < CHANGE]

    @property
    def incidents(self) -> int:
        """Stretches of ringing days; a pause of two days ends one."""
        return sum(1 for n, day in enumerate(self.false) if not n or day - self.false[n - 1] > 2)

    @property
    def delay(self) -> int | None:
        return next((day - CHANGE for day in self.ringing if day >= CHANGE), None) if self.changes else None

    @property
    def words(self) -> str:
        quiet = "0" if not self.false else f"{len(self.false)} / {self.incidents}"
        told = "" if not self.changes else f"; told after {'never' if self.delay is None else self.delay}"
        return quiet + told


class Bins:
    """A baseline's bins, and the chance of each under a shift."""

    def __init__(self, values: np.ndarray) -> None:
        self.profile = NumericProfile.of(values)
        inner = np.linspace(self.profile.low, self.profile.high, len(self.profile.counts) - 1)
        self.cuts = np.unique(np.concatenate((inner, np.array(self.profile.edges))))
        self.of_bins = np.concatenate(([0], np.searchsorted(self.cuts, inner) + 1))
        self.of_deciles = np.concatenate(([0], np.searchsorted(self.cuts, self.profile.edges) + 1))

    def count(self, draw: np.random.Generator, n: int, shifts: np.ndarray) -> list[ColumnCounts]:
        below = norm.cdf(self.cuts[None, :] - shifts[:, None])
        chances = np.diff(below, axis=1, prepend=0.0, append=1.0)
        drawn = draw.multinomial(n, chances)
        bins, deciles = (np.add.reduceat(drawn, each, axis=1) for each in (self.of_bins, self.of_deciles))
        return [ColumnCounts(nulls=0, bins=b, deciles=d) for b, d in zip(bins, deciles, strict=True)]


def monitor() -> Monitor:
    return Monitor(
        name="year",
        endpoint="delay",
        checks=[{"check": "psi"}, {"check": "ks"}],
        alert_on=ALERT_ON,
        min_rows=500,
        min_drift_share=0.0,
        important=[f"x{n}" for n in range(COLUMNS)],
        created_at=START,
        created_by="bench",
    )


def meguru_year(stream: Stream, n: int, seed: int = 0) -> Year:
    """Judge a year of days, each with the windows before it that a monitor reads."""
    rows = np.random.default_rng(seed + 1)
    shifts = stream.make(np.random.default_rng(seed), stream.before + DAYS)
    learnt = shifts[: stream.before]
    columns: list[list[ComparedColumn]] = [[] for _ in range(stream.before + DAYS)]
    for number in range(COLUMNS):
        means = rows.choice(learnt[:, number], TRAINED)
        bins = Bins(rows.normal(means))
        own = bins.profile.own()
        for day, now in enumerate(bins.count(rows, n, shifts[:, number])):
            columns[day].append(
                ComparedColumn(
                    name=f"x{number}",
                    severity=Severity.INPUT_DRIFT,
                    ordered=True,
                    profile=bins.profile,
                    then=own,
                    now=now,
                )
            )
    past: list[PastWindow] = []
    found, watch = Year(changes=stream.changes), monitor()
    for day, there in enumerate(columns):
        start = START + day * DAY
        known = {"model": MODEL, "rows": n, "columns": tuple(there), "start": start, "end": start + DAY}
        if day < stream.before:
            past.append(PastWindow(verdict=ReportVerdict.OK, **known))
            continue
        seen = (*past[max(0, day - YEAR - WEEK) : max(0, day - YEAR + WEEK + 1)], *past[-28:])
        window = MonitoredWindow(outcomes=0, min_rows=500, broken={}, past=seen, **known)
        said = judge(watch, window)
        if said.verdict is ReportVerdict.ALERT:
            found.ringing.append(day - stream.before)
        past.append(
            PastWindow(
                verdict=said.verdict, findings=tuple(said.findings), causes=tuple(said.causes), **known
            )
        )
    return found


def scored(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw outcomes and scores of a model with an AUC of 0.76, and of 0.74 from the change on."""
    draw, days = np.random.default_rng(seed), BEFORE + DAYS
    truth = (draw.random((days, n)) < 0.2).astype(float)
    auc = np.where(np.arange(days) < BEFORE + CHANGE, 0.76, 0.74)[:, None]
    scores = 1 / (1 + np.exp(-(np.sqrt(2) * norm.ppf(auc) * truth + draw.normal(size=(days, n)) - 2)))
    return truth, scores


def meguru_auc(n: int, *, changes: bool, seed: int = 0) -> Year:
    """Judge a year of days by their outcomes; the holdout had 10,000 rows, and is as uncertain as that."""
    truth, scores = scored(n, seed)
    if not changes:
        truth, scores = truth[: BEFORE + CHANGE], scores[: BEFORE + CHANGE]
    holdout = 0.76 + 0.006 * np.random.default_rng(seed + 5).normal()
    watch = msgspec.structs.replace(monitor(), checks=[{"check": "performance"}], important=[])
    past: list[PastWindow] = []
    found = Year(changes=changes)
    for day, (outcomes, scored_rows) in enumerate(zip(truth, scores, strict=True)):
        auc, _ = measure_scores(outcomes, scored_rows)
        metric = MeasuredMetric(metric="auc", estimate=auc, reference=holdout)
        live = ModelPerformance(model=MODEL, role=Role.LIVE, rows=n, outcomes=n, metrics=[metric])
        start = START + day * DAY
        known = {"model": MODEL, "rows": n, "performance": (live,), "start": start, "end": start + DAY}
        window = MonitoredWindow(outcomes=n, min_rows=500, broken={}, past=tuple(past[-14:]), **known)
        said = judge(watch, window)
        past.append(PastWindow(verdict=said.verdict, causes=tuple(said.causes), trend=said.trend, **known))
        if said.verdict is ReportVerdict.ALERT and day >= BEFORE:
            found.ringing.append(day - BEFORE)
    return found


def ask_peer(folder: Path, tool: str, task: dict[str, object]) -> dict[str, list[int]]:
    """Have a tool look, in an environment of its own that is made where it is not there yet."""
    python = folder / tool / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder / tool)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *PEERS[tool]], check=True)
    script = Path(__file__).with_name("alarms_peers.py")
    done = subprocess.run(
        [str(python), "-W", "ignore", str(script)],
        input=json.dumps({"tool": tool, **task}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    read: dict[str, list[int]] = json.loads(done.stdout.splitlines()[-1])
    return read


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--peers", type=Path, help="a folder for the environments of Evidently and NannyML")
    asked.add_argument("--svg", type=Path, help="write the picture of the page in the documentation")
    given = asked.parse_args()
    print("false ringing days / incidents in a year of 30 columns; days until a real change is told")
    years: dict[str, dict[str, Year]] = {}

    def tell(stream: str, rule: str, found: Year) -> None:
        years.setdefault(stream, {})[rule] = found
        print(f"{stream:<42} {rule:<47} {found.words}", flush=True)

    for stream in STREAMS:
        for n in VOLUMES:
            tell(stream.name, f"Meguru, {n:,} rows a day", meguru_year(stream, n))
        shifts = stream.make(np.random.default_rng(0), stream.before + DAYS)
        task = {"before": stream.before, "shifts": shifts.tolist(), "rows": VOLUMES[0]}
        for tool in PEERS if given.peers else ():
            for rule, rang in ask_peer(given.peers.resolve(), tool, task).items():
                tell(stream.name, rule, Year(rang, stream.changes))
    for n in VOLUMES:
        tell(LOSS, f"Meguru, {n:,} rows a day", meguru_auc(n, changes=True))
    if given.peers:
        truth, scores = (each.round(6).tolist() for each in scored(VOLUMES[0]))
        task = {"before": BEFORE, "truth": truth, "scores": scores}
        for rule, rang in ask_peer(given.peers.resolve(), "nannyml", task).items():
            tell(LOSS, rule, Year(rang, changes=True))
    if given.svg:
        changed = {name: CHANGE for name, each in years.items() if next(iter(each.values())).changes}
        rang = {name: {rule: one.ringing for rule, one in each.items()} for name, each in years.items()}
        given.svg.write_text(draw(rang, changed, DAYS))


if __name__ == "__main__":
    main()
