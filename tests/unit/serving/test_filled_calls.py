"""Requests that wait together are filled in together, and answered apart."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from meguru.errors import Busy, InvalidInput, TimedOut
from meguru.features.online.lookup import StoreUnavailable
from meguru.serving.batcher import Batcher
from meguru.serving.prediction_call import PredictionCall

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class View:
    """A version of a contract whose views can't give anything for some rows; the last one asks none."""

    features = "some"

    def __init__(self, error: Exception, bad: set[int]) -> None:
        self.error, self.bad, self.asked = error, bad, 0

    def fill(self, rows: list[int], received: list[datetime]) -> None:
        self.asked += 1
        if self.bad.intersection(rows):
            raise self.error

    def asks(self, row: int) -> bool:
        return row < 15


def filled(view: View) -> tuple[list[int], dict[int, int]]:
    """Have sixteen calls filled in; return which can be scored, and the status of the others' answers."""
    told: dict[int, int] = {}
    calls = []
    for number in range(16):
        done = partial(_tell, told, number)
        call: Any = PredictionCall("shop", b"", "", NOW, done)
        call.view, call.rows = view, number
        calls.append(call)
    batcher: Any = Batcher.__new__(Batcher)
    return [call.rows for call in batcher._enriched(calls)], told


def _tell(told: dict[int, int], number: int, answer: Any) -> None:
    told[number] = answer.status


@pytest.mark.parametrize(("error", "status"), [(InvalidInput("no user"), 422), (Busy("too old"), 503)])
def test_a_request_that_views_have_nothing_for_costs_its_neighbours_no_call_of_their_own(
    error, status
) -> None:
    view = View(error, {11})
    ready, told = filled(view)
    assert (ready, told) == ([number for number in range(16) if number != 11], {11: status})
    assert view.asked == 9


@pytest.mark.parametrize("error", [StoreUnavailable("the store is away"), TimedOut("the code hangs")])
def test_a_store_that_is_away_is_waited_for_once_and_who_needs_nothing_of_it_is_answered(error) -> None:
    view = View(error, set(range(15)))
    ready, told = filled(view)
    assert (ready, sorted(told), view.asked) == ([15], list(range(15)), 2)
