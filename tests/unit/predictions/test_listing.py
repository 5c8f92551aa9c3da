from __future__ import annotations

from datetime import timedelta

import pytest

from meguru.errors import InvalidInput
from meguru.predictions import payload, store
from meguru.predictions.operations import list_predictions, record, show
from meguru.predictions.types import OutcomeInput

from .conftest import MARCH


def test_predictions_are_listed_from_the_newest_request_in_pages_that_miss_none(workspace, answered):
    few = [answered(3, times=[MARCH + timedelta(hours=hour)] * 3) for hour in range(3)]
    many = answered(payload.MAX_PACKED_ROWS + 5)
    answered(1, endpoint="price")
    record(workspace, endpoint="delay", outcomes=[OutcomeInput(prediction_id=f"{many.id}.1", value=1.0)])
    wanted = [f"{each.id}.{row}" for each in (many, *reversed(few)) for row in range(each.n)]
    found, cursor = [], ""
    while True:
        page = list_predictions(workspace, endpoint="delay", cursor=cursor, limit=40)
        found += page.items
        cursor = page.next_cursor
        if not cursor:
            break
    assert [each.id for each in found] == wanted
    assert found[1] == show(workspace, id=wanted[1])
    assert found[1].outcome.value == 1.0


def test_a_cursor_of_another_list_is_refused(workspace, answered):
    other = answered(1, endpoint="price")
    for cursor in ("x", "pred-0.0", f"{other.id}.0"):
        with pytest.raises(InvalidInput) as caught:
            list_predictions(workspace, endpoint="delay", cursor=cursor)
        assert caught.value.field == "cursor"


def test_a_request_of_many_rows_is_read_once_for_a_page(workspace, answered, monkeypatch):
    answered(50)
    read, outputs_of = [], payload.outputs_of
    monkeypatch.setattr(store, "keys_of", lambda tx, batch_id: read.append("keys") or {})
    monkeypatch.setattr(payload, "outputs_of", lambda body: read.append("outputs") or outputs_of(body))
    assert len(list_predictions(workspace, endpoint="delay", limit=40).items) == 40
    assert sorted(read) == ["keys", "outputs"]
