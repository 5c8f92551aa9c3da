"""Releases of models whose columns are others than clients send."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from meguru.errors import Conflict, InvalidInput
from meguru.registry.client import add_model
from meguru.releases import operations as releases
from meguru.releases.types import ReleaseState
from meguru.serving import operations as endpoints
from meguru.serving.contracts.operations import create, list_contracts, prefer, retire
from meguru.serving.contracts.types import ModelInput
from meguru.testing.models import make_model

pytest_plugins = ["meguru.testing.fixtures"]
WIND = {"rename": {"wind": "wind_speed"}}


@pytest.fixture
def delay(workspace):
    """An endpoint `delay` whose clients send hour and wind."""
    endpoints.create(workspace, name="delay", model="delay")
    assert go(workspace, seed=1).state is ReleaseState.LIVE
    return workspace


def inputs(*texts):
    return [ModelInput.read(each) for each in texts]


def judged(workspace, *, said=None, **options):
    model = add_model(workspace, "delay", make_model(**options)).ref
    made = releases.create(workspace, endpoint="delay", model=model, inputs=said)
    return releases.check(workspace, release=made.ref)


def go(workspace, *, said=None, **options):
    checked = judged(workspace, said=said, **options)
    return releases.promote(workspace, release=checked.ref)


def live(workspace):
    return endpoints.show(workspace, name="delay").endpoint.live


def test_a_renamed_column_is_refused_without_and_released_with_its_input(delay):
    refused = judged(delay, **WIND)
    assert refused.state is ReleaseState.REFUSED
    assert "--input 'wind_speed=wind'" in refused.reasons[0]
    done = go(delay, said=inputs("wind_speed=wind"), **WIND)
    assert done.state is ReleaseState.LIVE
    assert live(delay).inputs == done.content.inputs == inputs("wind_speed=wind")
    assert [each.ref for each in done.content.contracts] == ["contract/delay@1"]


def test_the_next_release_takes_over_the_inputs_of_the_live_one(delay):
    go(delay, said=inputs("wind_speed=wind"), **WIND)
    follows = go(delay, seed=3, **WIND)
    assert follows.content.inputs == inputs("wind_speed=wind")
    assert go(delay, seed=4).content.inputs == []  # its columns are those of the clients again
    assert go(delay, seed=5, said=inputs("wind_speed=wind"), **WIND).state is ReleaseState.LIVE


def test_a_rollback_brings_back_the_columns_of_then(delay):
    go(delay, said=inputs("wind_speed=wind"), **WIND)
    assert releases.rollback(delay, endpoint="delay").model == "model/delay@1"
    assert live(delay).inputs == []
    assert releases.rollback(delay, endpoint="delay", to="release/delay@2").model == "model/delay@2"
    assert live(delay).inputs == inputs("wind_speed=wind")


def test_inputs_belong_to_the_digest(delay):
    model = add_model(delay, "delay", make_model(**WIND)).ref
    made = [
        releases.create(delay, endpoint="delay", model=model, inputs=inputs(each))
        for each in ("wind_speed=wind", "wind_speed=wind * 2", "wind_speed=wind")
    ]
    first, other, same = (each.content_digest for each in made)
    assert first == same != other
    assert made[0].hashes.endpoint != made[1].hashes.endpoint
    (change,) = releases.diff(delay, before=made[0].ref, after=made[1].ref).changes
    assert (change.part, change.before, change.after) == ("input wind_speed", "wind", "wind * 2")


def test_a_new_contract_voids_what_was_judged_before_it(delay):
    passed = judged(delay, seed=2)
    create(delay, endpoint="delay", like="delay@1", note="the same again")
    with pytest.raises(Conflict, match="the world moved"):
        releases.promote(delay, release=passed.ref)
    assert releases.check(delay, release=passed.ref).state is ReleaseState.PASSED
    assert releases.promote(delay, release=passed.ref).state is ReleaseState.LIVE


def test_every_version_of_the_contract_must_be_answered(delay):
    sent = list_contracts(delay, endpoint="delay")[0].contract.inputs
    create(delay, endpoint="delay", columns=[*sent, replace(sent[0], name="gust")])
    refused = judged(delay, rename={"wind": "gust"})
    assert refused.state is ReleaseState.REFUSED
    assert "contract 1 has none" in refused.reasons[0]
    assert "contract 2" not in refused.reasons[0]
    made = go(delay, said=inputs("1:gust=wind"), seed=7, rename={"wind": "gust"})
    assert made.state is ReleaseState.LIVE
    prefer(delay, contract="delay@2")
    retire(delay, contract="delay@1")
    assert go(delay, said=[], seed=8, rename={"wind": "gust"}).state is ReleaseState.LIVE


@pytest.mark.parametrize(
    ("text", "field", "says"),
    [
        ("wind_sped=wind", "inputs[0].column", "takes no column 'wind_sped'"),
        ("wind_speed=gust", "inputs[0].from", "no column 'gust'"),
        ("wind_speed=__import__('os')", "inputs[0].from", "no function"),
        ("7:wind_speed=wind", "inputs[0].contract", "contract 7 is not answered"),
        ("hour=wind", "inputs[0]", "clients send 'hour' already"),
    ],
)
def test_an_input_that_could_never_hold_is_refused_at_once(delay, text, field, says):
    model = add_model(delay, "delay", make_model(**WIND)).ref
    with pytest.raises(InvalidInput) as refused:
        releases.create(delay, endpoint="delay", model=model, inputs=inputs(text))
    assert (refused.value.field, says in refused.value.what) == (field, True), refused.value


def test_what_clients_send_may_be_overruled_for_a_version(delay):
    done = go(delay, seed=2, said=inputs("1:hour=wind"))
    assert done.state is ReleaseState.LIVE


def test_a_column_is_given_once(delay):
    model = add_model(delay, "delay", make_model(**WIND)).ref
    with pytest.raises(InvalidInput, match="given twice"):
        releases.create(
            delay, endpoint="delay", model=model, inputs=inputs("wind_speed=wind", "wind_speed=1")
        )


def test_a_first_release_has_nothing_from_which_inputs_could_come(workspace):
    endpoints.create(workspace, name="delay", model="delay")
    with pytest.raises(InvalidInput, match="no contract"):
        judged(workspace, said=inputs("wind=hour"))


@pytest.mark.parametrize("text", ["", "wind", "=wind", "x:wind", "wind="])
def test_what_is_no_input_is_refused(text):
    with pytest.raises(InvalidInput) as refused:
        ModelInput.read(text)
    assert "NAME=EXPRESSION" in refused.value.hint
