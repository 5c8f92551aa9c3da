"""Models with a few bytes changed, thousands of them: each is read or refused, and the process lives."""

import contextlib
import io
import random
import zipfile
from functools import partial

import numpy as np
import pytest

from meguru.errors import MeguruError

pytest.importorskip("skops")

from sklearn.cluster import KMeans
from sklearn.ensemble import GradientBoostingClassifier, IsolationForest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer
from sklearn.svm import SVC, SVR

from meguru.flavors import catboostfile, lightgbmfile, skopsfile, xgboostfile

pytestmark = pytest.mark.filterwarnings("ignore")  # a damaged model may warn of anything
RNG = np.random.default_rng(3)
X = RNG.normal(size=(80, 3))
KIND = RNG.integers(0, 3, 80)
FEW, MANY = 15, 1_000
OBJECTS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, MeguruError, RuntimeError)
"""What Python and the libraries may well say of what they find; MemoryError and a crash they may not."""

SKLEARN = {
    "neighbors": KNeighborsClassifier(3),
    "neighbors by brute force": KNeighborsClassifier(3, algorithm="brute"),
    "vectors": SVC(),
    "vectors of regression": SVR(kernel="poly"),
    "stages": GradientBoostingClassifier(n_estimators=3),
    "isolation": IsolationForest(n_estimators=3, max_features=2),
    "centers": KMeans(3, n_init=1),
    "splines": make_pipeline(SplineTransformer(3), SVC(kernel="linear")),
}


def of_xgboost():
    library = pytest.importorskip("xgboost")
    model = library.XGBClassifier(n_estimators=4, n_jobs=1).fit(X, KIND)
    return xgboostfile.dumps(model), partial(xgboostfile.loads, "XGBClassifier", settings={"n_jobs": 1})


def of_lightgbm():
    library = pytest.importorskip("lightgbm")
    options = {"n_estimators": 4, "n_jobs": 1, "verbose": -1, "min_child_samples": 5, "linear_tree": True}
    return lightgbmfile.dumps(library.LGBMRegressor(**options).fit(X, X[:, 0])), lightgbmfile.loads


def of_catboost():
    library = pytest.importorskip("catboost")
    options = {"iterations": 4, "verbose": 0, "thread_count": 1, "allow_writing_files": False}
    model = library.CatBoostRegressor(**options, grow_policy="Lossguide").fit(X, X[:, 0])
    return catboostfile.dumps(model), catboostfile.loads


def bytes_changed(data, chance, signs=bytes(range(256))):
    """Return the data with one to three of its bytes changed."""
    content = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        content[chance.randrange(len(content))] = chance.choice(signs)
    return bytes(content)


def array_changed(data, chance):
    """Return a skops file with bytes of one of its arrays, or of its schema, changed."""
    source, target = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    picked = chance.choice(source.namelist())
    signs = b"0123456789-" if picked.endswith("json") else bytes(range(256))
    with zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            content = source.read(name)
            archive.writestr(name, bytes_changed(content, chance, signs) if name == picked else content)
    return target.getvalue()


def live_through(data, loads, change, rounds):
    """Load and ask as many damaged models; return how many were read."""
    chance, read = random.Random(rounds), 0
    for _ in range(rounds):
        try:
            model = loads(change(data, chance))
        except MeguruError:
            continue
        read += 1
        with contextlib.suppress(*OBJECTS):
            model.predict(X[:4])
    return read


ROUNDS = [FEW, pytest.param(MANY, marks=[pytest.mark.soak, pytest.mark.timeout(900)])]


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("made", [of_xgboost, of_lightgbm, of_catboost], ids=lambda made: made.__name__)
def test_boosted_trees_are_read_or_refused(made, rounds):
    data, loads = made()
    signs = b"0123456789-.e, " if data[:1] != b"{" or data[1:2] == b'"' else bytes(range(256))
    assert live_through(data, loads, partial(bytes_changed, signs=signs), rounds) < rounds


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("name", SKLEARN)
def test_estimators_are_read_or_refused(name, rounds):
    data = skopsfile.dumps(SKLEARN[name].fit(X, KIND))
    assert live_through(data, skopsfile.loads, array_changed, rounds) < rounds
