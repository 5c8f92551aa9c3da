"""Autologging: what is tracked of a training, which never notices, and that it can be taken back."""

from __future__ import annotations

import logging
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest

from meguru.app import open_workspace
from meguru.app.autolog import autolog, lightning
from meguru.app.autolog.imports import ImportWatch
from meguru.app.autolog.patches import Patches
from meguru.app.autolog.training import AutologSettings
from meguru.app.run_api import run
from meguru.compute.step_metrics import writing_to
from meguru.errors import NotFound
from meguru.registry.load import load_model
from meguru.registry.show import show as show_model
from meguru.tracking.operations import artifacts, list_runs, metric, show

linear = pytest.importorskip("sklearn.linear_model")
DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(120, 3))
Y = (X[:, 0] > 0).astype(int)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("MEGURU_WORKSPACE", str(tmp_path / "ws"))
    monkeypatch.setenv("MEGURU_NO_CAPTURE", "true")
    with open_workspace() as ws:
        yield ws
    autolog(off=True)


def test_a_fit_without_a_run_is_a_run_with_params_and_model(place):
    autolog("sklearn", register="delay")
    linear.LogisticRegression(C=0.5).fit(X, Y)
    (found,) = list_runs(place).items
    shown = show(place, run=found.id)
    assert (shown.name, shown.state) == ("LogisticRegression", "succeeded")
    assert shown.params | {"C": "0.5", "estimator": "LogisticRegression"} == shown.params
    version = show_model(place, ref="delay")
    assert (version.run_ref, version.task) == (shown.ref, "binary")


def test_a_fit_within_a_run_belongs_to_it_and_a_search_is_one_training(place):
    from sklearn.model_selection import GridSearchCV

    autolog("sklearn", models=False)
    with run("mine") as r:
        search = GridSearchCV(linear.LogisticRegression(), {"C": [0.1, 1.0]}, cv=2).fit(X, Y)
    assert [each.name for each in list_runs(place).items] == ["mine"]
    found = show(place, run=r.id)
    assert found.params["best.C"] == repr(search.best_params_["C"])
    assert r.metrics == {"best_score": search.best_score_}


def test_fits_of_a_pools_threads_belong_to_the_one_that_asked_for_them(place):
    from joblib import parallel_backend
    from sklearn.ensemble import VotingClassifier

    autolog("sklearn", models=False)
    several = [(str(c), linear.LogisticRegression(C=c)) for c in (0.1, 1.0)]

    with parallel_backend("threading"):
        VotingClassifier(several, n_jobs=2).fit(X, Y)
    assert [each.name for each in list_runs(place).items] == ["VotingClassifier"]


def test_a_librarys_own_curves_are_kept(place):
    from sklearn.ensemble import HistGradientBoostingRegressor

    autolog("sklearn")
    with run("curves") as r:
        fitted = HistGradientBoostingRegressor(max_iter=3, early_stopping=True).fit(X, X[:, 1])
    kept = [point.value for point in metric(place, run=r.id, key="train_score").items]
    assert kept == pytest.approx(fitted.train_score_.tolist())
    paths = {each.path for each in artifacts(place, run=r.id)}
    assert "models/HistGradientBoostingRegressor/MLmodel" in paths


def test_a_training_goes_on_when_it_cannot_be_tracked(place, monkeypatch, caplog):
    autolog("sklearn", register="not a name@all")
    with caplog.at_level(logging.WARNING, "meguru.autolog"):
        assert linear.LogisticRegression().fit(X, Y).score(X, Y) > 0.9
    assert "can't name a model" in caplog.text
    monkeypatch.setenv("MEGURU_WORKSPACE", "sqlite:///nowhere/at/all.db")
    assert linear.LogisticRegression().fit(X, Y).score(X, Y) > 0.9


def test_a_failing_fit_raises_what_it_raised_and_its_run_failed(place):
    autolog("sklearn")
    with pytest.raises(ValueError, match="at least"):
        linear.LogisticRegression().fit(X[:5], np.zeros(5))
    (found,) = list_runs(place).items
    assert (found.state, "ValueError" in show(place, run=found.id).error) == ("failed", True)


def test_off_gives_the_library_back(place):
    before = linear.LogisticRegression.fit
    autolog("sklearn")
    assert linear.LogisticRegression.fit is not before

    class Later(linear.LogisticRegression):
        def fit(self, x, y):
            return super().fit(x, y)

    Later().fit(X, Y)
    autolog(off=True)
    assert linear.LogisticRegression.fit is before
    Later().fit(X, Y)
    assert [each.name for each in list_runs(place).items] == ["Later"]
    with pytest.raises(NotFound):
        autolog("scikitlearn")


def test_trainings_of_several_threads_are_runs_of_their_own(place):
    autolog("sklearn", models=False)
    threads = [
        threading.Thread(target=linear.LogisticRegression(C=c).fit, args=(X, Y)) for c in (1.0, 2.0, 3.0)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    kept = sorted(show(place, run=each.id).params["C"] for each in list_runs(place).items)
    assert kept == ["1.0", "2.0", "3.0"]


def test_in_a_step_nothing_but_curves_is_kept(place, tmp_path):
    autolog("sklearn")
    with writing_to(tmp_path):
        linear.LogisticRegression().fit(X, Y)
    assert list_runs(place).items == []


def test_a_library_that_is_imported_later_is_followed_then(tmp_path, monkeypatch):
    (tmp_path / "imported_late.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    seen = []
    watch = ImportWatch("imported_late", lambda: seen.append(sys.modules["imported_late"].value))
    watch.begin()
    import imported_late

    assert (seen, imported_late.value, watch in sys.meta_path) == ([1], 1, False)
    del sys.modules["imported_late"]


def test_xgboost_tells_each_round(place):
    xgboost = pytest.importorskip("xgboost")
    autolog("xgboost", "sklearn", models=False)
    data = xgboost.DMatrix(X, Y)
    with run("boosted") as r:
        told = {}
        params = {"objective": "binary:logistic", "max_depth": 2}
        xgboost.train(params, data, 3, evals=[(data, "train")], evals_result=told, verbose_eval=False)
    kept = [point.value for point in metric(place, run=r.id, key="train.logloss").items]
    assert kept == pytest.approx(told["train"]["logloss"])
    assert show(place, run=r.id).params["max_depth"] == "2"
    with run("estimator") as r:
        xgboost.XGBClassifier(n_estimators=3).fit(X, Y, eval_set=[(X, Y)], verbose=False)
    assert len(metric(place, run=r.id, key="validation_0.logloss").items) == 3


def test_lightgbm_tells_each_round(place):
    lightgbm = pytest.importorskip("lightgbm")
    autolog("lightgbm", "sklearn", models=False)
    data = lightgbm.Dataset(X, Y)
    with run("boosted") as r:
        lightgbm.train({"objective": "binary", "verbose": -1}, data, 3, valid_sets=[data])
    assert len(metric(place, run=r.id, key="training.binary_logloss").items) == 3


@pytest.mark.xdist_group("torch")  # importing it takes seconds: in one process only
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own, of NumPy
def test_keras_tells_each_epoch(place, monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    autolog("keras", models=False)
    net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    net.compile(optimizer="sgd", loss="mse")
    with run("net") as r:
        told = net.fit(X, Y, epochs=2, verbose=0).history
    kept = [point.value for point in metric(place, run=r.id, key="loss").items]
    assert kept == pytest.approx([float(each) for each in told["loss"]])
    assert show(place, run=r.id).params["loss"] == "mse"


@pytest.mark.xdist_group("torch")
def test_lightning_tells_each_epoch(place):
    torch = pytest.importorskip("torch")
    lightning = pytest.importorskip("lightning.pytorch")

    class Net(lightning.LightningModule):
        def __init__(self, rate):
            super().__init__()
            self.save_hyperparameters()
            self.layer = torch.nn.Linear(3, 1)

        def training_step(self, batch):
            loss = self.layer(batch[0]).square().mean()
            self.log("loss", loss)
            return loss

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=self.hparams.rate)

    autolog("lightning")
    rows = torch.utils.data.TensorDataset(torch.tensor(X, dtype=torch.float32))
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    with run("net") as r:
        trainer = lightning.Trainer(max_epochs=2, accelerator="cpu", **quiet)
        trainer.fit(Net(0.1), torch.utils.data.DataLoader(rows, batch_size=60))
    assert trainer.callbacks == [each for each in trainer.callbacks if type(each).__name__ != "Curve"]
    assert len(metric(place, run=r.id, key="loss").items) == 2
    assert show(place, run=r.id).params["rate"] == "0.1"


def test_a_boosted_model_is_registered_as_it_was_trained(place):
    xgboost = pytest.importorskip("xgboost")
    autolog("xgboost", register="boosted")
    booster = xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(X, Y), 2, verbose_eval=False)
    found = load_model(place, "boosted")
    assert found.predict(X[:4]) == pytest.approx(booster.predict(xgboost.DMatrix(X[:4])))


@pytest.mark.parametrize("rank", [0, 1])
def test_of_several_processes_of_lightning_the_first_one_tells(place, rank):
    class Trainer:
        def __init__(self):
            self.callbacks = []

        def fit(self, model):
            return model

    utilities = SimpleNamespace(rank_zero_only=SimpleNamespace(rank=rank))
    library, patches = SimpleNamespace(Trainer=Trainer, Callback=object, utilities=utilities), Patches()
    lightning.patch(patches, AutologSettings(models=False), library)
    assert Trainer().fit("net") == "net"
    assert len(list_runs(place).items) == 1 - rank
