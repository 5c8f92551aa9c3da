"""A CatBoost file is looked through before CatBoost reads it, and answers to the last bit as it did."""

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meguru.errors import InvalidInput, UnsafeModel
from meguru.flavors import catboostfile
from meguru.flavors.bundle import load_bundle
from meguru.flavors.model import Model, save_bundle

catboost = pytest.importorskip("catboost")
pd = pytest.importorskip("pandas")

RNG = np.random.default_rng(3)
X = RNG.normal(size=(120, 3))
KIND = RNG.integers(0, 3, 120)
FRAME = pd.DataFrame({"a": X[:, 0], "kind": np.array(["x", "y", "zz"])[KIND], "code": KIND})
Y = (X[:, 0] > 0).astype(int)
ROUNDS = {
    "iterations": 4,
    "depth": 3,
    "verbose": 0,
    "thread_count": 1,
    "allow_writing_files": False,
    "random_seed": 0,
}


def classifier(labels, rows=X, **options):
    return lambda: (catboost.CatBoostClassifier(**ROUNDS | options).fit(rows, labels), rows)


def regressor(truth, **options):
    return lambda: (catboost.CatBoostRegressor(**ROUNDS | options).fit(X, truth), X)


MODELS = {
    "binary": (classifier(Y), "binary"),
    "three names": (classifier(np.array(["a", "b", "c"])[KIND]), "multiclass"),
    "labels": (classifier(np.column_stack([Y, KIND > 0]), loss_function="MultiLogloss"), "multilabel"),
    "regression": (regressor(X[:, 0]), "regression"),
    "counts": (regressor(KIND, loss_function="Poisson"), "regression"),
    "two targets": (regressor(X[:, :2], loss_function="MultiRMSE"), "multioutput"),
    "quantiles": (regressor(X[:, 0], loss_function="MultiQuantile:alpha=0.1,0.5,0.9"), "quantile"),
    "categories": (classifier(Y ^ (KIND == 1), FRAME, cat_features=["kind", "code"]), "binary"),
    "few categories": (
        classifier(Y ^ (KIND == 1), FRAME, cat_features=["kind"], one_hot_max_size=9),
        "binary",
    ),
    "ranking": (
        lambda: (catboost.CatBoostRanker(**ROUNDS).fit(X, Y, group_id=np.arange(120) // 10), X),
        "ranking",
    ),
}
LOSSES = {"binary", "multiclass", "multilabel"}


@pytest.mark.parametrize("name", MODELS)
def test_a_stored_model_answers_to_the_last_bit_and_tells_its_task(name, tmp_path):
    train, task = MODELS[name]
    model, rows = train()
    save_bundle(Model(estimator=model, example=rows[:9]), tmp_path / "m")
    bundle = load_bundle(tmp_path / "m")
    assert bundle.task.key == task
    expected = model.predict(rows, prediction_type="Probability") if task in LOSSES else model.predict(rows)
    expected = expected[:, 1] if task == "binary" else expected
    np.testing.assert_array_equal(bundle.predict(rows), expected)
    answer = bundle.task.answer(bundle.predict(rows), len(rows))
    if task == "multiclass":
        assert answer["label"] == model.predict(rows)[:, 0].tolist()


@pytest.mark.parametrize("policy", ["Lossguide", "Depthwise"])
def test_trees_without_symmetry_are_put_back_in_order(policy):
    model = catboost.CatBoostRegressor(**ROUNDS, grow_policy=policy).fit(X, X[:, 0])
    loaded = catboostfile.loads(catboostfile.dumps(model))
    np.testing.assert_allclose(loaded.predict(X), model.predict(X), rtol=1e-14)


def test_saving_twice_gives_the_same_bytes():
    assert catboostfile.dumps(classifier(Y)()[0]) == catboostfile.dumps(classifier(Y)()[0])


def test_categories_of_a_matrix_say_which_example_is_wanted(tmp_path):
    model, _ = MODELS["categories"][0]()
    with pytest.raises(InvalidInput, match="no pandas frame"):
        save_bundle(
            Model(estimator=model, example={name: FRAME[name].to_numpy() for name in FRAME}), tmp_path
        )


@pytest.fixture(scope="module")
def described():
    return json.loads(catboostfile.dumps(MODELS["categories"][0]()[0]))


def info(held):
    return held["model"]["features_info"]


def tree(held):
    return next(tree for tree in held["model"]["oblivious_trees"] if tree["splits"])


def table(held):
    return next(iter(held["model"]["ctr_data"].values()))


DAMAGES = {
    "a split where no border is": lambda m: tree(m)["splits"][0].update(split_index=10**6),
    "a split below zero": lambda m: tree(m)["splits"][0].update(split_index=-1),
    "a border that is none": lambda m: tree(m)["splits"][0].update(border=0.123),
    "a split of another kind": lambda m: tree(m)["splits"][0].update(split_type="OneHotFeature"),
    "fewer leaves": lambda m: tree(m)["leaf_values"].pop(),
    "fewer weights": lambda m: tree(m)["leaf_weights"].pop(),
    "a tree of a million leaves": lambda m: tree(m).update(splits=tree(m)["splits"] * 40),
    "a leaf that is no number": lambda m: tree(m)["leaf_values"].__setitem__(0, "os.system"),
    "a leaf beyond all numbers": lambda m: tree(m)["leaf_values"].__setitem__(0, float("inf")),
    "borders that fall": lambda m: info(m)["float_features"][0]["borders"].reverse(),
    "a feature of another place": lambda m: info(m)["float_features"][0].update(feature_index=7),
    "a column far away": lambda m: info(m)["float_features"][0].update(flat_feature_index=2**31 - 1),
    "a column twice": lambda m: info(m)["float_features"][0].update(flat_feature_index=1),
    "texts for features": lambda m: info(m).update(text_features=[{}]),
    "a statistic without a table": lambda m: info(m)["ctrs"][0].update(identifier="none"),
    "a target beyond the table": lambda m: info(m)["ctrs"][0].update(target_border_idx=99),
    "a statistic of no feature": lambda m: info(m)["ctrs"][0]["elements"][0].update(cat_feature_index=99),
    "an unknown statistic": lambda m: info(m)["ctrs"][0].update(ctr_type="Exec"),
    "a table of uneven rows": lambda m: table(m)["hash_map"].pop(),
    "a table as wide as none": lambda m: table(m).update(hash_stride=0),
    "a hash twice": lambda m: table(m)["hash_map"].extend(table(m)["hash_map"][: table(m)["hash_stride"]]),
    "a bias of many outputs": lambda m: m["model"].update(scale_and_bias=[1, [0.0] * 50]),
    "exact values of another model": lambda m: m["exact"]["leaf_values"].__setitem__(0, 1e6),
    "fewer exact values": lambda m: m["exact"]["leaf_values"].pop(),
    "parameters of a training": lambda m: m["model"]["model_info"]["params"].update(train_dir="/etc"),
    "an unknown part": lambda m: m["model"].update(cpp_code="int main() {}"),
    "no trees": lambda m: m["model"].pop("oblivious_trees"),
    "a foreign class": lambda m: m.update(kind="Pool"),
    "another format": lambda m: m.update(format="cbm"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_would_crash_or_starve_the_process_is_refused(damage, described):
    held = json.loads(json.dumps(described))
    DAMAGES[damage](held)
    with pytest.raises(UnsafeModel, match="malformed"):
        catboostfile.loads(json.dumps(held).encode())


@pytest.mark.parametrize("data", [b"", b"[" * 100_000, b'{"format": 1}', b"\x80\x04."])
def test_what_is_no_model_is_refused(data):
    with pytest.raises(UnsafeModel, match="malformed"):
        catboostfile.loads(data)


def test_catboosts_binary_is_refused_with_what_to_do():
    with pytest.raises(UnsafeModel, match="binary") as refused:
        catboostfile.loads(b"CBM1\xff\xff\xff\xff")
    assert "estimator" in refused.value.hint


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_and_never_crashes(described, data):
    content = bytearray(json.dumps(described).encode())
    signs = st.sampled_from(b'0123456789-.e,[]{}"')
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(signs)
    try:
        model = catboostfile.loads(bytes(content))
    except UnsafeModel:
        return
    with contextlib.suppress(catboost.CatBoostError):
        model.predict(FRAME.head(3), thread_count=1)
