"""Fairness by group over a million rows: counts, five criteria, and intervals for all pairs of groups.

Beside it, in the same run and from an environment of its own that is made below the temporary folder:
Fairlearn's `MetricFrame` with the same five metrics, which must come to the same numbers. The floor is one
pass over the memory.

    make bench BENCH=governance_fairness [ARGS="--rows 100000"]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from peer_environment import python_with

from meguru.fairness import count_groups, judge_groups

RUNS, WANTED = 5, 500
CRITERIA = (
    "demographic_parity",
    "equal_opportunity",
    "equalized_odds",
    "predictive_parity",
    "accuracy_parity",
)
FAIRLEARN = """
import json, sys, time
import pandas as pd
from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
from sklearn.metrics import accuracy_score, precision_score
frame = pd.read_parquet(sys.argv[1])
groups = frame[["sex", "race"]]
metrics = {"selection_rate": selection_rate, "true_positive_rate": true_positive_rate,
           "false_positive_rate": false_positive_rate, "precision": precision_score,
           "accuracy": accuracy_score}
begin = time.process_time()
found = MetricFrame(metrics=metrics, y_true=frame.truth, y_pred=frame.decided, sensitive_features=groups)
gaps, ratios = found.difference(), found.ratio()
spent = time.process_time() - begin
print(json.dumps({"seconds": spent, "gaps": gaps.to_dict(), "ratios": ratios.to_dict()}))
"""


def people(rows: int) -> pl.DataFrame:
    draw = np.random.default_rng(0)
    sex, race = draw.choice(["F", "M"], rows), draw.choice(list("abcd"), rows, p=[0.5, 0.3, 0.15, 0.05])
    truth = draw.random(rows) < 0.3
    score = np.clip(draw.normal(0.3 + 0.3 * truth + 0.02 * (sex == "F"), 0.2), 0, 1)
    return pl.DataFrame(
        {
            "sex": sex,
            "race": race,
            "score": score,
            "truth": truth.astype(int),
            "decided": (score > 0.5).astype(int),
        }
    )


def judged(frame: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """Return value, low and high of each criterion, as a difference and as a ratio."""
    counted = count_groups(frame, ["sex", "race"], decided=pl.col("decided") == 1, truth="truth")
    return {
        name: {
            kind: judge_groups(counted, name, limit=0.1 if kind == "difference" else 0.8, comparison=kind)
            for kind in ("difference", "ratio")
        }
        for name in CRITERIA
    }


def seconds(work: Callable[[], Any]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def main() -> None:
    """Print the ratios."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1_000_000)
    rows = options.parse_args().rows
    frame = people(rows)
    found = judged(frame)
    ours = min(seconds(lambda: judged(frame)) for _ in range(RUNS))
    memory = frame.to_numpy(structured=True).tobytes()
    floor = min(seconds(lambda: np.frombuffer(memory, dtype=np.uint8).sum()) for _ in range(RUNS))
    print(
        f"{rows:,} rows, 8 groups, 5 criteria with intervals: {ours * 1e3:.1f} ms CPU; "
        f"one pass over the memory {floor * 1e3:.1f} ms"
    )
    python = python_with("fairlearn", "fairlearn==0.15.0", "pyarrow>=21,<27")
    if python is None:
        print("fairlearn: can't be installed here, not measured")
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "people.parquet"
        frame.write_parquet(file)
        done = subprocess.run(
            [python, "-c", FAIRLEARN, str(file)], capture_output=True, text=True, check=True
        )
    theirs = json.loads(done.stdout)
    of = {
        "demographic_parity": "selection_rate",
        "equal_opportunity": "true_positive_rate",
        "predictive_parity": "precision",
        "accuracy_parity": "accuracy",
    }
    worst = max(
        abs(found[name][kind].value - theirs[key][measure])
        for name, measure in of.items()
        for kind, key in (("difference", "gaps"), ("ratio", "ratios"))
    )
    print(
        f"Fairlearn's MetricFrame, without intervals: {theirs['seconds']:.2f} s CPU: "
        f"{theirs['seconds'] / ours:,.0f} times as long (wanted: {WANTED}); "
        f"numbers differ by {worst:.1e} at most"
    )


if __name__ == "__main__":
    main()
