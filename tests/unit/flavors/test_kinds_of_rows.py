"""Rows of a request come to an estimator as it was trained: the answers are the library's own, to the bit."""

import datetime as dt
import json

import numpy as np
import pytest

from meguru.flavors.bundle import load_bundle
from meguru.flavors.model import Model, save_bundle
from meguru.flavors.rows import decoder

pytest.importorskip("skops")

from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

pd = pytest.importorskip("pandas")
RNG = np.random.default_rng(2)
N = 80
LATE = np.arange(N) % 2
DAYS = [dt.date(2024, 1, 1) + dt.timedelta(days=int(each)) for each in RNG.integers(0, 5, N)]
FRAME = pd.DataFrame(
    {
        "carrier": RNG.choice(["AA", "UA", "日本"], N),
        "hub": RNG.random(N) > 0.5,
        "seats": RNG.integers(1, 9, N),
        "wind": np.where(RNG.random(N) > 0.8, np.nan, RNG.normal(size=N)),
        "day": DAYS,
        "at": pd.to_datetime(DAYS),
    }
)
SEEN = {"handle_unknown": "ignore"}


def asked(model, example, rows, folder):
    """Return what a stored model answers to the rows of a request."""
    save_bundle(Model(estimator=model, example=example), folder)
    bundle = load_bundle(folder)
    reader = decoder(bundle.signature)
    found = reader.convert(json.loads(json.dumps(rows)))
    return bundle.predict(reader.matrix(found) if bundle.takes == "matrix" else reader.frame(found))


def as_json(frame):
    """Return rows as a client sends them."""
    shown = frame.astype({"day": str, "at": str}) if "day" in frame else frame
    rows = shown.to_dict("records")
    return [{name: None if pd.isna(value) else value for name, value in row.items()} for row in rows]


def test_missing_values_booleans_and_integers(tmp_path):
    rows = FRAME[["hub", "seats", "wind"]]
    model = HistGradientBoostingClassifier(max_iter=5).fit(rows, LATE)
    found = asked(model, rows, as_json(rows), tmp_path / "m")
    np.testing.assert_array_equal(found, model.predict_proba(rows)[:, 1])


def test_categories_never_seen(tmp_path):
    encode = make_column_transformer((OneHotEncoder(**SEEN), ["carrier"]), ("passthrough", ["seats"]))
    rows = FRAME[["carrier", "seats"]]
    model = make_pipeline(encode, LogisticRegression()).fit(rows, LATE)
    strange = pd.DataFrame({"carrier": ["never", "日本"], "seats": [1, 2]})
    found = asked(model, rows.head(), as_json(strange), tmp_path / "m")
    np.testing.assert_array_equal(found, model.predict_proba(strange)[:, 1])


@pytest.mark.parametrize("column", ["day", "at"])
def test_dates_and_times(tmp_path, column):
    encode = make_column_transformer((OrdinalEncoder(), [column]), (StandardScaler(), ["seats"]))
    model = make_pipeline(encode, LogisticRegression()).fit(FRAME, LATE)
    found = asked(model, FRAME, as_json(FRAME), tmp_path / "m")
    np.testing.assert_array_equal(found, model.predict_proba(FRAME)[:, 1])


def test_columns_selected_by_their_types(tmp_path):
    rows = FRAME[["carrier", "hub", "seats"]]
    encode = make_column_transformer(
        (OneHotEncoder(**SEEN), make_column_selector(pattern="carrier")),
        (StandardScaler(), make_column_selector(dtype_include="number")),
        ("passthrough", make_column_selector(dtype_include=bool)),
    )
    model = make_pipeline(encode, LogisticRegression()).fit(rows, LATE)
    found = asked(model, rows, as_json(rows), tmp_path / "m")
    np.testing.assert_array_equal(found, model.predict_proba(rows)[:, 1])


def test_wide_rows(tmp_path):
    rows = pd.DataFrame(RNG.normal(size=(N, 1500)), columns=[f"c{place}" for place in range(1500)])
    matrix = np.ascontiguousarray(rows)  # BLAS adds the columns of a frame in another order
    model = LogisticRegression().fit(matrix, LATE)
    found = asked(model, rows.head(3), as_json(rows.head(9)), tmp_path / "m")
    np.testing.assert_array_equal(found, model.predict_proba(matrix[:9])[:, 1])


def test_words_among_other_columns(tmp_path):
    rows = pd.DataFrame(
        {"note": RNG.choice(["late again", "on time", "遅れ late"], N), "seats": FRAME["seats"]}
    )
    encode = make_column_transformer((TfidfVectorizer(), "note"), ("passthrough", ["seats"]))
    model = make_pipeline(encode, LogisticRegression()).fit(rows, LATE)
    found = asked(model, rows, as_json(rows), tmp_path / "m")
    np.testing.assert_array_equal(found, model.predict_proba(rows)[:, 1])
