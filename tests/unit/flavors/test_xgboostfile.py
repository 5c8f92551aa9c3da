"""An XGBoost file is looked through before XGBoost reads it: what would crash it is refused."""

import contextlib
import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meguru.errors import MeguruError, UnsafeModel
from meguru.flavors import xgboostfile
from meguru.flavors.bundle import load_bundle
from meguru.flavors.model import Model, save_bundle
from meguru.flavors.xgboostfile import ubjson

xgboost = pytest.importorskip("xgboost")

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated")  # newer releases turn from some kinds
RNG = np.random.default_rng(3)
X = RNG.normal(size=(120, 3))
KIND = RNG.integers(0, 3, 120)
Y = (X[:, 0] > 0).astype(int)
ROUNDS = {"n_estimators": 4, "n_jobs": 1}


def with_categories():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": X[:, 0], "kind": pd.Categorical(np.array(["x", "y", "z"])[KIND])})
    model = xgboost.XGBClassifier(**ROUNDS, enable_categorical=True, max_cat_to_onehot=1)
    return model.fit(frame, Y ^ (KIND == 1)), frame


MODELS = {
    "binary": lambda: (xgboost.XGBClassifier(**ROUNDS).fit(X, Y), X),
    "three classes": lambda: (xgboost.XGBClassifier(**ROUNDS).fit(X, KIND), X),
    "labels": lambda: (xgboost.XGBClassifier(**ROUNDS).fit(X, np.column_stack([Y, KIND > 0])), X),
    "regression": lambda: (xgboost.XGBRegressor(**ROUNDS, missing=-9.0).fit(X, X[:, 0]), X),
    "two targets": lambda: (xgboost.XGBRegressor(**ROUNDS).fit(X, X[:, :2]), X),
    "quantiles": lambda: (
        xgboost.XGBRegressor(
            **ROUNDS, objective="reg:quantileerror", quantile_alpha=np.array([0.1, 0.5, 0.9])
        ).fit(X, X[:, 0]),
        X,
    ),
    "ranking": lambda: (xgboost.XGBRanker(**ROUNDS).fit(X, Y, qid=np.arange(120) // 10), X),
    "linear": lambda: (xgboost.XGBRegressor(**ROUNDS, booster="gblinear").fit(X, X[:, 0]), X),
    "forest": lambda: (xgboost.XGBRFRegressor(**ROUNDS).fit(X, X[:, 0]), X),
    "categories": with_categories,
}
TASKS = {
    "binary": "binary",
    "three classes": "multiclass",
    "labels": "multilabel",
    "two targets": "multioutput",
    "quantiles": "quantile",
    "ranking": "ranking",
    "categories": "binary",
}


@pytest.mark.parametrize("name", MODELS)
def test_a_stored_model_answers_as_it_did_and_tells_its_task(name, tmp_path):
    model, rows = MODELS[name]()
    save_bundle(Model(estimator=model, example=rows[:9]), tmp_path / "m")
    bundle = load_bundle(tmp_path / "m")
    assert bundle.task.key == TASKS.get(name, "regression")
    expected = model.predict_proba(rows) if hasattr(model, "predict_proba") else model.predict(rows)
    if bundle.task.key == "binary":
        expected = expected[:, 1]
    np.testing.assert_array_equal(bundle.predict(rows), expected)
    bundle.task.answer(bundle.predict(rows), len(rows))


def test_classes_that_are_picked_get_values_of_their_own(tmp_path):
    rows = xgboost.DMatrix(X, KIND)
    booster = xgboost.train({"objective": "multi:softmax", "num_class": 3, "nthread": 1}, rows, 3)
    save_bundle(Model(estimator=booster, example=X[:9]), tmp_path / "m")
    bundle = load_bundle(tmp_path / "m")
    answer = bundle.task.answer(bundle.predict(X), 120)
    assert answer["label"] == booster.predict(rows).astype(int).tolist()


def test_texts_without_categories_say_which_example_is_wanted(tmp_path):
    model, rows = with_categories()
    with pytest.raises(MeguruError, match="has no categories") as refused:
        save_bundle(Model(estimator=model, example=rows.astype({"kind": str})), tmp_path / "m")
    assert "pandas frame" in refused.value.hint


@pytest.fixture(scope="module")
def described():
    model, _ = with_categories()
    return json.loads(bytes(model.get_booster().save_raw("json")))


def trees(model):
    return model["learner"]["gradient_booster"]["model"]


def first(model):
    found = [tree for tree in trees(model)["trees"] if tree["categories_nodes"]]
    return found[0]


DAMAGES = {
    "a child beyond the nodes": lambda m: first(m)["left_children"].__setitem__(0, 999_999),
    "a child below zero": lambda m: first(m)["right_children"].__setitem__(0, -7),
    "a circle": lambda m: first(m)["left_children"].__setitem__(0, 0),
    "a node with one child": lambda m: first(m)["right_children"].__setitem__(0, -1),
    "a parent that is none": lambda m: first(m)["parents"].__setitem__(1, -2_000_000_000),
    "a root with a parent": lambda m: first(m)["parents"].__setitem__(0, 1),
    "a feature beyond the columns": lambda m: first(m)["split_indices"].__setitem__(0, 77),
    "fewer conditions": lambda m: first(m)["split_conditions"].pop(),
    "fewer weights": lambda m: first(m)["base_weights"].pop(),
    "a huge category": lambda m: first(m)["categories"].__setitem__(0, 2**31 - 1),
    "a category below zero": lambda m: first(m)["categories"].__setitem__(0, -1),
    "categories beyond their list": lambda m: first(m)["categories_sizes"].__setitem__(0, 10_000),
    "categories of no node": lambda m: first(m)["categories_nodes"].__setitem__(0, 9_999),
    "a lie about the nodes": lambda m: first(m)["tree_param"].update(num_nodes="999999999"),
    "a lie about the trees": lambda m: trees(m)["gbtree_model_param"].update(num_trees="1000000"),
    "a tree of no class": lambda m: trees(m)["tree_info"].__setitem__(0, 50),
    "rounds that fall": lambda m: trees(m)["iteration_indptr"].__setitem__(1, 400),
    "leaves of many numbers": lambda m: first(m)["tree_param"].update(size_leaf_vector="4000000"),
    "categories out of order": lambda m: trees(m)["cats"]["sorted_idx"].__setitem__(0, 55),
    "an offset beyond the texts": lambda m: trees(m)["cats"]["enc"][1]["offsets"].__setitem__(1, 10**6),
    "many classes": lambda m: m["learner"]["learner_model_param"].update(num_class="2000000000"),
    "many features": lambda m: m["learner"]["learner_model_param"].update(num_feature="2000000000"),
    "a text for a number": lambda m: first(m).update(left_children="no"),
    "no trees": lambda m: trees(m).pop("trees"),
    "a foreign booster": lambda m: m["learner"]["gradient_booster"].update(name="os.system"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_would_crash_or_starve_the_process_is_refused(damage, described):
    model = json.loads(json.dumps(described))
    DAMAGES[damage](model)
    with pytest.raises(UnsafeModel, match="malformed"):
        xgboostfile.loads("XGBClassifier", json.dumps(model).encode(), {})


def test_the_json_that_xgboost_writes_is_read(described):
    data = json.dumps(described).encode()
    assert xgboostfile.loads("Booster", data, {}).num_boosted_rounds() == ROUNDS["n_estimators"]


def key(name):
    return b"L" + struct.pack(">q", len(name)) + name


STREAMS = {
    "nothing": b"",
    "an end too early": b"{" + key(b"learner"),
    "a key twice": b"{" + 2 * (key(b"a") + b"i\x01") + b"}",
    "more after the end": b"{}i\x01",
    "an array larger than the file": b"{" + key(b"a") + b"[$D#L" + struct.pack(">q", 2**60) + b"}",
    "a list longer than the file": b"{" + key(b"a") + b"[#L" + struct.pack(">q", 2**60),
    "a length below zero": b"{" + key(b"a") + b"[$D#L" + struct.pack(">q", -5) + b"}",
    "a text longer than the file": b"{L" + struct.pack(">q", 2**62) + b"a",
    "a deep nest": b"[" * 100_000,
    "an array of objects": b"{" + key(b"a") + b"[$Z#L" + struct.pack(">q", 2**40) + b"}",
    "a pickle": b"\x80\x04\x95",
    "a list that is no model": b"[]",
}


@pytest.mark.parametrize("stream", STREAMS)
def test_a_stream_that_is_no_model_is_refused(stream):
    with pytest.raises(UnsafeModel, match="malformed"):
        xgboostfile.loads("Booster", STREAMS[stream], {})


def test_a_class_that_is_none_of_xgboosts_is_refused(described):
    with pytest.raises(UnsafeModel, match="malformed"):
        xgboostfile.loads("DMatrix", json.dumps(described).encode(), {})


def test_a_function_among_the_settings_is_refused():
    model = xgboost.XGBRegressor(**ROUNDS, eval_metric=lambda truth, found: 0.0).fit(X, Y)
    with pytest.raises(UnsafeModel, match="without pickle"):
        xgboostfile.settings_of(model)


def test_trees_of_several_outputs_say_what_to_do():
    model = xgboost.XGBRegressor(**ROUNDS, multi_strategy="multi_output_tree").fit(X, X[:, :2])
    with pytest.raises(UnsafeModel) as refused:
        xgboostfile.dumps(model)
    assert "one_output_per_tree" in refused.value.why


@pytest.fixture(scope="module")
def written():
    return xgboostfile.dumps(with_categories()[0])


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_and_never_crashes(written, data):
    content = bytearray(written)
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        model = xgboostfile.loads("Booster", bytes(content), {})
    except UnsafeModel:
        return
    with contextlib.suppress(ValueError):  # XGBoost's own error of what it found
        model.predict(xgboost.DMatrix(np.zeros((2, 2)), feature_names=model.feature_names))


def test_the_reader_gives_what_xgboost_wrote(written, described):
    found = ubjson.loads(written)
    mine = found["learner"]["gradient_booster"]["model"]["trees"][0]["split_indices"]
    assert mine.tolist() == trees(described)["trees"][0]["split_indices"]
