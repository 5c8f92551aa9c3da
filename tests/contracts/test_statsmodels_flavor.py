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
