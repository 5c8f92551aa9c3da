"""What retraining is worth: live answers beside a frozen model's, which scored along or is asked again."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from meguru.business.operations import create as create_metric
from meguru.errors import InvalidInput, NotFound
from meguru.kernel.principals import Principal
from meguru.predictions.operations import record
from meguru.predictions.types import OutcomeInput
from meguru.serving.operations import shadow, value

TIMES = [datetime(2013, 3 + n // 40, 1 + n % 28, tzinfo=UTC) for n in range(80)]
RIGHT = "SELECT CASE WHEN (score > 0.5) = (outcome = 1) THEN 100 ELSE 0 END AS value FROM predictions"


@pytest.fixture
def answered(workspace, service, live):
    """Have the second version answer, which says the opposite of the first; it is always right."""
    live(1)
    live(2)

    def answered():
        rows = [{"hour": -9 if n % 2 else 9, "distance": 0.0} for n in range(80)]
        body = {"rows": rows, "times": [each.isoformat() for each in TIMES]}
        found = json.loads(service.predict("delay", json.dumps(body).encode()).body)
        outcomes = [
            OutcomeInput(prediction_id=each["id"], value=float(row["hour"] < 0))
            for each, row in zip(found["predictions"], rows, strict=True)
        ]
        record(workspace, endpoint="delay", outcomes=outcomes)

    return answered


def test_the_first_model_is_asked_again_with_what_was_recorded(workspace, answered):
    answered()
    with pytest.raises(InvalidInput, match="no business metrics"):
        value(workspace, name="delay")
    create_metric(workspace, name="right", endpoint="delay", sql=RIGHT, unit="JPY")
    found = value(workspace, name="delay")
    assert (found.model, found.how, found.metric) == ("model/delay@1", "replay", "right")
    assert [(each.rows, each.live, each.frozen, each.gain) for each in found.months] == [
        (40, 4000, 0, 4000)
    ] * 2
    assert [each.cumulative for each in found.months] == [4000, 8000]
    assert (found.total.gain, found.total.rows, found.total.of_rows) == (8000, 80, 80)
    create_metric(
        workspace, name="wrong", endpoint="delay", sql=RIGHT.replace("100", "-100"), direction="lower"
    )
    with pytest.raises(InvalidInput, match="2 business metrics"):
        value(workspace, name="delay")
    with pytest.raises(NotFound, match="wrog"):
        value(workspace, name="delay", metric="wrog")
    stranger = Principal(
        name="ben", permissions=frozenset({"prediction:read", "endpoint:read", "model:read"})
    )
    with pytest.raises(InvalidInput, match="no business metrics"):
        value(workspace.with_(principal=stranger), name="delay")


def test_a_model_that_scored_along_is_taken_as_it_answered(workspace, service, answered):
    shadow(workspace, name="delay", refs=["model/delay@1"])
    service.wait_until_current("delay", timeout=60)
    assert wait_for_shadow(service)
    answered()
    create_metric(workspace, name="right", endpoint="delay", sql=RIGHT, unit="JPY")
    found = value(workspace, name="delay")
    assert (found.how, found.total.gain) == ("shadow", 8000)


def wait_for_shadow(service):
    changed = service._deployments.changed
    with changed:
        return changed.wait_for(lambda: bool(service._deployments.slots["delay"].served.shadows), 60)
