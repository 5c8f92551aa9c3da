"""Every flavor keeps the promises of the family."""

import pytest

from meguru.testing.contracts.flavors import FlavorContract

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
