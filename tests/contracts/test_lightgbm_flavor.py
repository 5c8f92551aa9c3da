"""LightGBM's models keep the promises of the family."""

import pytest

from meguru.testing.contracts.flavors import FlavorContract

lightgbm = pytest.importorskip("lightgbm")
ROUNDS = {"verbose": -1, "num_threads": 1}


class TestEstimator(FlavorContract):
    def flavor(self):
        from meguru.flavors.lightgbm import LightgbmFlavor

        return LightgbmFlavor()

    def train(self, features, labels):
        return lightgbm.LGBMClassifier(n_estimators=5, n_jobs=1, verbose=-1).fit(features, labels)

    def train_for(self, task, features, target):
        options = {"n_estimators": 5, "n_jobs": 1, "verbose": -1}
        if task in {"multilabel", "multioutput"}:
            return None
        if task == "ranking":
            return lightgbm.LGBMRanker(**options).fit(features, target, group=[10] * 30)
        options |= {"objective": "quantile", "alpha": 0.3} if task == "quantile" else {}
        kind = lightgbm.LGBMClassifier if task == "multiclass" else lightgbm.LGBMRegressor
        return kind(**options).fit(features, target)


class TestBooster(TestEstimator):
    def train(self, features, labels):
        return lightgbm.train(ROUNDS | {"objective": "binary"}, lightgbm.Dataset(features, labels), 5)

    def train_for(self, task, features, target):
        return None
