"""Look at the streams of `monitoring_alarms.py` by another tool's defaults, in that tool's environment.

Reads a task from standard input and prints which days rang, by rule. Of Evidently every fourth day is looked
at, and each of the month after the change: a day takes it seconds.
"""

from __future__ import annotations

import json
import sys

import numpy as np
import pandas as pd

DAYS, CHANGE, REFERENCE = 365, 200, 10_000


def evidently(task: dict[str, object], shifts: np.ndarray) -> dict[str, list[int]]:
    """The preset's test of each column: which it takes by itself, and its own threshold."""
    from evidently.legacy.calculations.stattests.registry import get_stattest

    draw = np.random.default_rng(1)
    before, names = int(task["before"]), [f"x{n}" for n in range(shifts.shape[1])]
    reference = {
        name: pd.Series(draw.normal(draw.choice(shifts[:before, n], REFERENCE)))
        for n, name in enumerate(names)
    }
    columns, share = [], []
    looked_at = [day for day in range(DAYS) if day % 4 == 0 or CHANGE <= day < CHANGE + 30]
    for day in looked_at:
        drifted = 0
        for n, name in enumerate(names):
            now = pd.Series(draw.normal(shifts[before + day, n], size=int(task["rows"])))
            test = get_stattest(reference[name], now, "num", None)
            drifted += bool(test(reference[name], now, "num", None).drifted)
        columns += [day] if drifted else []
        share += [day] if drifted >= len(names) / 2 else []
    return {
        "Evidently, a column drifted (every 4th day)": columns,
        "Evidently, half of the columns (every 4th day)": share,
    }


def nannyml(task: dict[str, object], shifts: np.ndarray) -> dict[str, list[int]]:
    """Univariate drift as it is by default: three standard deviations of the reference's days."""
    import nannyml as nml

    before, n = int(task["before"]), int(task["rows"])
    names = [f"x{number}" for number in range(shifts.shape[1])]
    draw = np.random.default_rng(1)

    def rows(some: np.ndarray, first: str) -> pd.DataFrame:
        made = pd.DataFrame(draw.normal(np.repeat(some, n, axis=0)), columns=names)
        made["at"] = pd.Timestamp(first) + pd.to_timedelta(np.repeat(np.arange(len(some)), n), unit="D")
        return made

    asked = nml.UnivariateDriftCalculator(column_names=names, timestamp_column_name="at", chunk_period="D")
    asked.fit(rows(shifts[:before], "2022-01-01"))
    found = asked.calculate(rows(shifts[before:], "2024-01-01")).filter(period="analysis").to_df()
    alerts = np.array([found[(name, "jensen_shannon", "alert")].to_numpy(dtype=bool) for name in names])
    return {"NannyML, a column drifted": np.flatnonzero(alerts.any(axis=0)).tolist()}


def nannyml_auc(task: dict[str, object]) -> dict[str, list[int]]:
    """Realised performance as it is by default: three standard deviations of the reference's days."""
    import nannyml as nml

    truth, scores = (np.array(task[name]) for name in ("truth", "scores"))
    days = truth.shape[0]
    made = pd.DataFrame({"y": truth.ravel(), "p": scores.ravel()})
    made["label"] = (made["p"] > 0.5).astype(int)
    made["at"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(
        np.repeat(np.arange(days), truth.shape[1]), unit="D"
    )
    before = int(task["before"]) * truth.shape[1]
    asked = nml.PerformanceCalculator(
        y_true="y",
        y_pred="label",
        y_pred_proba="p",
        problem_type="classification_binary",
        metrics=["roc_auc"],
        timestamp_column_name="at",
        chunk_period="D",
    )
    asked.fit(made.iloc[:before])
    found = asked.calculate(made.iloc[before:]).filter(period="analysis").to_df()
    return {"NannyML, AUC": np.flatnonzero(found[("roc_auc", "alert")].to_numpy(dtype=bool)).tolist()}


if __name__ == "__main__":
    given = json.load(sys.stdin)
    if "truth" in given:
        print(json.dumps(nannyml_auc(given)))
    else:
        print(
            json.dumps(
                {"evidently": evidently, "nannyml": nannyml}[given["tool"]](given, np.array(given["shifts"]))
            )
        )
