"""The processes of views that a server keeps."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from meguru.serving.features.point_in_time import PointInTimeRows
from meguru.serving.features.values import _MAX_HOSTS, OnlineValues


class Host:
    closed = False

    def close(self) -> None:
        self.closed = True


def test_a_process_that_makes_room_answers_who_asks_it_just_now(workspace):
    values = OnlineValues(workspace)
    hosts: list[Any] = [Host() for _ in range(_MAX_HOSTS + 1)]
    values._hosts.update({str(number): host for number, host in enumerate(hosts)})
    view: Any = SimpleNamespace(ref="1")
    assert values._host(view) is hosts[1]
    assert (next(iter(values._hosts)), len(values._hosts), hosts[0].closed) == ("2", _MAX_HOSTS, False)
    values.close()
    assert [host.closed for host in hosts] == [False] + [True] * _MAX_HOSTS


def test_rows_that_the_cache_freed_are_not_at_hand_any_more(workspace, monkeypatch):
    earlier = PointInTimeRows(workspace)
    rows: Any = SimpleNamespace(about=SimpleNamespace(features={"value": "Float64"}, keys=["who"]))
    earlier._open["digest"] = rows
    monkeypatch.setattr(earlier, "_rows", lambda view: ("digest", rows))

    def freed(*given):
        raise FileNotFoundError

    monkeypatch.setattr(earlier, "_held", freed)
    view: Any = None
    assert earlier.of(view, ["value"], [["a"]], [0]) is None
    assert not earlier._open
