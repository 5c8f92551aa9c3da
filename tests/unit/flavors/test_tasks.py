"""The task of an estimator is found, completed with what it knows, stored, and read again."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from meguru.errors import InvalidInput
from meguru.flavors.bundle import load_bundle
from meguru.flavors.bundle_writer import save_bundle
from meguru.flavors.model import Model
from meguru.tasks import plain

ROWS = np.random.default_rng(3).normal(size=(60, 3))
FRAME = pl.DataFrame(ROWS, schema=["a", "b", "c"])


def classifier(labels):
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression().fit(ROWS, labels)


def regressor(targets):
    from sklearn.linear_model import LinearRegression

    return LinearRegression().fit(ROWS, targets)


MADE = {
    "binary, false and true": (lambda: classifier(ROWS[:, 0] > 0), "binary"),
    "binary, 0 and 1": (lambda: classifier((ROWS[:, 0] > 0).astype(float)), "binary"),
    "binary, names": (
        lambda: classifier(np.where(ROWS[:, 0] > 0, "late", "in time")),
        {"task": "binary", "classes": ["in time", "late"]},
    ),
    "multiclass": (
        lambda: classifier(np.array(["a", "b", "c"])[np.arange(60) % 3]),
        {"task": "multiclass", "classes": ["a", "b", "c"]},
    ),
    "regression": (lambda: regressor(ROWS[:, 0]), "regression"),
    "multioutput": (lambda: regressor(ROWS[:, :2]), {"task": "multioutput", "targets": ["y0", "y1"]}),
}


@pytest.mark.parametrize("case", MADE)
def test_the_task_is_found_from_the_estimator_and_kept(tmp_path, case):
    train, expected = MADE[case]
    save_bundle(Model(estimator=train(), example=FRAME.head(4)), tmp_path / "m")
    loaded = load_bundle(tmp_path / "m")
    assert plain(loaded.task) == expected
    assert loaded.signature.outputs == loaded.task.outputs()
    answer = loaded.task.answer(loaded.predict(FRAME), 60)
    assert list(answer) == [output.name for output in loaded.task.outputs()]


def test_labels_by_name_make_the_same_evaluation_as_zero_and_one(tmp_path):
    named = np.where(ROWS[:, 0] > 0.2, "late", "in time")
    holdouts = {
        "named": FRAME.with_columns(y=pl.Series(named)),
        "numbers": FRAME.with_columns(y=ROWS[:, 0] > 0.2),
    }
    found = [
        save_bundle(
            Model(estimator=classifier(named), example=FRAME.head(4), holdout=holdout, label="y"),
            tmp_path / name,
        ).evaluation
        for name, holdout in holdouts.items()
    ]
    assert found[0].metrics == found[1].metrics
    assert found[0].positives == int((ROWS[:, 0] > 0.2).sum())


def test_the_profile_of_a_baseline_holds_the_single_outputs(tmp_path):
    train, _ = MADE["multiclass"]
    bundle = save_bundle(Model(estimator=train(), example=FRAME.head(4), baseline=FRAME), tmp_path)
    assert "_output:label" in str(bundle.baseline)
    assert "_output:probabilities" not in str(bundle.baseline)


@pytest.mark.parametrize(
    ("case", "said", "field"),
    [
        ("multiclass", "binary", "task"),
        ("regression", "binary", "task"),
        ("multiclass", {"task": "multiclass", "classes": ["a", "b"]}, "task.classes"),
        ("regression", {"task": "multioutput", "targets": ["y0", "y1"]}, "task"),
    ],
)
def test_a_task_that_the_estimator_can_not_do_is_refused(tmp_path, case, said, field):
    with pytest.raises(InvalidInput) as caught:
        save_bundle(Model(estimator=MADE[case][0](), example=FRAME.head(4), task=said), tmp_path)
    assert caught.value.field == field


def test_a_feature_may_be_a_slice_too(tmp_path):
    holdout = FRAME.with_columns(y=ROWS[:, 0], c=pl.Series([1.0, 2.0] * 30))
    model = Model(
        estimator=regressor(ROWS[:, 0]), example=FRAME.head(4), holdout=holdout, label="y", slices=["c"]
    )
    found = save_bundle(model, tmp_path).evaluation
    assert [(each.column, each.value, each.rows) for each in found.slices] == [("c", 1.0, 30), ("c", 2.0, 30)]
