"""The clock of an endpoint: from the data that landed last to the model that learned from them answering."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meguru.base.clock import FixedClock
from meguru.errors import InvalidInput
from meguru.kernel import events
from meguru.registry.client import add_model
from meguru.serving.operations import create, show, switch

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
MODEL = "model/delay@1"


@pytest.fixture
def world(workspace, folders):
    """Tell of data, of what was made of them, and of a model that was made of that and put live."""
    clock = FixedClock(NOON)
    workspace.clock = clock

    def tell(type, subject, seconds, data=None, used=(), produced=()):
        clock.set(NOON + timedelta(seconds=seconds))
        told = {"at": clock.now(), "actor": "local", "operation": "test", "data": data or {}}
        with workspace.db.write() as tx:
            events.append(tx, type=type, subject=subject, used=used, produced=produced, **told)

    landed = {"digest": "d", "rows": 1, "files": 1, "mode": "append", "note": ""}
    create(workspace, name="delay", model="delay", renew_within="10s")
    tell("dataset_version.created", "dataset/flights@1", 0, landed)
    tell("dataset_version.created", "dataset/weather@1", 2, landed)
    made = {"endpoint": "delay", "count": 1}
    data = ["dataset/flights@1", "dataset/weather@1"]
    tell("outcomes.recorded", "endpoint/delay", 3, made, used=data, produced=["artifact/features@1"])
    add_model(workspace, "delay", folders[0])
    tell("outcomes.recorded", "endpoint/delay", 6, made, used=["artifact/features@1"], produced=[MODEL])
    switch(workspace, name="delay", model_ref=MODEL, release_ref="release/delay@1")
    return tell


def renewal(workspace):
    return show(workspace, name="delay").renewal


def test_it_runs_from_the_last_data_to_the_first_answer(workspace, world):
    assert (renewal(workspace).seconds, renewal(workspace).target) == (None, 10.0)
    taken = {"model": MODEL, "release": "release/delay@1", "server": "s"}
    world("endpoint.serving", "endpoint/delay", 9.5, taken)
    world("endpoint.serving", "endpoint/delay", 100, taken)  # a server that was started again
    found = renewal(workspace)
    assert (found.data, found.seconds, found.is_met) == ("dataset/weather@1", 7.5, True)
    assert found.waiting == ""


def test_data_of_which_no_live_model_knows_are_told(workspace, world):
    landed = {"digest": "d", "rows": 1, "files": 1, "mode": "append", "note": ""}
    world("dataset_version.created", "dataset/flights@2", 60, landed)
    world("dataset_version.created", "dataset/flights@3", 70, landed)
    found = renewal(workspace)
    assert (found.waiting, found.waiting_since) == ("dataset/flights@2", NOON + timedelta(seconds=60))


def test_an_endpoint_without_a_model_has_no_clock_and_a_target_is_a_length_of_time(workspace, folders):
    create(workspace, name="other", model="other")
    assert show(workspace, name="other").renewal is None
    with pytest.raises(InvalidInput) as refused:
        create(workspace, name="third", model="other", renew_within="soon")
    assert refused.value.field == "renew_within"
