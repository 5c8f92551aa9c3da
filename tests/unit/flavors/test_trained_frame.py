"""An estimator is asked with the kind of frame it was trained on, with the types that its columns had."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from meguru.errors import InvalidInput
from meguru.flavors import mlmodel
from meguru.flavors.bundle import load_bundle
from meguru.flavors.columns import select
from meguru.flavors.frames import as_frame
from meguru.flavors.model import Model, save_bundle
from meguru.flavors.signature import Signature, infer
from meguru.flavors.trained_frame import TrainedColumn, TrainedFrame, trained_frame

pytest.importorskip("skops")

from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

pd = pytest.importorskip("pandas")
DAYS = pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-03"])
PANDAS = pd.DataFrame(
    {
        "small": np.array([1, 2, 3], "int8"),
        "whole": [1, 2, 3],
        "half": np.array([1, 2, np.nan], "float32"),
        "flag": [True, False, True],
        "text": ["a", "b", None],
        "kind": pd.Categorical(["x", "y", None], categories=["x", "y", "z"]),
        "number": pd.Categorical([3, 5, 3], ordered=True),
        "object": pd.Series(["q", None, "r"], dtype=object),
        "time": DAYS,
        "zoned": DAYS.tz_localize("Asia/Tokyo"),
        "date": [dt.date(2020, 1, 1)] * 3,
        "Int": pd.array([1, None, 3], dtype="Int64"),
        "boolean": pd.array([True, None, False], dtype="boolean"),
        "string": pd.array(["a", None, "b"], dtype="string"),
    }
)
POLARS = pl.DataFrame(
    {
        "small": pl.Series([1, 2], dtype=pl.Int8),
        "date": [dt.date(2020, 1, 1)] * 2,
        "kind": pl.Series(["a", "b"], dtype=pl.Enum(["b", "a"])),
        "time": [dt.datetime(2020, 1, 1)] * 2,  # noqa: DTZ001 (a time without a zone is the case)
        "half": pl.Series([1.5, 2], dtype=pl.Float32),
        "text": ["a", None],
    }
)


def there_and_back(frame):
    was = trained_frame(frame)
    was.check()
    return was.of(select(Signature(inputs=infer(frame)), as_frame(frame)))


def test_a_pandas_frame_comes_back_with_its_types():
    pd.testing.assert_frame_equal(there_and_back(PANDAS), PANDAS)


def test_a_polars_frame_comes_back_with_its_types():
    assert there_and_back(POLARS).schema == POLARS.schema
    assert there_and_back(POLARS).equals(POLARS)


def test_a_category_never_seen_is_missing():
    was = TrainedFrame(kind="pandas", columns=(TrainedColumn(name="kind", categories=("x", "y")),))
    asked = was.of(pl.DataFrame({"kind": ["x", "new", None]}))
    assert asked["kind"].isna().tolist() == [False, True, True]


@pytest.mark.parametrize("kind", ["O", "category[os.system]", "datetime64[ns, __import__('os')]", "int4"])
def test_a_type_that_no_frame_has_is_refused(kind):
    with pytest.raises(InvalidInput, match="frame"):
        TrainedFrame(kind="pandas", columns=(TrainedColumn(name="a", type=kind),)).check()


ROWS = pd.DataFrame({"kind": ["a", "b", "a", "c"] * 6, "size": np.arange(24)})
LATE = [0, 1, 0, 1] * 6


def stored(estimator, example, folder):
    save_bundle(Model(estimator=estimator, example=example), folder)
    return load_bundle(folder)


def test_a_pipeline_of_a_pandas_frame_is_asked_with_one(tmp_path):
    square = FunctionTransformer(np.square, feature_names_out="one-to-one")
    encode = make_column_transformer((OneHotEncoder(), ["kind"]), (square, ["size"]))
    model = make_pipeline(encode, LogisticRegression()).fit(ROWS, LATE)
    bundle = stored(model, ROWS.head(5), tmp_path / "m")
    np.testing.assert_array_equal(bundle.predict(ROWS), model.predict_proba(ROWS)[:, 1])
    assert bundle.signature.frame.kind == "pandas"


def test_categories_of_a_frame_are_those_of_the_training(tmp_path):
    rows = ROWS.astype({"kind": "category"})
    model = HistGradientBoostingClassifier(
        categorical_features="from_dtype", max_iter=3, min_samples_leaf=2
    ).fit(rows, LATE)
    bundle = stored(model, rows.head(5), tmp_path / "m")
    asked = pl.DataFrame({"kind": ["c", "b", "never", None], "size": [1, 2, 3, 4]})
    typed = pd.DataFrame({"kind": ["c", "b", None, None], "size": [1, 2, 3, 4]})
    typed["kind"] = pd.Categorical(typed["kind"], categories=["a", "b", "c"])
    np.testing.assert_array_equal(bundle.predict(asked), model.predict_proba(typed)[:, 1])


@pytest.mark.parametrize("kind", [pd.Series, pl.Series, None])
def test_a_pipeline_that_starts_with_words_is_asked_with_texts(tmp_path, kind):
    texts = ["the cat sat", "a dog ran", "cats sat there", "dogs ran there"] * 4
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, [0, 1] * 8)
    if kind is None:
        example = pd.DataFrame({"text": texts})
    else:
        example = pd.Series(texts, name="text") if kind is pd.Series else pl.Series("text", texts)
    bundle = stored(model, example, tmp_path / "m")
    np.testing.assert_array_equal(bundle.predict(example), model.predict_proba(texts)[:, 1])


def test_a_model_of_a_polars_frame_is_asked_with_polars(tmp_path):
    encode = make_column_transformer((OneHotEncoder(), ["kind"]), ("passthrough", ["size"]))
    rows = pl.from_dict(ROWS.to_dict(orient="list"))
    model = make_pipeline(encode, LogisticRegression()).fit(rows, LATE)
    stored(model, rows, tmp_path / "m")
    assert mlmodel.read(tmp_path / "m", ["sklearn"]).signature.frame == TrainedFrame(kind="polars")
