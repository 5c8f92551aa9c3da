"""A gate that can never pass is refused when it is declared."""

from __future__ import annotations

import pytest

from meguru.datasets.client import add_files
from meguru.errors import InvalidInput, NotFound
from meguru.registry.client import add_model
from meguru.releases import operations as releases
from meguru.releases.types import ReleaseState
from meguru.serving import operations as endpoints
from meguru.testing.models import make_flights, make_regression


def regression(workspace, metrics=None):
    return add_model(workspace, "price", make_regression(metrics=metrics)).ref


@pytest.mark.parametrize(
    ("gate", "field", "words"),
    [
        (
            {"gate": "champion", "metric": "auc"},
            "gates[1].metric",
            "is a regression model and has no metric 'auc'",
        ),
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
    endpoints.create(workspace, name="price", model="price", gates=[{"gate": "champion", "metric": "auc"}])
    made = releases.create(workspace, endpoint="price", model=regression(workspace))
    refused = releases.check(workspace, release=made.ref)
    assert refused.state is ReleaseState.REFUSED
    assert "is a regression model and has no metric 'auc'" in refused.reasons[0]


def test_a_metric_that_was_given_at_registration_is_known_to_the_gate_as_to_the_declaration(workspace):
    model = regression(workspace, {"profit": 12.0})
    gate = {"gate": "metric", "metric": "profit", "op": ">", "value": 10}
    endpoints.create(workspace, name="price", model="price", gates=[gate])
    made = releases.create(workspace, endpoint="price", model=model)
    assert releases.check(workspace, release=made.ref).state is ReleaseState.PASSED


def golden(workspace, folder):
    """Register rows that every model is to be measured on."""
    make_flights(200, seed=9).write_parquet(folder / "rows.parquet")
    return add_files(workspace, "golden", [folder / "rows.parquet"]).ref


def test_a_golden_set_is_a_version_that_is_there_and_the_gate_measures_on_it(workspace, tmp_path):
    model = regression(workspace)
    gate = {"gate": "metric", "metric": "rmse", "op": "<=", "value": 5, "golden": "dataset/golden@1"}
    with pytest.raises(NotFound, match="golden"):
        endpoints.create(workspace, name="price", model="price", gates=[gate])
    assert golden(workspace, tmp_path) == "dataset/golden@1"
    endpoints.create(workspace, name="price", model="price", gates=[gate])
    made = releases.create(workspace, endpoint="price", model=model)
    checked = releases.check(workspace, release=made.ref)
    assert checked.state is ReleaseState.PASSED
    assert checked.results[1].numbers["n"] == 200
