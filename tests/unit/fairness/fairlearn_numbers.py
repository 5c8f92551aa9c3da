"""Fairlearn's numbers of cases: run by an interpreter that has Fairlearn, JSON in and out."""

import json
import sys

import numpy as np
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_difference,
    demographic_parity_ratio,
    equal_opportunity_difference,
    equal_opportunity_ratio,
    equalized_odds_difference,
    equalized_odds_ratio,
)
from sklearn.metrics import accuracy_score, mean_absolute_error, precision_score, root_mean_squared_error


def numbers(case):
    truth, said, by = (np.array(case[name]) for name in ("truth", "decided", "group"))
    found = {}
    for name, difference, ratio in (
        ("demographic_parity", demographic_parity_difference, demographic_parity_ratio),
        ("equal_opportunity", equal_opportunity_difference, equal_opportunity_ratio),
        ("equalized_odds", equalized_odds_difference, equalized_odds_ratio),
    ):
        found[name] = [float(each(truth, said, sensitive_features=by)) for each in (difference, ratio)]
    values, score = np.array(case["value"]), np.array(case["score"])
    for name, metric, true, pred in (
        ("predictive_parity", precision_score, truth, said),
        ("accuracy_parity", accuracy_score, truth, said),
        ("mae", mean_absolute_error, values, score),
        ("rmse", root_mean_squared_error, values, score),
    ):
        frame = MetricFrame(metrics=metric, y_true=true, y_pred=pred, sensitive_features=by)
        found[name] = [float(frame.difference()), float(frame.ratio())]
    mean = MetricFrame(
        metrics=lambda true, pred: float(np.mean(pred - true)),
        y_true=values,
        y_pred=score,
        sensitive_features=by,
    )
    found["mean_error"] = [float(mean.difference())]
    return found


if __name__ == "__main__":
    json.dump([numbers(case) for case in json.load(sys.stdin)], sys.stdout)
