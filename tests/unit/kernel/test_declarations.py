"""Specs are declared, compared, changed and retired; each that held is kept."""

import pytest

from meguru import errors
from meguru.app.nouns import load_operations
from meguru.artifacts.why import show as why
from meguru.kernel import events
from meguru.monitoring.kind import MonitorSpec
from meguru.monitoring.operations import specs as monitors
from meguru.serving.kind import EndpointSpec
from meguru.serving.operations import create, list_endpoints, show, specs

load_operations()
GATE = {"gate": "metric", "metric": "auc", "op": ">=", "value": 0.7}


def types(ws, subject):
    with ws.read() as tx:
        return [each.type for each in events.read(tx, subject=subject, limit=100)]


def test_declaring_creates_then_does_nothing_then_updates_and_says_which(workspace):
    first = specs.declare(workspace, name="delay", spec=EndpointSpec(model="delay"))
    assert (first.change, first.ref) == ("created", "endpoint/delay")
    assert specs.declare(workspace, name="delay", spec=EndpointSpec(model="delay")).change == "unchanged"
    changed = specs.declare(workspace, name="delay", spec=EndpointSpec(model="delay", gates=[GATE]))
    assert changed.change == "updated"
    assert [(each.field, each.before, each.after) for each in changed.fields] == [("gates", [], [GATE])]
    assert show(workspace, name="delay").endpoint.gates == [GATE]
    assert types(workspace, "endpoint/delay") == ["endpoint.created", "endpoint.updated"]


def test_a_plan_says_what_declaring_would_do_and_writes_nothing(workspace):
    assert specs.plan(workspace, name="delay", spec=EndpointSpec(model="delay")).change == "created"
    assert list_endpoints(workspace).items == []
    assert types(workspace, "endpoint/delay") == []


def test_every_spec_that_held_is_kept_with_who_and_when(workspace):
    specs.declare(workspace, name="delay", spec=EndpointSpec(model="delay"))
    specs.declare(workspace, name="delay", spec=EndpointSpec(model="delay", description="minutes"))
    specs.retire(workspace, name="delay")
    held = specs.specs(workspace, name="delay")
    assert [(each.number, each.spec["description"], each.retired) for each in held] == [
        (3, "minutes", True),
        (2, "minutes", False),
        (1, "", False),
    ]
    assert {each.by for each in held} == {"local"}
    for limit in (-1, 0, 1001):
        with pytest.raises(errors.InvalidInput):
            specs.specs(workspace, name="delay", limit=limit)


def test_what_was_retired_is_gone_from_lists_and_can_be_declared_again(workspace):
    specs.declare(workspace, name="delay", spec=EndpointSpec(model="delay", gates=[GATE]))
    assert specs.retire(workspace, name="delay").change == "retired"
    assert list_endpoints(workspace).items == []
    with pytest.raises(errors.NotFound):
        show(workspace, name="delay")
    with pytest.raises(errors.NotFound):
        specs.retire(workspace, name="delay")
    assert why(workspace, ref="endpoint/delay").state == "endpoint/delay was retired"
    assert specs.declare(workspace, name="delay", spec=EndpointSpec(model="delay")).change == "created"
    assert show(workspace, name="delay").endpoint.gates == []


def test_a_change_that_somebody_else_overtook_is_refused(workspace):
    specs.declare(workspace, name="delay", spec=EndpointSpec(model="delay"))
    seen = {"model": "delay", "gates": [], "record": True, "description": "what it was"}
    with pytest.raises(errors.Conflict, match="when you looked"):
        specs.declare(workspace, name="delay", spec=EndpointSpec(model="delay", record=False), expect=seen)
    assert show(workspace, name="delay").endpoint.record


def test_a_spec_that_makes_no_sense_is_refused_by_its_field_and_changes_nothing(workspace):
    specs.declare(workspace, name="delay", spec=EndpointSpec(model="delay"))
    with pytest.raises(errors.InvalidInput) as caught:
        specs.declare(workspace, name="delay", spec=EndpointSpec(model="delay", gates=[{"gate": "nope"}]))
    assert "gates[0]" in caught.value.field
    assert show(workspace, name="delay").endpoint.gates == []


def test_a_monitors_thresholds_can_be_changed(workspace):
    create(workspace, name="delay", model="delay")
    monitors.declare(workspace, name="watch", spec=MonitorSpec(endpoint="delay"))
    changed = monitors.declare(workspace, name="watch", spec=MonitorSpec(endpoint="delay", min_rows=50))
    assert [(each.field, each.before, each.after) for each in changed.fields] == [("min_rows", 500, 50)]
    assert monitors.retire(workspace, name="watch").change == "retired"


def test_an_event_that_no_kind_declares_is_refused(workspace):
    with workspace.db.write() as tx, pytest.raises(errors.InternalError, match="no kind declares"):
        events.append(
            tx,
            type="endpoint.wobbled",
            at=workspace.clock.now(),
            actor="local",
            operation="test",
            subject="endpoint/delay",
        )


def test_an_event_that_is_not_as_its_type_declares_is_refused(workspace):
    with workspace.db.write() as tx, pytest.raises(errors.InternalError, match="EndpointSwitched"):
        events.append(
            tx,
            type="endpoint.switched",
            at=workspace.clock.now(),
            actor="local",
            operation="test",
            subject="endpoint/delay",
            data={"modell": "model/delay@1"},
        )
