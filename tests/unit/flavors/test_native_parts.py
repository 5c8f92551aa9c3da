"""What native code would follow unchecked is checked when a model is read."""

import numpy as np
import pytest

from meguru.errors import UnsafeModel

pytest.importorskip("skops")

import scipy.sparse as sp
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.covariance import EllipticEnvelope
from sklearn.ensemble import GradientBoostingClassifier, IsolationForest
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity, KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer, StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeRegressor

from meguru.flavors.bundle import load_bundle
from meguru.flavors.model import Model, save_bundle
from meguru.flavors.skopsfile import dumps, loads
from meguru.flavors.skopsfile.reach import reachable
from meguru.flavors.skopsfile.standins.neighbors import NeighborTree
from meguru.flavors.skopsfile.standins.sparse import SparseRows
from meguru.flavors.skopsfile.standins.splines import Spline

RNG = np.random.default_rng(5)
X = RNG.normal(size=(60, 3))
Y = (X[:, 0] > 0).astype(int)


def boosting():
    return GradientBoostingClassifier(n_estimators=3, random_state=0).fit(X, Y + (X[:, 1] > 0))


def set_to(name, value):
    return lambda model: setattr(model, name, value(getattr(model, name)) if callable(value) else value)


def stage_of_another_model(model):
    model.estimators_[0, 0] = DecisionTreeRegressor(max_depth=2).fit(X[:, :2], Y)


def member_of_other_features(model):
    model.estimators_features_[0] = np.arange(1)


DAMAGED = {
    "a label beyond the classes": (
        KNeighborsClassifier(),
        set_to("_y", lambda labels: labels + 5),
    ),
    "a label below zero": (KNeighborsClassifier(algorithm="brute"), set_to("_y", lambda labels: labels - 9)),
    "fewer labels than points": (KNeighborsClassifier(algorithm="brute"), set_to("_y", lambda y: y[:-9])),
    "narrower points": (KNeighborsClassifier(algorithm="brute"), set_to("_fit_X", lambda x: x[:, :2].copy())),
    "a neighbour's number of rows": (KNeighborsClassifier(), set_to("n_samples_fit_", 9_999)),
    "fewer support vectors": (SVC(), set_to("support_vectors_", lambda vectors: vectors[:-3])),
    "narrower support vectors": (SVC(), set_to("support_vectors_", lambda vectors: vectors[:, :1].copy())),
    "more vectors of a class": (SVC(), set_to("_n_support", lambda counts: counts + 900)),
    "fewer weights": (SVC(), set_to("_dual_coef_", lambda weights: weights[:, :-1].copy())),
    "no intercept": (SVC(), set_to("_intercept_", np.zeros(0))),
    "fewer regression weights": (SVR(), set_to("_dual_coef_", lambda weights: weights[:, :-1].copy())),
    "more classes than vectors": (SVC(), set_to("classes_", np.arange(9))),
    "a first guess of one column": (boosting(), set_to("init_", "zero")),
    "a foreign stage": (boosting(), stage_of_another_model),
    "features of a bag": (
        IsolationForest(n_estimators=3, max_features=2, random_state=0),
        member_of_other_features,
    ),
    "narrower centres": (KMeans(2), set_to("cluster_centers_", lambda centers: centers[:, :2].copy())),
    "a smaller precision": (EllipticEnvelope(random_state=0), set_to("precision_", np.eye(2))),
    "hashing into nothing": (make_pipeline(HashingVectorizer(n_features=0)), lambda model: None),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_arrays_that_do_not_fit_each_other_are_refused(case):
    model, damage = DAMAGED[case]
    if case == "a first guess of one column":
        model.n_trees_per_iteration_ = 1
    elif "hashing" not in case:
        model.fit(X, Y)
    damage(model)
    with pytest.raises(UnsafeModel, match="malformed"):
        loads(dumps(model))


POINTS = np.zeros((3, 2))
BAD_DATA = [
    (NeighborTree, ("KDTree", np.full((3, 2), np.nan), 2, "euclidean", 2.0, None)),
    (NeighborTree, ("os.system", POINTS, 2, "euclidean", 2.0, None)),
    (NeighborTree, ("KDTree", POINTS, 0, "euclidean", 2.0, None)),
    (NeighborTree, ("KDTree", POINTS, 2, "pyfunc", 2.0, None)),
    (NeighborTree, ("KDTree", POINTS.astype(object), 2, "euclidean", 2.0, None)),
    (NeighborTree, ("KDTree", POINTS, 2, "euclidean", 2.0, np.zeros((3, 3)))),
    (SparseRows, ("csr_matrix", np.ones(1), np.array([99]), np.array([0, 1]), [1, 2])),
    (SparseRows, ("csr_matrix", np.ones(1), np.array([0]), np.array([0, 9]), [1, 2])),
    (SparseRows, ("lil_matrix", np.ones(1), np.array([0]), np.array([0, 1]), [1, 2])),
    (SparseRows, ("csr_matrix", np.ones(1), np.array([0.0]), np.array([0, 1]), [1, 2])),
    (Spline, (np.arange(4.0), np.ones(1), 3, True, 0)),
    (Spline, (np.arange(4.0), np.ones(1), 10**9, True, 0)),
    (Spline, (np.arange(4.0)[::-1].copy(), np.ones(1), 2, True, 0)),
]


@pytest.mark.parametrize(("stand_in", "data"), BAD_DATA)
def test_a_stand_in_makes_nothing_of_data_that_does_not_fit(stand_in, data):
    with pytest.raises((ValueError, TypeError)):
        stand_in(*data)


@pytest.mark.parametrize("kernel", ["precomputed", lambda a, b: a @ b.T])
def test_a_kernel_that_is_no_formula_is_refused(kernel):
    rows = X @ X.T if kernel == "precomputed" else X
    with pytest.raises(UnsafeModel):
        loads(dumps(SVC(kernel=kernel).fit(rows, Y)))


def test_a_search_is_stored_as_its_best_estimator_wherever_it_stands():
    search = GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 3]}, cv=2)
    loaded = loads(dumps(make_pipeline(StandardScaler(), search).fit(X, Y)))
    assert isinstance(loaded[-1], KNeighborsClassifier)
    assert isinstance(search, GridSearchCV)


def test_a_search_that_kept_no_estimator_says_so():
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2, refit=False).fit(X, Y)
    with pytest.raises(UnsafeModel) as refused:
        dumps(search)
    assert "refit=True" in refused.value.why


TEXTS = ["the cat sat", "a dog ran", "cats sat there", "dogs ran there"] * 4
SPARSE = sp.csr_array(X)
MODELS = {
    "words": (make_pipeline(TfidfVectorizer(stop_words="english"), SVC()), TEXTS, [0, 1] * 8),
    "words and neighbours": (make_pipeline(TfidfVectorizer(), KNeighborsClassifier(2)), TEXTS, [0, 1] * 8),
    "sparse vectors": (SVC(kernel="poly"), SPARSE, Y),
    "splines": (make_pipeline(SplineTransformer(3), LogisticRegression()), X, Y),
    "cubes": (KNeighborsClassifier(metric="minkowski", p=3, algorithm="ball_tree"), X, Y),
}


@pytest.mark.parametrize("name", MODELS)
def test_models_of_sparse_rows_splines_and_trees_come_back(name):
    model, rows, labels = MODELS[name]
    model.fit(rows, labels)
    data = dumps(model)
    loaded = loads(data)
    np.testing.assert_array_equal(loaded.predict(rows), model.predict(rows))
    assert dumps(model) == data


def test_weighted_densities_come_back():
    model = KernelDensity(bandwidth=0.5).fit(X, sample_weight=np.linspace(1, 2, 60))
    np.testing.assert_array_equal(loads(dumps(model)).score_samples(X[:9]), model.score_samples(X[:9]))


def test_columns_selected_by_kind_come_back():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    picked = ColumnTransformer([("n", StandardScaler(), make_column_selector(dtype_include="number"))])
    model = make_pipeline(picked, LogisticRegression()).fit(frame, Y)
    np.testing.assert_array_equal(loads(dumps(model)).predict_proba(frame), model.predict_proba(frame))


BOOSTERS = {
    "xgboost": ("XGBClassifier", {"n_estimators": 3, "n_jobs": 1}, "max_depth"),
    "lightgbm": ("LGBMClassifier", {"n_estimators": 3, "n_jobs": 1, "verbose": -1}, "max_depth"),
}


@pytest.mark.parametrize("library", BOOSTERS)
def test_a_search_over_boosted_trees_is_served_as_the_best_of_them(library, tmp_path):
    kind, options, param = BOOSTERS[library]
    model = getattr(pytest.importorskip(library), kind)(**options)
    search = GridSearchCV(make_pipeline("passthrough", model), {f"{kind.lower()}__{param}": [1, 2]}, cv=2)
    for place, one in enumerate((search, GridSearchCV(model, {param: [1, 2]}, cv=2))):
        one.fit(X, Y)
        save_bundle(Model(estimator=one, example=X[:5]), tmp_path / str(place))
        found = load_bundle(tmp_path / str(place)).predict(X)
        np.testing.assert_array_equal(found, one.predict_proba(X)[:, 1])


def test_catboost_stands_in_a_pipeline(tmp_path):
    catboost = pytest.importorskip("catboost")
    model = catboost.CatBoostClassifier(iterations=3, verbose=0, thread_count=1, allow_writing_files=False)
    pipeline = make_pipeline(StandardScaler(), model).fit(X, Y)
    save_bundle(Model(estimator=pipeline, example=X[:5]), tmp_path / "m")
    found = load_bundle(tmp_path / "m").predict(X)
    np.testing.assert_array_equal(found, pipeline.predict_proba(X)[:, 1])


def test_a_module_is_no_part_of_a_model():
    class Holder:
        def __init__(self):
            self.namespace, self.values = np, [1.5]

    assert [type(part).__name__ for part in reachable(Holder())] == ["Holder", "list"]
