"""Every flavor keeps the promises of the family."""

import sys
from importlib import import_module

import pytest

from meguru.tasks import task_of
from meguru.testing.contracts.flavors import FlavorContract
from meguru.testing.networks import keras as networks

pytest.importorskip("skops")


class TestBoosting(FlavorContract):
    def flavor(self):
        from meguru.flavors.sklearn import SklearnFlavor

        return SklearnFlavor()

    def train(self, features, labels):
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(max_iter=10, random_state=0).fit(features, labels)


class TestPipeline(TestBoosting):
    def train(self, features, labels):
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        return make_pipeline(StandardScaler(), LogisticRegression()).fit(features, labels)


class TestForest(TestBoosting):
    def train(self, features, labels):
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(10, random_state=0).fit(features, labels)

    def train_for(self, task, features, target):
        from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor

        if task == "quantile":
            return GradientBoostingRegressor(loss="quantile", alpha=0.8, n_estimators=5).fit(features, target)
        kinds = dict.fromkeys(("multiclass", "multilabel"), RandomForestClassifier)
        kinds |= dict.fromkeys(("multioutput", "regression"), RandomForestRegressor)
        return kinds[task](5, random_state=0).fit(features, target) if task in kinds else None


MADE = {}


def once(name, make):
    """Return a network trained once: training costs more than all that is asked of it."""
    return MADE[name] if name in MADE else MADE.setdefault(name, make())


class TestOnnx(FlavorContract):
    """A logistic regression of two operators."""

    def flavor(self):
        pytest.importorskip("onnxruntime")
        from meguru.flavors.onnx import OnnxFlavor

        return OnnxFlavor()

    def train(self, features, labels):
        from meguru.testing.networks import onnx

        return onnx.logistic(features, labels)


@pytest.mark.xdist_group("torch")
class TestPytorch(FlavorContract):
    """A small network, exported when it is saved."""

    def flavor(self):
        pytest.importorskip("torch")
        from meguru.flavors.pytorch import PytorchFlavor

        return PytorchFlavor()

    def task(self, model):
        return task_of("binary")

    def train(self, features, labels):
        pytest.importorskip("torch")
        from meguru.testing.networks import torch

        return once("torch", lambda: torch.logistic(features, labels))


@pytest.mark.xdist_group("torch")
class TestKeras(FlavorContract):
    """A small network on PyTorch."""

    def flavor(self):
        networks.library()
        from meguru.flavors.keras import KerasFlavor

        return KerasFlavor()

    def train(self, features, labels):
        return once("keras", lambda: networks.logistic(features, labels))


class TestFunction(FlavorContract):
    """A function of a project, which its host runs."""

    @pytest.fixture(autouse=True)
    def project(self, tmp_path, monkeypatch):
        body = "def odds(rows: np.ndarray):\n    return 1 / (1 + np.exp(-rows.sum(axis=1)))\n"
        (tmp_path / "odds_code.py").write_text(f"import numpy as np\n\n\n{body}")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "odds_code", raising=False)

    def flavor(self):
        from meguru.modelhost.flavor import FunctionFlavor

        return FunctionFlavor()

    def task(self, model):
        return task_of("binary")

    def train(self, features, labels):
        return import_module("odds_code").odds
