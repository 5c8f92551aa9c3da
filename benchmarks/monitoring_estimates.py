"""Quality before the outcomes of a million loans, from their scores: AUC, F1 and accuracy of 20 windows.

Beside it, in the same run and from an environment of its own that is made below the temporary folder:
NannyML's confidence-based estimation (CBPE) on the same rows, which must come to the same numbers. Its
synthetic car loans say how far both are from what really happened. The floor is one pass over the scores.

    make bench BENCH=monitoring_estimates [ARGS="--rows 100000"]
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

from meguru.flavors.loss_training import learn_losses
from meguru.stats import profile_column, tally_column
from meguru.stats.auc import auc
from meguru.stats.estimates import Calibration, ScoreOutcomes, confidence_estimate
from meguru.stats.estimates.tables import table_of

RUNS, WANTED, WINDOWS, THRESHOLD = 5, 100, 20, 0.645
METRICS = {"auc": "roc_auc", "f1": "f1", "accuracy": "accuracy"}
NANNYML = """
import json, sys, time, warnings
warnings.filterwarnings("ignore")
import nannyml, pandas as pd
known, window = pd.read_parquet(sys.argv[1]), pd.read_parquet(sys.argv[2])
estimator = nannyml.CBPE(y_pred_proba="score", y_pred="decided", y_true="truth", chunk_number=20,
                         problem_type="classification", metrics=["roc_auc", "f1", "accuracy"])
begin = time.process_time()
estimator.fit(known)
fitted = time.process_time()
found = estimator.estimate(window)
spent = time.process_time()
table = found.filter(period="analysis").to_df()
values = {name: table[name]["value"].tolist() for name in ("roc_auc", "f1", "accuracy")}
print(json.dumps({"fit": fitted - begin, "seconds": spent - fitted, "values": values}))
"""
LOANS = """
import sys, nannyml
known, window, truth = nannyml.load_synthetic_car_loan_dataset()
cars, priced, prices = nannyml.load_synthetic_car_price_dataset()
priced["y_true"] = prices["y_true"].values
cars.drop(columns="timestamp").to_parquet(sys.argv[3])
priced.drop(columns="timestamp").to_parquet(sys.argv[4])
columns = {"y_pred_proba": "score", "y_pred": "decided", "repaid": "truth"}
window = window.merge(truth, on="id") if "id" in truth.columns else window.join(truth)
for frame, file in ((known, sys.argv[1]), (window, sys.argv[2])):
    frame.rename(columns=columns)[list(columns.values())].to_parquet(file)
"""


def resampled(loans: pl.DataFrame, rows: int, seed: int) -> pl.DataFrame:
    """Return so many loans, drawn again; scores get more digits than the two that theirs have."""
    draw = np.random.default_rng(seed)
    found = loans[np.sort(draw.integers(0, loans.height, rows))]
    score = np.clip(found["score"].to_numpy() + draw.uniform(-0.0049, 0.0049, rows), 0, 1)
    return found.with_columns(score=score, decided=(score > THRESHOLD).astype(int))


def seconds(work: Callable[[], Any]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def bins_of(windows: list[pl.DataFrame], profile: Any) -> tuple[np.ndarray, list[np.ndarray]]:
    """Count each window over the bins of the baseline, as cells do when rows come."""
    edges = np.linspace(profile.low, profile.high, len(profile.counts) - 1)
    edges = np.concatenate(([profile.minimum], edges, [profile.maximum]))
    return (edges[1:] + edges[:-1]) / 2, [tally_column(profile, each["score"]).bins for each in windows]


def expected(
    scores: np.ndarray, counts: list[np.ndarray], calibration: Calibration
) -> dict[str, list[float]]:
    return {
        name: [
            confidence_estimate(name, scores, each.astype(float), calibration, threshold=THRESHOLD).estimate
            for each in counts
        ]
        for name in METRICS
    }


def main() -> None:
    """Print the ratios."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1_000_000)
    rows = options.parse_args().rows
    python = python_with("nannyml", "nannyml==0.13.1", "pandas<3", "statsmodels<0.16", "pyarrow>=21,<27")
    if python is None:
        print("nannyml: can't be installed here, nothing is measured")
        return
    with tempfile.TemporaryDirectory() as folder:
        files = [str(Path(folder) / name) for name in ("known", "window", "cars", "priced")]
        environment = {"NML_DISABLE_USAGE_LOGGING": "1", "HOME": folder, "PATH": "/usr/bin:/bin"}

        def peer(script: str) -> str:
            done = subprocess.run(
                [python, "-c", script, *files], capture_output=True, text=True, check=True, env=environment
            )
            return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""

        peer(LOANS)
        known, window = (pl.read_parquet(each) for each in files[:2])
        loans_of(known, window)
        cars_of(*map(pl.read_parquet, files[2:]))
        known, window = resampled(known, rows, 1), resampled(window, rows, 2)
        known.write_parquet(files[0])
        window.write_parquet(files[1])
        theirs = json.loads(peer(NANNYML))
    step = rows // WINDOWS
    windows = [window[place * step : (place + 1) * step] for place in range(WINDOWS)]
    calibration = fitted(known)
    fit = min(seconds(lambda: fitted(known)) for _ in range(RUNS))
    profile = profile_column(known["score"])
    scores, counts = bins_of(windows, profile)
    found = expected(scores, counts, calibration)
    ours = min(seconds(lambda: expected(scores, counts, calibration)) for _ in range(RUNS))
    count = min(seconds(lambda: bins_of(windows, profile)) for _ in range(RUNS))
    values = window["score"].to_numpy()
    floor = min(seconds(values.sum) for _ in range(RUNS))
    worst = {
        name: max(abs(mine - other) for mine, other in zip(found[name], theirs["values"][key], strict=True))
        for name, key in METRICS.items()
    }
    print(
        f"{rows:,} rows, {WINDOWS} windows, 3 metrics with intervals: {ours * 1e3:.1f} ms CPU from counts, "
        f"{count * 1e3:.1f} ms to count, {fit * 1e3:.1f} ms to calibrate on {known.height:,} rows; "
        f"one pass over the scores {floor * 1e3:.1f} ms"
    )
    peer_seconds, fit_seconds = theirs["seconds"], theirs["fit"]
    told = [peer_seconds / ours, peer_seconds / (ours + count)]
    told.append((peer_seconds + fit_seconds) / (ours + count + fit))
    print(f"NannyML: {peer_seconds:.2f} s CPU, and {fit_seconds:.2f} s to fit; that is as long")
    print(f"  {told[0]:,.0f} times from counts (wanted: {WANTED}), {told[1]:,.0f} times with the counting, ")
    print(f"  {told[2]:,.0f} times with counting and fitting")
    print("numbers differ by " + ", ".join(f"{value:.1e} ({name})" for name, value in worst.items()))


def fitted(known: pl.DataFrame) -> Calibration:
    return Calibration.of(ScoreOutcomes.of(known["truth"].to_numpy(), known["score"].to_numpy()))


def loans_of(known: pl.DataFrame, window: pl.DataFrame) -> None:
    """Say how far the estimates of the car loans are from what really happened."""
    calibration = fitted(known)
    print("car loans, AUC by chunk of 5,000: estimated [95 %], realised")
    for place in range(0, window.height, 5000):
        part = window[place : place + 5000]
        scores, rows = np.unique(part["score"].to_numpy(), return_counts=True)
        found = confidence_estimate("auc", scores, rows.astype(float), calibration)
        real = auc(part["truth"].to_numpy(), part["score"].to_numpy())
        holds = "" if found.low <= real <= found.high else "  outside"
        print(f"  {found.estimate:.4f} [{found.low:.4f}, {found.high:.4f}]  {real:.4f}{holds}")


def cars_of(known: pl.DataFrame, window: pl.DataFrame) -> None:
    """Say how far the estimated errors of car prices are from those that they really had."""
    features = [name for name in known.columns if name not in {"id", "y_true", "y_pred"}]
    learned = learn_losses(known, features, "y_pred", (known["y_pred"] - known["y_true"]).to_numpy())
    if learned is None:
        return
    print("car prices, mean absolute error by chunk of 6,000: estimated [95 %], realised")
    for place in range(0, window.height, 6000):
        part = window[place : place + 6000]
        table = table_of(part, learned.columns, learned.categories)
        found = learned.estimate("mae", table, part.height)
        real = (part["y_pred"] - part["y_true"]).abs().mean()
        print(f"  {found.estimate:.1f} [{found.low:.1f}, {found.high:.1f}]  {real:.1f}")


if __name__ == "__main__":
    main()
