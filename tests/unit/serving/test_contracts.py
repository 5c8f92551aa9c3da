"""Contracts over HTTP: what clients send stays what it is, whatever the model takes."""

from __future__ import annotations

import json
from functools import partial
from itertools import count

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from meguru.errors import Conflict, InvalidInput
from meguru.flavors import SignatureColumn
from meguru.flavors.model import Model
from meguru.predictions.operations import show as show_prediction
from meguru.registry.client import add_model
from meguru.serving.contracts.operations import create, list_contracts, prefer, retire
from meguru.serving.contracts.types import ModelInput
from meguru.serving.operations import create as create_endpoint
from meguru.serving.operations import replay, shadow, specs, switch
from meguru.serving.prediction_call import PredictionCall

ROW = {"hour": 5, "distance": 0.5}
OLD = "hour", "distance"


def model(*columns):
    """A model whose score grows with its first column, and with the second a little."""
    draw = np.random.default_rng(3)
    features = pl.DataFrame({name: draw.normal(size=100) for name in columns})
    if "hour" in columns:
        features = features.with_columns(pl.col("hour").round().cast(pl.Int64))
    truth = (features.to_numpy() @ np.linspace(2, 0.5, len(columns)) > 0).astype(int)
    return Model(estimator=LogisticRegression().fit(features.to_numpy(), truth), example=features.head(3))


@pytest.fixture
def going(workspace, service):
    """Put models with some columns live at the endpoint `delay`, one after the other."""
    create_endpoint(workspace, name="delay", model="delay")

    numbers = count(1)

    def go(*columns, inputs=(), fails=False):
        ref = add_model(workspace, "delay", model(*columns)).ref
        said = [ModelInput.read(each) for each in inputs]
        release = f"release/delay@{next(numbers)}"
        switch(workspace, name="delay", model_ref=ref, release_ref=release, inputs=said)
        place = service._deployments.slots["delay"]
        with service._deployments.changed:
            wanted = lambda: place.fault if fails else place.served and place.served.release_ref == release
            assert service._deployments.changed.wait_for(wanted, 60)
        return ref

    return go


def ask(http, body, contract=None):
    query = f"?contract={contract}" if contract else ""
    return http.request("POST", f"/endpoints/delay/predict{query}", content=json.dumps(body).encode())


def score(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["predictions"][0]["score"]


def error(answer, status=422):
    assert answer.status_code == status, answer.text
    return answer.json()["error"]


def columns(**kinds):
    return [SignatureColumn(name=name, type=kind, nullable=False) for name, kind in kinds.items()]


def settle(service, contract, *, gone=False):
    """Wait until a server answers a contract, or answers it no more."""
    deployments = service._deployments
    with deployments.changed:
        assert deployments.changed.wait_for(
            lambda: (contract in deployments.slots["delay"].served.contracts) is not gone, 60
        )


def test_the_first_model_makes_the_contract_and_a_like_model_costs_nothing(workspace, service, going, http):
    going(*OLD)
    (made,) = list_contracts(workspace, endpoint="delay")
    assert (made.contract.ref, made.contract.default) == ("contract/delay@1", True)
    assert [each.name for each in made.contract.inputs] == list(OLD)
    assert [each.name for each in made.contract.outputs] == ["score"]
    before = score(ask(http, {"rows": [ROW]}))
    assert going(*OLD)
    assert len(list_contracts(workspace, endpoint="delay")) == 1
    assert score(ask(http, {"rows": [ROW]})) == before
    served = service._deployments.slots["delay"].served
    assert not served.mapped
    assert served.default.decode(json.dumps({"row": ROW}).encode()).sent is None


def test_a_renamed_an_added_and_a_derived_column_go_live_while_clients_go_on(workspace, going, http):
    going(*OLD)
    before = score(ask(http, {"rows": [ROW]}))
    going("hour", "miles", inputs=["miles=distance"])
    assert score(ask(http, {"rows": [ROW]})) == before
    going("product", "miles", "flag", inputs=["product=hour * distance", "miles=distance", "flag=0"])
    answer = ask(http, {"rows": [ROW, {"hour": -5, "distance": 0.5}]})
    high, low = (each["score"] for each in answer.json()["predictions"])
    assert high > 0.5 > low
    shown = show_prediction(workspace, id=answer.json()["predictions"][0]["id"])
    assert shown.features == {"product": 2.5, "miles": 0.5, "flag": 0.0, "hour": 5, "distance": 0.5}
    going(*OLD)
    assert score(ask(http, {"rows": [ROW]})) == before


def test_a_column_in_another_unit_is_recorded_as_it_is_taken_and_as_it_was_sent(workspace, going, http):
    going(*OLD)
    going("hour", "distance", inputs=["distance=distance * 1.609"])
    answer = ask(http, {"row": ROW})
    shown = show_prediction(workspace, id=answer.json()["predictions"][0]["id"])
    assert shown.features == {"hour": 5, "distance": 0.5 * 1.609, "sent:distance": 0.5}


def test_what_can_not_be_had_is_told_with_the_input_that_would_mend_it(service, going):
    going(*OLD)
    going("hour", "distances", fails=True)
    place = service._deployments.slots["delay"]
    assert "--input 'distances=distance'" in place.fault.why
    assert place.served.model_ref == "model/delay@1"


def test_versions_are_answered_side_by_side_until_one_is_retired(workspace, service, going, http):
    going(*OLD)
    create(workspace, endpoint="delay", columns=columns(hour="long", miles="double", distance="double"))
    settle(service, 2)
    new = {"hour": 5, "miles": 0.5, "distance": 0.0}
    old_error = error(ask(http, {"rows": [new]}))
    assert (old_error["field"], old_error["try"]) == (
        "rows[0].miles",
        "contract 2 has it: ask with ?contract=2",
    )
    going("hour", "miles", inputs=["1:miles=distance"])
    assert score(ask(http, {"rows": [ROW]})) == score(ask(http, {"rows": [new]}, contract=2))
    prefer(workspace, contract="delay@2")
    retire(workspace, contract="delay@1", force=True)
    settle(service, 1, gone=True)
    assert score(ask(http, {"rows": [new]}))
    assert "no contract 1" in error(ask(http, {"rows": [ROW]}, contract=1), 404)["what"]


def test_requests_in_different_versions_are_scored_together_and_kept_apart(workspace, service, going, http):
    going(*OLD)
    create(workspace, endpoint="delay", columns=columns(hour="long", km="double", distance="double"))
    settle(service, 2)
    going("hour", "miles", inputs=["1:miles=distance", "2:miles=km / 1.609"])
    found = {}
    for contract, row in ((1, ROW), (2, {"hour": 5, "km": 0.8045, "distance": 9.0})):
        answer = service.predict("delay", json.dumps({"row": row}).encode(), contract=contract)
        found[contract] = json.loads(answer.body)["predictions"][0]
    assert found[1]["score"] == found[2]["score"]
    kept = show_prediction(workspace, id=found[2]["id"]).features
    assert kept == {"hour": 5, "miles": 0.8045 / 1.609, "km": 0.8045, "distance": 9.0}


def test_who_speaks_a_version_is_known_and_keeps_it_from_being_retired(workspace, service, going, http):
    going(*OLD)
    create(workspace, endpoint="delay", like="delay@1", default=True, note="the same")
    settle(service, 2)
    for _ in range(3):
        ask(http, {"rows": [ROW, ROW]}, contract=1)
    service.stop()
    first = list_contracts(workspace, endpoint="delay")[1]
    (consumer,) = first.consumers
    assert (consumer.principal, consumer.requests, consumer.rows) == (workspace.principal.name, 3, 6)
    with pytest.raises(Conflict) as refused:
        retire(workspace, contract="delay@1")
    assert "is spoken" in refused.value.what
    assert workspace.principal.name in refused.value.why
    assert retire(workspace, contract="delay@1", force=True).retired_at


def test_the_default_version_is_not_retired(workspace, going):
    going(*OLD)
    with pytest.raises(Conflict, match="name no version"):
        retire(workspace, contract="delay@1", force=True)


def test_a_contract_that_the_live_model_can_not_answer_is_refused(workspace, going):
    going(*OLD)
    with pytest.raises(InvalidInput) as refused:
        create(workspace, endpoint="delay", columns=columns(hour="long", km="double"))
    assert "'distance' is needed and contract 2 has none" in refused.value.why
    for wrong in ([], columns(hour="long") * 2):
        with pytest.raises(InvalidInput):
            create(workspace, endpoint="delay", columns=wrong)


def test_a_row_from_which_a_column_can_not_be_made_is_named(going, http):
    going(*OLD)
    going("hour", "ratio", inputs=["ratio=hour / distance"])
    found = error(ask(http, {"rows": [ROW, {"hour": 1, "distance": 0}]}))
    assert (found["field"], found["code"]) == ("rows[1]", "MG-100")
    assert "ratio comes from hour / distance" in found["why"]


@pytest.mark.parametrize("query", ["contract=two", "contract=1&contract=2", "contract=", "contract=0"])
def test_a_senseless_version_is_refused(going, http, query):
    going(*OLD)
    answer = http.request("POST", f"/endpoints/delay/predict?{query}", content=b'{"rows":[]}')
    assert error(answer)["field"] == "contract"


def test_the_description_is_of_the_version_that_is_asked_for(workspace, service, going, http):
    going(*OLD)
    create(workspace, endpoint="delay", columns=columns(hour="long", distance="double", tail="string"))
    settle(service, 2)
    seen = http.request("GET", "/endpoints/delay?contract=2").json()
    assert (seen["contract"], seen["contracts"]) == (2, [1, 2])
    assert [each["name"] for each in seen["signature"]["inputs"]] == ["hour", "distance", "tail"]
    page = http.request("GET", "/endpoints/delay/openapi.json?contract=2").json()
    predict = page["paths"]["/endpoints/delay/predict"]["post"]
    rows = predict["requestBody"]["content"]["application/json"]["schema"]["oneOf"][0]
    assert "tail" in rows["properties"]["rows"]["items"]["properties"]
    assert http.request("GET", "/endpoints/delay").json()["contract"] == 1


def test_a_shadow_finds_the_columns_that_clients_send(workspace, service, going, http):
    old = going(*OLD)
    going("hour", "miles", inputs=["miles=distance"])
    shadow(workspace, name="delay", refs=[old])
    place = service._deployments.slots["delay"]
    with service._deployments.changed:
        assert service._deployments.changed.wait_for(lambda: old in place.served.shadows, 60)
    said = ask(http, {"row": ROW}).json()["predictions"][0]
    assert show_prediction(workspace, id=said["id"]).shadows == {old: said["score"]}


def test_a_contract_may_be_agreed_on_before_there_is_a_model(workspace, service, going, http):
    wanted = columns(hour="long", km="double")
    made = create(workspace, endpoint="delay", columns=wanted)
    assert (made.default, made.task, made.outputs) == (True, "", ())
    going("hour", "distance", inputs=["distance=km / 1.609"])
    assert score(ask(http, {"row": {"hour": 5, "km": 0.5}}))
    (found,) = list_contracts(workspace, endpoint="delay")
    assert (found.contract.task, [each.name for each in found.contract.outputs]) == ("binary", ["score"])


def test_an_endpoint_that_is_retired_agrees_anew(workspace, going):
    going(*OLD)
    specs.retire(workspace, name="delay")
    create_endpoint(workspace, name="delay", model="delay")
    going("other", "columns")
    newest, oldest = (each.contract for each in list_contracts(workspace, endpoint="delay"))
    assert (newest.version, [each.name for each in newest.inputs]) == (2, ["other", "columns"])
    assert oldest.retired_at is not None


def test_a_regression_keeps_its_contract(workspace, service, http):
    create_endpoint(workspace, name="delay", model="fare")
    features = pl.DataFrame({"hour": [1.0, 2.0, 3.0]})
    estimator = LinearRegression().fit(features.to_numpy(), [2.0, 4.0, 6.0])
    ref = add_model(workspace, "fare", Model(estimator=estimator, example=features)).ref
    switch(workspace, name="delay", model_ref=ref, release_ref="release/delay@1")
    assert service.wait_until_current("delay", timeout=60)
    assert list_contracts(workspace, endpoint="delay")[0].contract.task == "regression"
    assert score(ask(http, {"row": {"hour": 4}})) == pytest.approx(8)


def test_a_mapped_prediction_is_replayed_bit_for_bit(workspace, going, http):
    going(*OLD)
    going("product", "miles", inputs=["product=hour * distance", "miles=distance"])
    said = ask(http, {"row": ROW}).json()["predictions"][0]
    assert replay(workspace, id=said["id"]).equal


def test_one_group_of_requests_may_speak_several_versions(workspace, service, going):
    going(*OLD)
    create(workspace, endpoint="delay", columns=columns(hour="long", km="double", distance="double"))
    settle(service, 2)
    going("hour", "miles", inputs=["1:miles=distance", "2:miles=km / 1.609"])
    batcher, answers = service._deployments.slots["delay"].batcher, {}
    rows = {1: ROW, 2: {"hour": 5, "km": 0.8045, "distance": 9.0}, 3: ROW}
    calls = [
        PredictionCall(
            "delay",
            json.dumps({"row": row}).encode(),
            "",
            workspace.clock.now(),
            partial(answers.__setitem__, contract),
            contract=contract,
        )
        for contract, row in rows.items()
    ]
    batcher._serve(batcher.served, calls)
    batcher._writer.close()
    assert {contract: answer.status for contract, answer in answers.items()} == {1: 200, 2: 200, 3: 404}
    first, second = (json.loads(answers[contract].body)["predictions"][0] for contract in (1, 2))
    assert first["score"] == second["score"]
    assert show_prediction(workspace, id=second["id"]).features["km"] == 0.8045
    assert "km" not in show_prediction(workspace, id=first["id"]).features
