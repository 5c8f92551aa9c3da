"""What every check of a monitor promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache

import msgspec
import numpy as np
import polars as pl
import pytest

from meguru.base.digests import canonical
from meguru.monitoring.base import Baseline
from meguru.monitoring.checks import MonitorCheck
from meguru.monitoring.checks.wanted_metrics import requested_metrics
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import MonitoredWindow, compare
from meguru.stats import profile_frame
from meguru.stats.estimates import ScoreOutcomes
from meguru.testing.contracts.check_cases import RandomCase, random_case

MODEL, SHADOW = "model/delay@2", "model/delay@1"


def make_rows(n: int, seed: int = 0, *, shift: float = 0.0, skill: float = 1.0) -> pl.DataFrame:
    """Make rows as a window has them: two features, scores of a live and a shadow model, outcomes.

    Parameters
    ----------
    n
        Scalar, rows.
    seed
        Scalar; equal seeds give equal rows.
    shift
        Scalar, standard deviations by which the feature `wind` moved.
    skill
        Scalar, how far the live model's score separates the outcomes; the shadow's is 0.8.
    """
    draw = np.random.default_rng(seed)
    late = draw.random(n) < 0.3
    score = 1 / (1 + np.exp(-(skill * late + draw.normal(size=n))))
    other = 1 / (1 + np.exp(-(0.8 * late + draw.normal(size=n))))
    return pl.DataFrame(
        {
            "wind": draw.normal(shift, 1, n),
            "carrier": draw.choice(["AA", "DL", "UA"], n, p=[0.5, 0.3, 0.2]),
            "_score": score,
            f"_shadow:{SHADOW}": other,
            "_id": [f"p-{index:07}" for index in range(n)],
            "_model": [MODEL] * n,
            "_outcome": late.astype(float),
        }
    )


def make_window(
    rows: pl.DataFrame, *, trained_on: pl.DataFrame | None = None, auc: float | None = 0.76
) -> MonitoredWindow:
    """Compare rows with a baseline: `trained_on`, or rows like those `make_rows` makes without a shift."""
    baseline = _usual() if trained_on is None else make_baseline(trained_on)
    metrics = {} if auc is None else {"auc": auc}
    known = make_rows(2000, seed=98) if trained_on is None else trained_on
    asked = requested_metrics([{"check": "performance"}, {"check": "calibration"}])
    window = compare(rows, {MODEL: replace(baseline, metrics=metrics)}, 200, asked)
    return replace(window, reference=known.select("wind", "carrier"))


def make_baseline(known: pl.DataFrame) -> Baseline:
    """Return what a model was like that was trained on some rows, which are its holdout too."""
    return Baseline(
        model=MODEL,
        profile=profile_frame(known.select("wind", "carrier", "_score")),
        outcomes={"1": ScoreOutcomes.of(known["_outcome"].to_numpy(), known["_score"].to_numpy())},
    )


@cache
def _usual() -> Baseline:
    return make_baseline(make_rows(20_000, seed=99))


@lru_cache(maxsize=32)
def _usual_window(seed: int) -> MonitoredWindow:
    return make_window(make_rows(2000, seed))


SAMPLE, ALL = range(30), range(1000)
"""Random cases of every run, and those that `make soak` has the time for."""


class CheckContract:
    """Subclass it, give `check` with default options, and override two methods.

    `bad_windows` returns what it must notice, and `reference` says the same of any rows, slowly and plainly.
    """

    needs_rows = True
    """Whether it judges only windows with `min_rows` rows."""

    @pytest.fixture
    def check(self) -> MonitorCheck:
        """Return the check under test, with its default options."""
        raise NotImplementedError

    def usual_window(self, seed: int) -> MonitoredWindow:
        """Return a window in which it must find nothing, and miss nothing."""
        return _usual_window(seed)

    def bad_windows(self) -> Sequence[MonitoredWindow]:
        """Return windows in which the check must find a breach."""
        raise NotImplementedError

    def reference(self, case: RandomCase) -> Mapping[str, bool] | None:
        """Say of each column that can be judged whether it is breached, by the rows themselves.

        The rows are enough to be judged, and the check is the one with default options. What lies so near
        to a threshold that counts over bins may say otherwise is left out. None: nobody wrote it yet.
        """
        del case
        return None

    def test_it_finds_no_breach_when_nothing_changed(self, check: MonitorCheck) -> None:
        for seed in range(20):
            window = self.usual_window(seed)
            assert check.missing(window) == ""
            assert [finding.says for finding in check.evaluate(window) if finding.breached] == []

    def test_it_finds_what_it_is_there_for(self, check: MonitorCheck) -> None:
        for window in self.bad_windows():
            breached = [finding for finding in check.evaluate(window) if finding.breached]
            assert breached
            assert all(finding.effect is None or finding.effect > 0 for finding in breached)

    def test_its_findings_explain_themselves_and_travel(self, check: MonitorCheck) -> None:
        for window in (make_window(make_rows(2000)), *self.bad_windows()):
            for finding in check.evaluate(window):
                assert finding.says
                assert finding.check == check.key
                assert finding.severity in check.severities
                assert msgspec.json.decode(msgspec.json.encode(finding), type=type(finding)) == finding

    def test_the_same_window_gives_the_same_findings(self, check: MonitorCheck) -> None:
        first, second = (check.evaluate(make_window(make_rows(2000, 3))) for _ in range(2))
        assert canonical(first) == canonical(second)

    def test_it_does_not_judge_a_window_with_too_few_rows_and_says_so(self, check: MonitorCheck) -> None:
        for n in (0, 1, 199) if self.needs_rows else ():
            window = make_window(make_rows(n, shift=5.0, skill=-3.0))
            assert check.evaluate(window) == []
            assert check.missing(window)

    def test_it_survives_rows_without_outcome_score_or_value(self, check: MonitorCheck) -> None:
        rows = make_rows(2000)
        for name in ("wind", "carrier", "_score", "_outcome", f"_shadow:{SHADOW}"):
            empty = rows.with_columns(pl.lit(None, dtype=rows.schema[name]).alias(name))
            assert isinstance(check.evaluate(make_window(empty)), list)

    @pytest.mark.parametrize(
        "seeds", [SAMPLE, pytest.param(ALL, marks=pytest.mark.soak)], ids=["some", "all"]
    )
    def test_it_says_what_a_plain_reference_says_whatever_comes(
        self, check: MonitorCheck, seeds: range
    ) -> None:
        judged = 0
        for seed in seeds:
            case = random_case(seed)
            findings, missing = check.evaluate(case.window), check.missing(case.window)
            assert canonical(check.evaluate(case.window)) == canonical(findings)
            self.expect_sound(check, findings, case)
            if case.window.rows < case.window.min_rows:
                assert missing or not self.needs_rows, seed
            if case.window.own_rows < case.window.min_rows:
                continue
            if (expected := self.reference(case)) is None:
                continue
            said = {
                name: any(finding.breached for finding in findings if finding.column == name)
                for name in expected
            }
            assert said == dict(expected), (seed, case.fates)
            judged += len(expected)
        assert judged or self.reference(random_case(0)) is None

    def expect_sound(self, check: MonitorCheck, findings: Sequence[Finding], case: RandomCase) -> None:
        """Expect findings that travel, and numbers that are numbers."""
        assert msgspec.json.decode(msgspec.json.encode(findings), type=list[Finding]) == list(findings), case
        for finding in findings:
            assert finding.check == check.key
            assert finding.severity in check.severities
            assert finding.says
            assert finding.p_value is None or 0 <= finding.p_value <= 1
            assert not finding.breached or finding.effect is None or finding.effect > 0, (case.seed, finding)

    def test_it_survives_a_model_of_which_nothing_is_known(self, check: MonitorCheck) -> None:
        window = compare(make_rows(2000), {}, min_rows=200)
        assert all(
            finding.severity is Severity.SHADOW_BETTER or not finding.breached
            for finding in check.evaluate(window)
        )

    def test_its_options_have_defaults_that_make_sense_and_travel(self, check: MonitorCheck) -> None:
        check.check()
        made = type(check)()
        assert msgspec.convert(msgspec.to_builtins(made), type(check)) == made
