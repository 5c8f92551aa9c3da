"""One prediction is found and explained under every form of its id."""

from datetime import UTC, datetime, timedelta

import pytest

from meguru.artifacts.why import show as why
from meguru.errors import NotFound
from meguru.kernel import events
from meguru.predictions.operations import show
from meguru.testing.events import sample

MARCH = datetime(2013, 3, 1, tzinfo=UTC)
SWITCH = {"model": "model/delay@1", "release": "release/delay@1", "before": None}


@pytest.fixture
def story(workspace):
    """Two releases that went live one after the other; a prediction fell between."""

    def add(type, subject, days, cause=None, **data):
        with workspace.db.write() as tx:
            return events.append(
                tx,
                type=type,
                at=MARCH + timedelta(days=days),
                actor="ann",
                operation="o",
                subject=subject,
                cause=cause,
                data=sample(type) | data,
            ).id

    created = add("release.created", "release/delay@1", -2)
    first = add("release.promoted", "release/delay@1", -1, created)
    add("endpoint.switched", "endpoint/delay", -1, first, **SWITCH)
    second = add("release.promoted", "release/delay@2", 1)
    add("endpoint.switched", "endpoint/delay", 1, second, **SWITCH)
    add("release.rolled_back", "release/delay@1", 2, model="model/delay@1")
    return workspace


@pytest.mark.parametrize("form", ["prediction/{id}", "{id}"])
def test_a_prediction_is_explained_by_why_its_release_was_live_then(story, answered, form):
    batch = answered(3)
    asked = form.format(id=f"{batch.id}.2")
    assert show(story, id=asked).id == f"{batch.id}.2"
    found = why(story, ref=asked)
    assert found.state == "endpoint/delay answered with model/delay@1 (release/delay@1)"
    assert [link.type for link in found.chain] == ["release.created", "release.promoted"]


def test_what_was_switched_without_a_release_is_explained_by_the_switch(workspace, answered):
    with workspace.db.write() as tx:
        events.append(
            tx,
            type="endpoint.switched",
            at=MARCH,
            actor="ann",
            operation="o",
            subject="endpoint/delay",
            data=SWITCH,
        )
    found = why(workspace, ref=f"{answered().id}.0")
    assert [link.type for link in found.chain] == ["endpoint.switched"]


@pytest.mark.parametrize("form", ["prediction/{id}", "{id}"])
def test_the_id_of_a_request_names_its_first_row_as_what_to_ask_for(workspace, answered, form):
    batch = answered(2)
    for ask in (lambda ref: why(workspace, ref=ref), lambda ref: show(workspace, id=ref)):
        with pytest.raises(NotFound) as missing:
            ask(form.format(id=batch.id))
        assert f"{batch.id}.0" in missing.value.hint


@pytest.mark.parametrize("row", ["2", "x", "-1", "00"])
def test_a_row_that_was_not_asked_is_not_found(workspace, answered, row):
    batch = answered(2)
    with pytest.raises(NotFound):
        show(workspace, id=f"{batch.id}.{row}")
    with pytest.raises(NotFound):
        why(workspace, ref=f"prediction/{batch.id}.{row}")
