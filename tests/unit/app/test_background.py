"""What runs beside answering: quiet when there is nothing to do, and over soon when it is stopped."""

from __future__ import annotations

import time

from meguru.app.background import AtWork

AT_FIRST, SECONDS = 3.0, 4.0
MAX_LOOKS = 20
"""Read transactions a second: 10 were seen, and 41 when threads looked at all intervals, whatever was due."""


def test_who_has_nothing_to_do_looks_rarely_and_stops_at_once(workspace, looks):
    with AtWork(workspace):
        time.sleep(AT_FIRST)
        looks.clear()
        time.sleep(SECONDS)
        seen, begun = len(looks), time.monotonic()
    assert seen < MAX_LOOKS * SECONDS
    assert seen > 0
    assert time.monotonic() - begun < 4
