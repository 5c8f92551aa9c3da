"""Results of statsmodels are kept as parameters, answer to the last bit, and a formula is refused."""

import json

import numpy as np
import pytest

from meguru.errors import InvalidInput, UnsafeModel
from meguru.flavors import statsmodelsfile
from meguru.flavors.bundle import load_bundle
from meguru.flavors.model import Model, save_bundle
from meguru.flavors.statsmodelsfile import series

pytest.importorskip("statsmodels")
from statsmodels.discrete.discrete_model import Logit, MNLogit, NegativeBinomial, Poisson, Probit
from statsmodels.genmod import families
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.regression.linear_model import GLS, OLS, WLS
from statsmodels.regression.quantile_regression import QuantReg
from statsmodels.robust.robust_linear_model import RLM
from statsmodels.tools import add_constant
from statsmodels.tsa.arima.model import ARIMA
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.statespace.sarimax import SARIMAX

pytestmark = pytest.mark.filterwarnings("ignore")  # of few rows
RNG = np.random.default_rng(3)
X = RNG.normal(size=(120, 2))
ONES = add_constant(X)
AMOUNT = X[:, 0] + RNG.normal(size=120)
LATE = (AMOUNT > 0).astype(int)
COUNT = RNG.poisson(np.exp(X[:, 0] / 2))
KIND = RNG.integers(0, 3, 120)
POSITIVE = np.abs(AMOUNT) + 0.1

MODELS = {
    "OLS": (lambda: OLS(AMOUNT, ONES).fit(), "regression"),
    "WLS": (lambda: WLS(AMOUNT, X).fit(), "regression"),
    "GLS": (lambda: GLS(AMOUNT, X).fit(), "regression"),
    "RLM": (lambda: RLM(AMOUNT, ONES).fit(), "regression"),
    "ridge": (lambda: OLS(AMOUNT, ONES).fit_regularized(alpha=0.1, L1_wt=0.0), "regression"),
    "quantile": (lambda: QuantReg(AMOUNT, ONES).fit(q=0.9), "quantile"),
    "logit": (lambda: Logit(LATE, ONES).fit(disp=0), "binary"),
    "probit": (lambda: Probit(LATE, ONES).fit(disp=0), "binary"),
    "counts": (lambda: Poisson(COUNT, ONES).fit(disp=0), "regression"),
    "negative binomial": (lambda: NegativeBinomial(COUNT, ONES).fit(disp=0), "regression"),
    "three classes": (lambda: MNLogit(KIND, ONES).fit(disp=0), "multiclass"),
    "GLM": (lambda: GLM(LATE, ONES, family=families.Binomial()).fit(), "binary"),
    "GLM by another link": (
        lambda: GLM(LATE, ONES, family=families.Binomial(link=families.links.CLogLog())).fit(),
        "binary",
    ),
    "GLM of counts": (lambda: GLM(COUNT, X, family=families.Poisson()).fit(), "regression"),
    "GLM of amounts": (
        lambda: GLM(POSITIVE, ONES, family=families.Gamma(link=families.links.Log())).fit(),
        "regression",
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_stored_results_answer_to_the_last_bit_and_tell_their_task(name, tmp_path):
    fit, task = MODELS[name]
    results = fit()
    asked = X if results.model.exog.shape[1] == 2 else ONES
    save_bundle(Model(estimator=results, example=X[:5]), tmp_path / "m")
    bundle = load_bundle(tmp_path / "m")
    assert bundle.task.key == task
    np.testing.assert_array_equal(bundle.predict(X), results.predict(asked))
    bundle.task.answer(bundle.predict(X), len(X))


def test_the_constant_may_be_a_column_too(tmp_path):
    pd = pytest.importorskip("pandas")
    frame = add_constant(pd.DataFrame(X, columns=["wind", "rain"]))
    results = OLS(AMOUNT, frame).fit()
    for place, example in enumerate((frame, frame[["wind", "rain"]])):
        save_bundle(Model(estimator=results, example=example.head()), tmp_path / str(place))
        found = load_bundle(tmp_path / str(place)).predict(example)
        np.testing.assert_allclose(found, results.predict(frame), rtol=1e-12)  # BLAS adds columns otherwise
    with pytest.raises(InvalidInput, match="other columns"):
        save_bundle(Model(estimator=results, example=frame[["rain", "wind"]].head()), tmp_path / "turned")


SERIES = np.cumsum(RNG.normal(size=60)) + 20 + np.sin(np.arange(60) * np.pi / 2)
FORECASTS = {
    "ARIMA": lambda: ARIMA(SERIES, order=(1, 1, 1)).fit(),
    "ARIMA with a trend": lambda: ARIMA(SERIES, order=(1, 0, 0), trend="ct").fit(),
    "SARIMAX": lambda: SARIMAX(SERIES, order=(1, 0, 0), seasonal_order=(1, 0, 0, 4), trend="c").fit(disp=0),
    "ETS": lambda: ETSModel(
        SERIES, error="add", trend="add", damped_trend=True, seasonal="add", seasonal_periods=4
    ).fit(disp=0),
}


@pytest.mark.parametrize("name", FORECASTS)
def test_a_series_is_asked_how_many_steps_ahead(name, tmp_path):
    results = FORECASTS[name]()
    task = {"task": "forecast", "horizon": "step"}
    save_bundle(Model(estimator=results, example={"step": [1, 2, 3]}, task=task), tmp_path / "m")
    bundle = load_bundle(tmp_path / "m")
    expected = np.asarray(results.forecast(6))
    np.testing.assert_array_equal(bundle.predict({"step": [6, 1, 3]}), expected[[5, 0, 2]])
    with pytest.raises(InvalidInput, match="a step ahead"):
        bundle.predict({"step": [0]})


def test_what_has_no_form_as_data_says_what_to_do():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"y": AMOUNT, "a": X[:, 0]})
    refused = {
        "formula is code": OLS.from_formula("y ~ np.log(a ** 2)", frame).fit(),
        "offsets": GLM(COUNT, X, family=families.Poisson(), offset=np.ones(120)).fit(),
        "further columns": SARIMAX(SERIES, exog=np.arange(60.0), order=(1, 0, 0)).fit(disp=0),
    }
    for why, results in refused.items():
        with pytest.raises(UnsafeModel) as caught:
            statsmodelsfile.dumps(results)
        assert why in caught.value.why


def test_saving_twice_gives_the_same_bytes():
    assert statsmodelsfile.dumps(MODELS["GLM"][0]()) == statsmodelsfile.dumps(MODELS["GLM"][0]())


@pytest.fixture(scope="module")
def stored():
    names = ("OLS", "GLM", "three classes")
    kept = {name: json.loads(statsmodelsfile.dumps(MODELS[name][0]())) for name in names}
    return kept | {name: json.loads(statsmodelsfile.dumps(FORECASTS[name]())) for name in ("ARIMA", "ETS")}


DAMAGES = {
    "fewer names": ("OLS", {"names": ["const"]}),
    "parameters beyond numbers": ("OLS", {"params": [1.0, float("inf"), 0.0]}),
    "a text for parameters": ("OLS", {"params": "os.system"}),
    "parameters of two equations": ("OLS", {"params": [[1.0, 2.0]]}),
    "a link that is code": ("GLM", {"link": "os.system"}),
    "one equation": ("three classes", {"params": [1.0, 2.0, 3.0]}),
    "an unknown model": ("OLS", {"kind": "VAR"}),
    "another format": ("OLS", {"format": "pickle"}),
    "orders beyond all": ("ARIMA", {"order": [10**6, 1, 1]}),
    "a season beyond all": ("ARIMA", {"seasonal": [2, 0, 0, 400]}),
    "too few orders": ("ARIMA", {"order": [1]}),
    "a trend that is code": ("ARIMA", {"trend": "__import__('os')"}),
    "flags that are not known": ("ARIMA", {"flags": {"loglikelihood_burn": 10**9}}),
    "other parameters": ("ARIMA", {"params": [0.1] * 40}),
    "an empty series": ("ARIMA", {"observed": []}),
    "a series of texts": ("ETS", {"observed": ["a"]}),
    "a way that is none": ("ETS", {"trend": "exec"}),
    "a period beyond all": ("ETS", {"period": 10**9}),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_says_strange_things_is_refused(damage, stored):
    name, change = DAMAGES[damage]
    with pytest.raises(UnsafeModel, match="malformed"):
        statsmodelsfile.loads(json.dumps(stored[name] | change).encode())


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"[" * 10**5, b"\x80\x04."])
def test_what_is_no_file_of_results_is_refused(data):
    with pytest.raises(UnsafeModel, match="malformed"):
        statsmodelsfile.loads(data)


def test_a_series_whose_filter_would_take_all_memory_is_refused():
    held = {
        "kind": "SARIMAX",
        "observed": [1.0] * 100_000,
        "params": [1.0],
        "order": [1, 0, 1],
        "seasonal": [1, 0, 1, 300],
        "offset": 1,
        "trend": "n",
        "flags": dict.fromkeys(("concentrate_scale", "enforce_invertibility", "enforce_stationarity"), True),
    }
    series.check(held | {"observed": [1.0] * 1000})
    with pytest.raises(ValueError, match="too much memory"):
        series.check(held)
