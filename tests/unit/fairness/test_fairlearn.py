"""Differences and ratios are Fairlearn's, to the last digits."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from meguru.fairness import count_groups, errors_by_group, judge_groups

ROOT = Path(__file__).parents[3]
NUMBERS = {
    (1, 40, 2): {
        "demographic_parity": [0.020460358056266004, 0.9663865546218487],
        "equal_opportunity": [0.17582417582417587, 0.7538461538461538],
        "equalized_odds": [0.19999999999999996, 0.7142857142857143],
        "predictive_parity": [0.0, 1.0],
        "accuracy_parity": [0.15345268542199492, 0.7391304347826086],
        "mae": [0.12260011508951407, 0.8878200734384845],
        "rmse": [0.26413269052058785, 0.8030051711288377],
        "mean_error": [0.19242075447570334],
    },
    (2, 90, 4): {
        "demographic_parity": [0.21634615384615385, 0.6691176470588235],
        "equal_opportunity": [0.358974358974359, 0.48148148148148145],
        "equalized_odds": [0.358974358974359, 0.48148148148148145],
        "predictive_parity": [0.23076923076923073, 0.5714285714285715],
        "accuracy_parity": [0.16809116809116809, 0.6878306878306878],
        "mae": [0.32156051322751344, 0.7543094689362233],
        "rmse": [0.37504403926313934, 0.7583699599531146],
        "mean_error": [0.39395156250000013],
    },
    (3, 200, 3): {
        "demographic_parity": [0.060160427807486594, 0.8897058823529412],
        "equal_opportunity": [0.13459399332591765, 0.7545638945233266],
        "equalized_odds": [0.19150579150579156, 0.7047619047619047],
        "predictive_parity": [0.2121212121212121, 0.6111111111111112],
        "accuracy_parity": [0.16666666666666663, 0.6944444444444445],
        "mae": [0.1216308088235295, 0.890160446270585],
        "rmse": [0.2103639965438755, 0.8511848834254748],
        "mean_error": [0.03670892647058825],
    },
}
"""By seed, rows and groups of a case: difference and ratio, of Fairlearn 0.15.0 (`fairlearn_numbers`)."""


def case(seed, n, groups):
    """Make decisions and numbers of some groups; every group has every kind of row."""
    draw = np.random.default_rng(seed)
    by = np.array([f"g{each}" for each in draw.integers(groups, size=n)])
    truth, decided = draw.integers(2, size=n), draw.integers(2, size=n)
    for number in range(groups):
        by[4 * number : 4 * number + 4] = f"g{number}"
        truth[4 * number : 4 * number + 4], decided[4 * number : 4 * number + 4] = [0, 0, 1, 1], [0, 1, 0, 1]
    value, score = draw.normal(size=n).round(6), draw.normal(size=n).round(6)
    told = {"group": by, "truth": truth, "decided": decided, "value": value, "score": score}
    return {name: values.tolist() for name, values in told.items()}


def ours(one):
    frame = pl.DataFrame(one)
    counted = count_groups(frame, ["group"], decided=pl.col("decided") == 1, truth="truth")
    errors = errors_by_group(frame, ["group"], score="score", truth="value")
    found = {}
    for name in (
        "demographic_parity",
        "equal_opportunity",
        "equalized_odds",
        "predictive_parity",
        "accuracy_parity",
    ):
        both = [
            judge_groups(counted, name, limit=0.5, comparison=how, min_rows=1)
            for how in ("difference", "ratio")
        ]
        found[name] = [each.value for each in both]
    for name in ("mae", "rmse"):
        both = [
            judge_groups(errors, name, limit=0.5, comparison=how, min_rows=2)
            for how in ("difference", "ratio")
        ]
        found[name] = [each.value for each in both]
    found["mean_error"] = [judge_groups(errors, "mean_error", limit=0.5, min_rows=2).value]
    return found


@pytest.mark.parametrize(("seed", "n", "groups"), sorted(NUMBERS))
def test_numbers_are_those_that_fairlearn_gave(seed, n, groups):
    assert ours(case(seed, n, groups)) == {
        name: pytest.approx(values, abs=1e-12) for name, values in NUMBERS[seed, n, groups].items()
    }


@pytest.mark.soak
def test_numbers_are_those_of_fairlearn_in_any_case():
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        python = import_module("peer_environment").python_with(
            "fairlearn", "fairlearn==0.15.0", "pyarrow>=21,<27"
        )
    finally:
        sys.path.pop(0)
    if python is None:
        pytest.skip("Fairlearn can't be installed here")
    cases = [case(seed, 60 + 20 * (seed % 7), 2 + seed % 5) for seed in range(200)]
    done = subprocess.run(
        [python, str(Path(__file__).with_name("fairlearn_numbers.py"))],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
    )
    for one, theirs in zip(cases, json.loads(done.stdout), strict=True):
        assert ours(one) == {name: pytest.approx(values, abs=1e-12) for name, values in theirs.items()}
