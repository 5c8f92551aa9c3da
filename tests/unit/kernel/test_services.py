"""How long who follows the log rests."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meguru.app.open import open_local
from meguru.kernel.services import Follower


@pytest.mark.parametrize(
    ("seconds", "rests"),
    [([], 30.0), ([100], 30.0), ([7, 12], 7.0), ([0.1], 0.5), ([12, -3], 0.5)],
    ids=["nothing is due", "late", "soon", "at once", "over"],
)
def test_it_rests_until_the_first_moment_that_is_due(tmp_path, clock, seconds, rests):
    with open_local(tmp_path / "w", clock=clock) as ws:
        moments = [clock.now() + timedelta(seconds=each) for each in seconds]
        assert Follower(ws).until(moments, soonest=0.5) == pytest.approx(rests, abs=0.01)
