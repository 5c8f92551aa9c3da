"""A gate that can never pass is refused when it is declared."""

from __future__ import annotations

import pytest

from meguru.errors import InvalidInput
from meguru.registry.client import add_model
from meguru.releases import operations as releases
from meguru.releases.types import ReleaseState
from meguru.serving import operations as endpoints
from meguru.testing.models import make_regression


def regression(workspace, metrics=None):
    return add_model(workspace, "price", make_regression(metrics=metrics)).ref


@pytest.mark.parametrize(
    ("gate", "field", "words"),
    [
        ({"gate": "champion"}, "gates[1].metric", "is a regression model and has no AUC"),
        ({"gate": "metric", "metric": "auc", "value": 0.5}, "gates[1].metric", "has no metric 'auc'"),
        ({"gate": "metric", "metric": "rmsse", "value": 5}, "gates[1].metric", "has no metric 'rmsse'"),
    ],
)
def test_a_gate_that_no_version_can_pass_is_refused_when_the_endpoint_is_declared(
    workspace, gate, field, words
):
    regression(workspace)
    possible = {"gate": "metric", "metric": "rmse", "op": "<=", "value": 5}
    with pytest.raises(InvalidInput, match=words) as refused:
        endpoints.create(workspace, name="price", model="price", gates=[possible, gate])
    assert refused.value.field == field
    assert endpoints.list_endpoints(workspace).items == []
    endpoints.create(workspace, name="price", model="price", gates=[possible])


def test_a_gate_of_a_model_that_is_not_there_yet_is_checked_with_the_first_release(workspace):
    endpoints.create(workspace, name="price", model="price", gates=[{"gate": "champion"}])
    made = releases.create(workspace, endpoint="price", model=regression(workspace))
    refused = releases.check(workspace, release=made.ref)
    assert refused.state is ReleaseState.REFUSED
    assert "is a regression model and has no AUC" in refused.reasons[0]


def test_a_metric_that_was_given_at_registration_is_known_to_the_gate_as_to_the_declaration(workspace):
    model = regression(workspace, {"profit": 12.0})
    gate = {"gate": "metric", "metric": "profit", "op": ">", "value": 10}
    endpoints.create(workspace, name="price", model="price", gates=[gate])
    made = releases.create(workspace, endpoint="price", model=model)
    assert releases.check(workspace, release=made.ref).state is ReleaseState.PASSED
