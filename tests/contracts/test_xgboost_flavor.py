"""XGBoost's models keep the promises of the family."""

import numpy as np
import pytest

from meguru.testing.contracts.flavors import FlavorContract

xgboost = pytest.importorskip("xgboost")
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated")  # newer releases turn from some kinds


class TestEstimator(FlavorContract):
    def flavor(self):
        from meguru.flavors.xgboost import XgboostFlavor

        return XgboostFlavor()

    def train(self, features, labels):
        return xgboost.XGBClassifier(n_estimators=5, n_jobs=1).fit(features, labels)

    def train_for(self, task, features, target):
        options = {"n_estimators": 5, "n_jobs": 1}
        if task == "ranking":
            return xgboost.XGBRanker(**options).fit(features, target, qid=np.arange(300) // 10)
        if task == "quantile":
            options |= {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.9]}
        classifies = task in {"multiclass", "multilabel"}
        kind = xgboost.XGBClassifier if classifies else xgboost.XGBRegressor
        return kind(**options).fit(features, target)


class TestBooster(TestEstimator):
    def train(self, features, labels):
        rows = xgboost.DMatrix(features, labels)
        return xgboost.train({"objective": "binary:logistic", "nthread": 1}, rows, 5)

    def train_for(self, task, features, target):
        objectives = {"multiclass": "multi:softprob", "regression": "reg:squarederror"}
        if task not in objectives:
            return None
        options = {"objective": objectives[task], "nthread": 1}
        options |= {"num_class": 3} if task == "multiclass" else {}
        return xgboost.train(options, xgboost.DMatrix(features, target), 5)


class TestDart(TestEstimator):
    def train(self, features, labels):
        return xgboost.XGBClassifier(booster="dart", n_estimators=5, n_jobs=1).fit(features, labels)

    def train_for(self, task, features, target):
        return None


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
