"""CatBoost's models keep the promises of the family."""

import numpy as np
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

    def train_for(self, task, features, target):
        options = {"iterations": 5, "verbose": 0, "thread_count": 1, "allow_writing_files": False}
        losses = {
            "multilabel": "MultiLogloss",
            "multioutput": "MultiRMSE",
            "quantile": "MultiQuantile:alpha=0.1,0.9",
        }
        options |= {"loss_function": losses[task]} if task in losses else {}
        if task == "ranking":
            return catboost.CatBoostRanker(**options).fit(features, target, group_id=np.arange(300) // 10)
        classifies = task in {"multiclass", "multilabel"}
        kind = catboost.CatBoostClassifier if classifies else catboost.CatBoostRegressor
        return kind(**options).fit(features, target)
