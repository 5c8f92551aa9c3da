"""A model travels with its evidence, and nothing in its folder is ever run."""

import io
import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from meguru.errors import InvalidInput, MeguruError, NotFound, UnsafeModel

pytest.importorskip("skops")

from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from meguru.flavors.bundle import load_bundle
from meguru.flavors.bundle_writer import save_bundle
from meguru.flavors.model import Model
from meguru.stats.profile import TableProfile

RNG = np.random.default_rng(1)
FRAME = pl.DataFrame(
    {
        "hour": RNG.integers(0, 24, 500),
        "wind": [None if i % 50 == 0 else float(v) for i, v in enumerate(RNG.normal(10, 3, 500))],
        "carrier": RNG.choice(["UA", "AA", "DL"], 500).tolist(),
    }
)
LATE = pl.Series("late", (FRAME["hour"] > 12).cast(pl.Int8))
NUMBERS = FRAME.select("hour", "wind")


def boosted(**changes) -> Model:
    estimator = HistGradientBoostingClassifier(max_iter=5, random_state=0).fit(NUMBERS, LATE)
    given = {
        "estimator": estimator,
        "example": NUMBERS[:5],
        "baseline": NUMBERS,
        "holdout": FRAME[400:].with_columns(LATE[400:]),
        "label": "late",
        "metrics": {"gain": np.float32(0.5)},
        "params": {"rounds": np.int64(5), "months": [1, 2]},
    }
    return Model(**given | changes)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_everything_comes_back(tmp_path):
    save_bundle(boosted(), tmp_path / "m")
    bundle = load_bundle(tmp_path / "m")
    assert bundle.flavor == "sklearn"
    assert bundle.signature.names == ("hour", "wind")
    assert bundle.evaluation.metrics.keys() == {"accuracy", "auc", "brier", "gain", "label_rate", "log_loss"}
    assert bundle.evaluation.params == {"rounds": 5, "months": [1, 2]}
    assert bundle.evaluation.rows == 100
    assert bundle.holdout().columns == ["hour", "wind", "carrier", "late"]
    bundle.check()


def test_the_baseline_profiles_features_and_scores(tmp_path):
    profile = TableProfile.from_dict(save_bundle(boosted(), tmp_path / "m").baseline)
    assert set(profile.columns) == {"hour", "wind", "_score"}
    assert profile.rows == 500


def test_equal_models_are_equal_folders(tmp_path):
    save_bundle(boosted(), tmp_path / "a")
    save_bundle(boosted(), tmp_path / "b")
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_a_measured_metric_takes_the_place_of_a_claimed_one(tmp_path):
    bundle = save_bundle(boosted(metrics={"auc": 2.0}), tmp_path / "m")
    assert bundle.evaluation.metrics["auc"] <= 1.0


def test_strings_go_to_a_pipeline_as_a_frame(tmp_path):
    encode = make_column_transformer((OneHotEncoder(), ["carrier"]), ("passthrough", ["hour"]))
    estimator = make_pipeline(encode, LogisticRegression()).fit(FRAME.drop("wind"), LATE)
    bundle = save_bundle(Model(estimator=estimator, example=FRAME.drop("wind")), tmp_path / "m")
    assert bundle.predictor.takes == "frame"
    np.testing.assert_array_equal(bundle.predict(FRAME), estimator.predict_proba(FRAME.drop("wind"))[:, 1])


def test_a_regression_gives_its_values(tmp_path):
    estimator = LinearRegression().fit(FRAME.select("hour"), FRAME["hour"] * 2)
    bundle = save_bundle(
        Model(
            estimator=estimator,
            example=FRAME.select("hour"),
            holdout=FRAME.with_columns(twice=pl.col("hour") * 2),
            label="twice",
            task="regression",
        ),
        tmp_path / "m",
    )
    assert bundle.evaluation.metrics["mae"] < 1e-9


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"example": NUMBERS.select("wind", "hour")}, "example"),
        ({"baseline": FRAME.select("hour")}, "baseline.wind"),
        ({"holdout": FRAME}, "holdout.late"),
        ({"label": ""}, "label"),
        ({"metrics": {"auc": "high"}}, "metrics.auc"),
        ({"params": {"when": object()}}, "params"),
        ({"example": NUMBERS[:0]}, "example"),
        ({"task": "multi"}, ""),
        ({"estimator": object()}, "estimator"),
    ],
)
def test_parts_that_do_not_fit_are_named(tmp_path, changes, field):
    with pytest.raises(MeguruError) as caught:
        save_bundle(boosted(**changes), tmp_path / "m")
    assert caught.value.field == field


def test_labels_other_than_0_and_1_are_refused(tmp_path):
    holdout = FRAME.with_columns(late=pl.lit(2))
    with pytest.raises(InvalidInput, match="0 or 1"):
        save_bundle(boosted(holdout=holdout), tmp_path / "m")


@pytest.fixture
def folder(tmp_path):
    save_bundle(boosted(), tmp_path / "m")
    return tmp_path / "m"


class Evil:
    def __reduce__(self):
        return (open, ("/dev/null",))


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Evil()))
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["model.skops", "model.pkl", "extra.json", "extra.bin", "model.joblib"])
@pytest.mark.parametrize(
    "content", [pickle.dumps(Evil()), pickle.dumps(Evil(), protocol=0), zipped()], ids=["new", "old", "zip"]
)
def test_a_pickle_is_refused_whatever_it_is_called(folder, name, content):
    (folder / name).write_bytes(content)
    with pytest.raises(UnsafeModel, match=name) as caught:
        load_bundle(folder)
    assert "pickle" in caught.value.what
    assert caught.value.why
    assert caught.value.hint


def test_joblib_is_refused(folder):
    joblib = pytest.importorskip("joblib")
    for compress in (0, ("zlib", 3), ("gzip", 3), ("xz", 3)):
        joblib.dump({"a": Evil()}, folder / "model.skops", compress=compress)
        with pytest.raises(UnsafeModel):
            load_bundle(folder)


@pytest.mark.parametrize("said", ["cloudpickle", "pickle", None])
def test_an_mlmodel_that_says_pickle_is_refused(folder, said):
    path = folder / "MLmodel"
    text = yaml.safe_load(path.read_text())
    text["flavors"]["sklearn"]["serialization_format"] = said
    path.write_text(yaml.safe_dump(text))
    with pytest.raises(UnsafeModel, match="pickle"):
        load_bundle(folder)


def test_a_trusted_list_in_the_artifact_changes_nothing(folder):
    path = folder / "MLmodel"
    text = yaml.safe_load(path.read_text())
    text["flavors"]["sklearn"]["skops_trusted_types"] = ["os.system"]
    path.write_text(yaml.safe_dump(text))
    source, target = zipfile.ZipFile(folder / "model.skops"), io.BytesIO()
    schema = json.loads(source.read("schema.json"))
    evil = {"__module__": "os", "__class__": "system", "__loader__": "FunctionNode"}
    schema["content"]["content"]["evil"] = evil
    with zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            archive.writestr(name, json.dumps(schema) if name == "schema.json" else source.read(name))
    (folder / "model.skops").write_bytes(target.getvalue())
    with pytest.raises(UnsafeModel, match=r"os\.system"):
        load_bundle(folder)


def test_code_in_the_folder_is_refused(folder):
    (folder / "code").mkdir()
    (folder / "code" / "helper.py").write_text("print(1)")
    with pytest.raises(UnsafeModel, match=r"helper\.py"):
        load_bundle(folder)


def test_a_python_function_alone_is_refused(folder):
    path = folder / "MLmodel"
    text = yaml.safe_load(path.read_text())
    del text["flavors"]["sklearn"]
    path.write_text(yaml.safe_dump(text))
    with pytest.raises(InvalidInput, match="python_function"):
        load_bundle(folder)


def test_a_folder_without_mlmodel_is_no_model(tmp_path):
    with pytest.raises(NotFound, match="no model folder"):
        load_bundle(tmp_path)


def test_a_model_that_answers_otherwise_than_when_saved_is_caught(folder):
    path = folder / "example.json"
    stored = json.loads(path.read_text())
    stored["scores"][0] += 0.01
    path.write_text(json.dumps(stored))
    with pytest.raises(InvalidInput, match="otherwise"):
        load_bundle(folder).check()


@pytest.mark.parametrize(
    "name", ["baseline.json", "evaluation.json", "example.json", "MLmodel", "holdout.parquet"]
)
def test_a_broken_file_is_named(folder, name):
    (folder / name).write_bytes(b"{{{")
    with pytest.raises(MeguruError, match=name):
        read_all(folder)


def read_all(folder):
    bundle = load_bundle(folder)
    bundle.check()
    return bundle.baseline, bundle.evaluation, bundle.holdout()
