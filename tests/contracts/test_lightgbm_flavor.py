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


class TestBooster(TestEstimator):
    def train(self, features, labels):
        return lightgbm.train(ROUNDS | {"objective": "binary"}, lightgbm.Dataset(features, labels), 5)
