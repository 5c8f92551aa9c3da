"""Results of statsmodels keep the promises of the family."""

import pytest

from meguru.testing.contracts.flavors import FlavorContract

pytest.importorskip("statsmodels")


class TestLogit(FlavorContract):
    def flavor(self):
        from meguru.flavors.statsmodels import StatsmodelsFlavor

        return StatsmodelsFlavor()

    def train(self, features, labels):
        from statsmodels.discrete.discrete_model import Logit

        return Logit(labels, features).fit_regularized(disp=0, alpha=0.1)

    def train_for(self, task, features, target):
        from statsmodels.discrete.discrete_model import MNLogit
        from statsmodels.regression.linear_model import OLS
        from statsmodels.regression.quantile_regression import QuantReg

        if task == "multiclass":
            return MNLogit(target, features).fit_regularized(disp=0, alpha=0.1)
        if task == "quantile":
            return QuantReg(target + features[:, 2] ** 2, features).fit(q=0.3)
        return OLS(target, features).fit() if task == "regression" else None
