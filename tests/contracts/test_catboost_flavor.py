"""CatBoost's models keep the promises of the family."""

import pytest

from meguru.testing.contracts.flavors import FlavorContract

catboost = pytest.importorskip("catboost")


class TestEstimator(FlavorContract):
    def flavor(self):
        from meguru.flavors.catboost import CatboostFlavor

        return CatboostFlavor()

    def train(self, features, labels):
        model = catboost.CatBoostClassifier(
            iterations=5, verbose=0, thread_count=1, allow_writing_files=False, random_seed=0
        )
        return model.fit(features, labels)
