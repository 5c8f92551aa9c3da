"""A LightGBM file is read strictly and written anew before LightGBM sees it, or it is refused."""

import contextlib
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meguru.errors import UnsafeModel
from meguru.flavors import lightgbmfile
from meguru.flavors.bundle import load_bundle
from meguru.flavors.model import Model, save_bundle

lightgbm = pytest.importorskip("lightgbm")

RNG = np.random.default_rng(3)
X = RNG.normal(size=(120, 3))
KIND = RNG.integers(0, 3, 120)
Y = (X[:, 0] > 0).astype(int)
ROUNDS = {"n_estimators": 4, "n_jobs": 1, "verbose": -1, "min_child_samples": 5, "num_leaves": 6}


def with_categories():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": X[:, 0], "kind": pd.Categorical(np.array(["x", "y", "z"])[KIND])})
    return lightgbm.LGBMClassifier(**ROUNDS).fit(frame, np.where(KIND == 1, "late", "early")), frame


def classifier(labels, **options):
    return lambda: (lightgbm.LGBMClassifier(**ROUNDS | options).fit(X, labels), X)


def regressor(**options):
    return lambda: (lightgbm.LGBMRegressor(**ROUNDS | options).fit(X, X[:, 0]), X)


MODELS = {
    "binary": (classifier(Y), "binary"),
    "three names": (classifier(np.array(["a", "b", "c"])[KIND]), "multiclass"),
    "one against all": (classifier(KIND, objective="multiclassova"), "multiclass"),
    "forest": (classifier(Y, boosting_type="rf", subsample=0.5, subsample_freq=1), "binary"),
    "dart": (classifier(Y, boosting_type="dart"), "binary"),
    "regression": (regressor(), "regression"),
    "linear leaves": (regressor(linear_tree=True), "regression"),
    "quantile": (regressor(objective="quantile", alpha=0.9), "quantile"),
    "ranking": (lambda: (lightgbm.LGBMRanker(**ROUNDS).fit(X, Y, group=[12] * 10), X), "ranking"),
    "categories": (with_categories, "binary"),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_stored_model_answers_as_it_did_and_tells_its_task(name, tmp_path):
    (train, task) = MODELS[name]
    model, rows = train()
    save_bundle(Model(estimator=model, example=rows[:9]), tmp_path / "m")
    bundle = load_bundle(tmp_path / "m")
    assert bundle.task.key == task
    expected = model.predict_proba(rows) if hasattr(model, "predict_proba") else model.predict(rows)
    if task == "binary":
        expected = expected[:, 1]
    np.testing.assert_array_equal(bundle.predict(rows), expected)
    answer = bundle.task.answer(bundle.predict(rows), len(rows))
    if task == "multiclass":
        assert answer["label"] == model.predict(rows).tolist()


@pytest.mark.parametrize("name", ["binary", "three names", "regression", "categories"])
def test_inside_a_pipeline_it_answers_as_it_did(name, tmp_path):
    pytest.importorskip("skops")
    from sklearn.pipeline import make_pipeline

    model, rows = MODELS[name][0]()
    pipeline = make_pipeline("passthrough", model)
    save_bundle(Model(estimator=pipeline, example=rows[:9]), tmp_path / "m")
    bundle = load_bundle(tmp_path / "m")
    expected = pipeline.predict_proba(rows) if hasattr(pipeline, "predict_proba") else pipeline.predict(rows)
    expected = expected[:, 1] if bundle.task.key == "binary" else expected
    np.testing.assert_array_equal(bundle.predict(rows), expected)


def test_a_category_never_seen_is_missing(tmp_path):
    import pandas as pd

    model, rows = with_categories()
    save_bundle(Model(estimator=model, example=rows[:9]), tmp_path / "m")
    asked = pd.DataFrame({"a": [0.5, 0.5], "kind": ["never", None]})
    found = load_bundle(tmp_path / "m").predict(asked)
    known = pd.DataFrame({"a": [0.5], "kind": pd.Categorical([None], categories=["x", "y", "z"])})
    np.testing.assert_array_equal(found, model.predict_proba(known)[[0, 0], 1])


@pytest.fixture(scope="module")
def text():
    return lightgbmfile.dumps(with_categories()[0]).decode()


@pytest.fixture(scope="module")
def linear():
    return lightgbmfile.dumps(regressor(linear_tree=True)()[0]).decode()


def change(key, value):
    """Return what replaces the first value of a key, or all of it."""
    return lambda text: re.sub(rf"(?m)^{key}=[^ \n]*", f"{key}={value}", text, count=1)


def lines(key, value):
    return lambda text: re.sub(rf"(?m)^{key}=.*$", f"{key}={value}", text, count=1)


DAMAGES = {
    "a child beyond the nodes": change("left_child", "99999"),
    "a leaf beyond the leaves": change("right_child", "-99999"),
    "a circle": change("left_child", "0"),
    "a leaf led to twice": lambda text: change("right_child", "1")(change("left_child", "1")(text)),
    "a feature beyond the columns": change("split_feature", "77"),
    "a feature below zero": change("split_feature", "-1"),
    "a way of splitting that is unknown": change("decision_type", "128"),
    "no categories to split by": lines("num_cat", "0"),
    "a category set beyond the sets": lambda text: text.replace("threshold=0", "threshold=55", 1),
    "bounds that fall": lines("cat_boundaries", "5 0"),
    "bounds beyond the sets": lines("cat_boundaries", "0 1000000"),
    "a lie about the leaves": lines("num_leaves", "1000000"),
    "a number below zero": lines("num_leaves", "-5"),
    "fewer thresholds": lines("threshold", "1"),
    "more leaf values": lines("leaf_value", "1 2 3 4 5 6 7 8 9 10 11 12"),
    "a text for numbers": lines("leaf_value", "os.system"),
    "a lie about the classes": lines("num_class", "1000000"),
    "classes of the objective alone": lines("objective", "multiclass num_class:100"),
    "trees of a round": lines("num_tree_per_iteration", "7"),
    "an unknown objective": lines("objective", "binary sigmoid:1; import os"),
    "many features": lines("max_feature_idx", "2000000000"),
    "fewer names": lines("feature_names", "a"),
    "an unknown line": lambda text: text.replace(
        "num_leaves=", "forcedsplits_filename=/etc/passwd\nnum_leaves=", 1
    ),
    "a line twice": lambda text: text.replace("num_leaves=", "num_leaves=2\nnum_leaves=", 1),
    "another version": lines("version", "v1"),
    "no end": lambda text: text.replace("end of trees", ""),
    "half": lambda text: text[: len(text) // 2],
    "nothing": lambda text: "",
    "categories that are objects": lambda text: re.sub(
        r"pandas_categorical:.*", 'pandas_categorical:[[{"a": 1}]]', text
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_would_crash_or_starve_the_process_is_refused(damage, text):
    broken = DAMAGES[damage](text)
    assert broken != text
    with pytest.raises(UnsafeModel, match="malformed"):
        lightgbmfile.loads(broken.encode())


LINEAR = {
    "fewer coefficients": lines("leaf_coeff", "1"),
    "a feature of a leaf beyond the columns": lambda text: re.sub(
        r"(?m)^leaf_features=\d", "leaf_features=9", text
    ),
    "more features than there are": lines("num_features", "1000000 0 0 0 0 0"),
    "fewer constants": lines("leaf_const", "1"),
}


@pytest.mark.parametrize("damage", LINEAR)
def test_linear_leaves_that_lead_astray_are_refused(damage, linear):
    broken = LINEAR[damage](linear)
    assert broken != linear
    with pytest.raises(UnsafeModel, match="malformed"):
        lightgbmfile.loads(broken.encode())


def test_a_tree_too_deep_to_walk_is_refused(text):
    count = 5_000
    ways = {
        "num_leaves": count + 1,
        "num_cat": 0,
        "split_feature": " ".join(["0"] * count),
        "split_gain": " ".join(["1"] * count),
        "threshold": " ".join(["1"] * count),
        "decision_type": " ".join(["2"] * count),
        "left_child": " ".join([*map(str, range(1, count)), f"-{count + 1}"]),
        "right_child": " ".join(f"-{place + 1}" for place in range(count)),
        "leaf_value": " ".join(["1"] * (count + 1)),
    }
    block = "\n".join(f"{key}={value}" for key, value in ways.items())
    head = text.partition("\nTree=0\n")[0]
    with pytest.raises(UnsafeModel) as refused:
        lightgbmfile.loads(f"{head}\nTree=0\n{block}\n\n\nend of trees\n".encode())
    assert "deeper" in refused.value.why


def test_parameters_of_the_training_are_not_kept(text):
    model, _ = with_categories()
    raw = model.booster_.model_to_string()
    assert "parameters:" in raw
    assert "parameters:" not in text
    assert lightgbmfile.dumps(lightgbmfile.loads(raw.encode())).decode() == text


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_and_never_crashes(text, data):
    content = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(
            st.sampled_from(b"0123456789- =\n.e")
        )
    try:
        model = lightgbmfile.loads(bytes(content))
    except UnsafeModel:
        return
    with contextlib.suppress(lightgbm.basic.LightGBMError):
        model.predict(np.zeros((2, 2)), num_threads=1)
