"""A model is written as ONNX once it answers as the model does; what has no form there says so."""

import numpy as np
import polars as pl
import pytest

pytest.importorskip("skl2onnx")
pytest.importorskip("onnxruntime")

from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from meguru.errors import InvalidInput
from meguru.flavors.bundle import Bundle, load_bundle
from meguru.flavors.bundle_writer import save_bundle
from meguru.flavors.model import Model
from meguru.flavors.onnx_export import to_onnx
from meguru.testing import matrix

X, FRAME = matrix.FRAME.to_numpy(), matrix.FRAME
BINARY, MANY = matrix.QUESTIONS["binary"], matrix.QUESTIONS["multiclass"]


def bundle_of(tmp_path, estimator, frame=FRAME, **said):
    return save_bundle(Model(estimator=estimator, example=frame, **said), tmp_path / "m")


@pytest.mark.parametrize(
    ("estimator", "within"),
    [
        (LogisticRegression().fit(X, BINARY.y), 1e-12),
        (LinearRegression().fit(X, X[:, 0]), 1e-12),
        (make_pipeline(StandardScaler(), LogisticRegression()).fit(X, MANY.y), 1e-12),
        (RandomForestClassifier(3, random_state=0).fit(X, MANY.y), 1e-6),
        (HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=2).fit(X, BINARY.y), 1e-6),
    ],
    ids=lambda each: type(each).__name__,
)
def test_an_export_answers_as_the_model_does(tmp_path, estimator, within):
    bundle = bundle_of(tmp_path, estimator)
    made = to_onnx(bundle)
    assert made.difference <= within
    (tmp_path / "net.onnx").write_bytes(made.data)
    again = save_bundle(
        Model(estimator=tmp_path / "net.onnx", example=FRAME, task=bundle.task), tmp_path / "again"
    )
    np.testing.assert_allclose(again.predict(FRAME), bundle.predict(FRAME), rtol=1e-5, atol=1e-5)


def test_columns_of_text_stay_inputs_by_name(tmp_path):
    frame = FRAME.with_columns(carrier=pl.Series(["UA", "AA"] * 30))
    encode = make_column_transformer((OneHotEncoder(), ["carrier"]), ("passthrough", ["wind", "rain"]))
    bundle = bundle_of(tmp_path, make_pipeline(encode, LogisticRegression()).fit(frame, BINARY.y), frame)
    made = to_onnx(bundle)
    assert list(made.takes) == ["wind", "rain", "carrier"]
    assert made.takes["carrier"] == "object"
    assert made.difference <= 1e-6


@pytest.mark.parametrize("flavor", ["xgboost", "lightgbm"])
def test_boosted_trees_are_exported(tmp_path, flavor):
    pytest.importorskip(flavor)
    pytest.importorskip("onnxmltools")
    pytest.importorskip("pandas")
    bundle = bundle_of(tmp_path, matrix.estimator(flavor, BINARY, 2))
    assert to_onnx(bundle).difference <= 1e-5


def test_a_network_of_onnx_is_itself(tmp_path):
    bundle_of(tmp_path, matrix.estimator("onnx", MANY, 1), task=MANY.task)
    loaded = load_bundle(tmp_path / "m")
    made = to_onnx(loaded)
    assert (made.data, made.difference) == ((tmp_path / "m" / "model.onnx").read_bytes(), 0.0)


def test_what_answers_otherwise_is_not_exported(tmp_path):
    bundle = bundle_of(tmp_path, RandomForestClassifier(3, random_state=0).fit(X, MANY.y))
    with pytest.raises(InvalidInput, match="no form in ONNX") as caught:
        to_onnx(bundle, tolerance=0.0)
    assert "differ" in caught.value.why
    assert "--tolerance" in caught.value.hint


def test_what_the_converter_does_not_know_says_why(tmp_path):
    with pytest.raises(InvalidInput, match="no form in ONNX") as caught:
        to_onnx(bundle_of(tmp_path, IsolationForest(n_estimators=3, random_state=0).fit(X), task="anomaly"))
    assert caught.value.why


def test_a_flavor_that_is_not_offered_names_those_that_are(tmp_path):
    bundle = bundle_of(tmp_path, LogisticRegression().fit(X, BINARY.y))
    with pytest.raises(InvalidInput, match="pytorch") as caught:
        to_onnx(Bundle(bundle.folder, "pytorch", bundle.predictor))
    assert "sklearn" in caught.value.why
    assert "torch.onnx.export" in caught.value.hint
