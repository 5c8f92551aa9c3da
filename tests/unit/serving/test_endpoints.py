from __future__ import annotations

import pytest

from meguru.errors import Conflict, Forbidden, InvalidInput, NotFound
from meguru.kernel import events
from meguru.kernel.principals import Principal
from meguru.serving.operations import create, list_endpoints, shadow, show, switch

GATES = [{"gate": "champion", "metric": "auc"}]


@pytest.fixture
def delay(workspace):
    return create(workspace, name="delay", model="delay", gates=GATES)


def log(workspace):
    with workspace.read() as tx:
        return [(each.type, each.subject) for each in events.read(tx)]


def test_an_endpoint_declared_before_its_model_exists_is_pending(workspace, delay):
    assert (delay.state, delay.live) == ("pending", None)
    detail = show(workspace, name="delay")
    assert detail.endpoint == delay
    assert (detail.history, detail.totals.predictions) == ([], 0)


def test_declaring_it_again_changes_nothing_and_declaring_another_is_a_conflict(workspace, delay):
    assert create(workspace, name="delay", model="model/delay", gates=GATES) == delay
    with pytest.raises(Conflict):
        create(workspace, name="delay", model="price", gates=GATES)
    assert log(workspace) == [("endpoint.created", "endpoint/delay")]


def test_a_switch_puts_a_version_live_and_retires_the_one_before(workspace, delay):
    first = switch(workspace, name="delay", model_ref="model/delay@1", release_ref="release/delay@1")
    second = switch(workspace, name="delay", model_ref="model/delay@2", release_ref="release/delay@2")
    assert switch(workspace, name="delay", model_ref="model/delay@2", release_ref="release/delay@2") == second
    detail = show(workspace, name="endpoint/delay")
    assert detail.endpoint.live == second
    assert [(each.number, each.model_ref, each.state) for each in detail.history] == [
        (2, "model/delay@2", "live"),
        (1, "model/delay@1", "retired"),
    ]
    assert detail.history[1].until == second.since
    with workspace.read() as tx:
        event = events.latest(tx, subject="endpoint/delay")
    assert (event.id, event.type, event.used) == (
        second.event,
        "endpoint.switched",
        ("model/delay@2", "release/delay@2"),
    )
    assert event.data["before"] == {"model": first.model_ref, "release": first.release_ref}
    assert len(log(workspace)) == 3


def test_a_version_of_another_model_can_not_go_live(workspace, delay):
    for wrong in ("model/price@1", "model/delay"):
        with pytest.raises(InvalidInput) as caught:
            switch(workspace, name="delay", model_ref=wrong, release_ref="release/delay@1")
        assert caught.value.field == "model_ref"


def test_shadows_are_registered_versions_of_models(workspace, delay, register):
    register(1)
    assert shadow(workspace, name="delay", refs=["model/delay@1"]).shadow == ["model/delay@1"]
    assert shadow(workspace, name="delay", refs=["model/delay@1"]).shadow == ["model/delay@1"]
    assert log(workspace)[2:] == [("endpoint.shadowed", "endpoint/delay")]
    for wrong in (["model/delay"], ["dataset/x@1"], ["model/delay@x"], ["model/delay@1", "model/delay@1"]):
        with pytest.raises(InvalidInput):
            shadow(workspace, name="delay", refs=wrong)
    with pytest.raises(NotFound):
        shadow(workspace, name="delay", refs=["model/delay@2"])


def test_an_unknown_endpoint_is_not_found_and_the_near_miss_is_offered(workspace, delay):
    with pytest.raises(NotFound) as caught:
        show(workspace, name="dealy")
    assert "'delay'" in caught.value.hint


def test_endpoints_are_listed_in_pages(workspace):
    for name in ("a", "b", "c"):
        create(workspace, name=name, model="delay")
    first = list_endpoints(workspace, limit=2)
    rest = list_endpoints(workspace, limit=2, cursor=first.next_cursor)
    assert [each.name for each in [*first.items, *rest.items]] == ["a", "b", "c"]
    assert rest.next_cursor == ""


def test_who_may_only_predict_can_not_switch(workspace, delay):
    service = workspace.with_(
        principal=Principal(name="shop", permissions=frozenset({"endpoint:read", "endpoint:predict"}))
    )
    with pytest.raises(Forbidden):
        switch(service, name="delay", model_ref="model/delay@1", release_ref="release/delay@1")
