"""XGBoost's models keep the promises of the family."""

import pytest

from meguru.testing.contracts.flavors import FlavorContract

xgboost = pytest.importorskip("xgboost")


class TestEstimator(FlavorContract):
    def flavor(self):
        from meguru.flavors.xgboost import XgboostFlavor

        return XgboostFlavor()

    def train(self, features, labels):
        return xgboost.XGBClassifier(n_estimators=5, n_jobs=1).fit(features, labels)


class TestBooster(TestEstimator):
    def train(self, features, labels):
        rows = xgboost.DMatrix(features, labels)
        return xgboost.train({"objective": "binary:logistic", "nthread": 1}, rows, 5)


class TestDart(TestEstimator):
    def train(self, features, labels):
        return xgboost.XGBClassifier(booster="dart", n_estimators=5, n_jobs=1).fit(features, labels)


class TestInsideAPipeline(FlavorContract):
    def flavor(self):
        pytest.importorskip("skops")
        from meguru.flavors.sklearn import SklearnFlavor

        return SklearnFlavor()

    def train(self, features, labels):
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        return make_pipeline(StandardScaler(), xgboost.XGBClassifier(n_estimators=5, n_jobs=1)).fit(
            features, labels
        )
