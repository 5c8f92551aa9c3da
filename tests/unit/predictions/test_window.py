from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meguru.errors import InvalidInput
from meguru.predictions import payload
from meguru.predictions import window as windows
from meguru.predictions.operations import record, window
from meguru.predictions.types import OutcomeInput
from meguru.predictions.window import frame

MARCH, APRIL = datetime(2013, 3, 1, tzinfo=UTC), datetime(2013, 4, 1, tzinfo=UTC)


def read(workspace, start=MARCH, end=APRIL, **given):
    with workspace.read() as tx:
        return frame(tx, "delay", start, end, **given)


@pytest.mark.parametrize("n", [3, payload.MAX_PACKED_ROWS + 3])
def test_a_window_holds_the_rows_whose_event_time_is_in_it_start_included_end_not(workspace, answered, n):
    times = [MARCH - timedelta(seconds=1), MARCH, *[APRIL] * (n - 2)]
    batch = answered(n, times=times)
    found = read(workspace)
    assert found["_id"].to_list() == [f"{batch.id}.1"]
    assert found["_time"].to_list() == [MARCH]


def test_rows_of_all_requests_come_in_order_of_event_time_with_what_is_known(workspace, answered):
    late = answered(2, times=[MARCH + timedelta(days=2), MARCH], model="model/delay@2")
    early = answered(1, times=[MARCH + timedelta(days=1)])
    n = payload.MAX_PACKED_ROWS + 1
    shadowed = {"model/delay@9": [0.75] * n}
    many = answered(n, times=[MARCH + timedelta(days=3)] * n, shadows=shadowed)
    answered(1, endpoint="other")
    record(
        workspace,
        endpoint="delay",
        outcomes=[OutcomeInput(prediction_id=f"{late.id}.0", value=1.0)],
    )
    found = read(workspace)
    ids = [f"{late.id}.1", f"{early.id}.0", f"{late.id}.0", *[f"{many.id}.{row}" for row in range(n)]]
    assert found["_id"].to_list() == ids
    assert found["_model"].to_list()[:3] == ["model/delay@2", "model/delay@1", "model/delay@2"]
    assert found["_outcome"].to_list()[:3] == [None, None, 1.0]
    assert found["hour"].to_list()[:3] == [1, 0, 0]
    assert found["_shadow:model/delay@9"].to_list()[2:4] == [None, 0.75]


def test_an_empty_window_has_its_fixed_columns(workspace):
    found = read(workspace)
    assert set(found.columns) == {"_id", "_score", "_time", "_model", "_outcome"}
    assert found.height == 0


def test_only_the_wanted_features_are_given(workspace, answered):
    answered(2)
    assert [name for name in read(workspace, features=["hour"]).columns if name[0] != "_"] == ["hour"]


def test_the_summary_counts_by_model(workspace, answered):
    answered(3, times=[MARCH, MARCH + timedelta(days=1), APRIL])
    second = answered(1, model="model/delay@2", scores=[0.5])
    record(workspace, endpoint="delay", outcomes=[OutcomeInput(prediction_id=f"{second.id}.0", value=0.0)])
    summary = window(workspace, endpoint="delay", start=MARCH, end=APRIL)
    assert (summary.predictions, summary.outcomes) == (3, 1)
    assert (summary.first_time, summary.last_time) == (MARCH, MARCH + timedelta(days=1))
    assert [(each.model, each.predictions, each.outcomes, each.mean_score) for each in summary.models] == [
        ("model/delay@1", 2, 0, 0.25),
        ("model/delay@2", 1, 1, 0.5),
    ]


def test_a_window_needs_a_time_zone(workspace):
    with pytest.raises(InvalidInput) as caught:
        window(workspace, endpoint="delay", start=MARCH.replace(tzinfo=None), end=APRIL)
    assert caught.value.field == "start"


def test_a_long_span_is_counted_in_parts(workspace, answered, monkeypatch):
    for hour in range(3):
        answered(2, times=[MARCH + timedelta(hours=hour)] * 2, scores=[0.0, hour])
    whole = window(workspace, endpoint="delay", start=MARCH, end=APRIL)
    monkeypatch.setattr(windows, "MAX_ROWS", 2)
    assert window(workspace, endpoint="delay", start=MARCH, end=APRIL) == whole
    assert (whole.predictions, whole.models[0].mean_score, whole.last_time) == (
        6,
        0.5,
        MARCH + timedelta(hours=2),
    )
