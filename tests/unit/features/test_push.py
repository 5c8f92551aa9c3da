"""Pushed rows: read at once, and in a version of the source soon after."""

from datetime import timedelta

import polars as pl
import pytest

from meguru.alerts.follow import AlertFollower
from meguru.alerts.show import list_alerts
from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.datasets import store as datasets
from meguru.errors import Busy, InvalidInput, NotFound
from meguru.features.materialization import follow
from meguru.features.online.answer import online
from meguru.features.online.reader import reader_of
from meguru.features.online.stores import online_of
from meguru.features.operations import view_specs
from meguru.features.push import fold
from meguru.features.push import store as pushed
from meguru.features.push.push import push
from meguru.kernel import events
from meguru.testing.online_views import add_frame, bring_online, declare_view, hours


@pytest.fixture
def ws(tmp_path, clock):
    with open_local(tmp_path / "w", settings=Settings(sqlite_synchronous="NORMAL"), clock=clock) as opened:
        declare_view(opened, "clicks", "clicked", push=True, features={"value": "Float64"})
        yield opened


def values(ws, *who):
    return [row["value"].value for row in online(ws, ["clicks"], {"who": list(who)}).rows]


def send(ws, rows, **said):
    who, at, value = zip(*rows, strict=True)
    columns = {"who": list(who), "at": [each.isoformat() for each in at], "value": list(value)}
    return push(ws, view="clicks", columns=columns, **said)


def test_the_newest_is_read_at_once_whatever_the_order(ws):
    assert bring_online(ws, "clicks").state == "succeeded"  # there is nothing yet
    made = send(ws, [("a", hours(-1), 1.0), ("b", hours(-1), 2)])
    assert (made.rows, made.online, made.number) == (2, 2, 1)
    assert send(ws, [("a", hours(-2), 9.0)]).online == 0
    assert send(ws, [("a", hours(-1), 1.0)]).online == 1  # the later of two that are as new
    assert values(ws, "a", "b") == [1.0, 2.0]
    assert send(ws, [("a", hours(0), "NaN")]).online == 1
    assert str(values(ws, "a")) == "[nan]"


def test_pushed_rows_become_a_version_of_the_source_and_online_is_the_same(ws, clock):
    send(ws, [("a", hours(-1), 1.0), ("b", hours(-1), 2.0)])
    send(ws, [("a", hours(-3), 0.5)])
    follower = follow.MaterializationFollower(ws)
    assert follower.step() == 0
    clock.move(timedelta(seconds=6))
    assert follower.step() == 1
    with ws.read() as tx:
        assert datasets.resolve(tx, "clicked").rows == 3
        assert pushed.pending(tx) == []
    made = bring_online(ws, "clicks")
    assert (made.state, made.total) == ("succeeded", 2)
    assert values(ws, "a", "b") == [1.0, 2.0]
    made = bring_online(ws, "clicks", full=True)
    assert made.retracted == 0
    send(ws, [("a", hours(0), 3.0)])
    assert bring_online(ws, "clicks", full=True).retracted == 0
    assert values(ws, "a", "b") == [3.0, 2.0]


def test_what_holds_only_later_is_kept_and_not_read(ws):
    made = send(ws, [("a", hours(1), 1.0)])
    assert (made.rows, made.online) == (1, 0)
    assert values(ws, "a") == [None]


def test_offline_and_online_may_be_said_apart(ws):
    assert send(ws, [("a", hours(-1), 1.0)], to="online").number == 0
    assert send(ws, [("b", hours(-1), 1.0)], to="offline").online == 0
    assert values(ws, "a", "b") == [1.0, None]
    with ws.read() as tx:
        assert [each.rows for each in pushed.pending(tx)] == [1]


WRONG = [
    ({}, "no rows"),
    ({"who": [], "at": [], "value": []}, "no rows"),
    ({"who": ["a"], "at": ["2026-01-01"], "value": [1, 2]}, "no rows, or different"),
    ({"who": ["a"], "at": ["2026-01-01"]}, "no column 'value'"),
    ({"who": [None], "at": ["2026-01-01"], "value": [1.0]}, "'who' is missing"),
    ({"who": ["a"], "at": [None], "value": [1.0]}, "'at' is missing"),
    ({"who": ["a"], "at": ["yesterday"], "value": [1.0]}, "no time"),
    ({"who": ["a"], "at": ["2026-01-01"], "value": ["much"]}, "'value' is no Float64"),
    ({"who": ["a"], "at": ["2026-01-01"], "value": [[1]]}, "'value' is no Float64"),
]


def test_what_is_no_row_of_the_view_is_refused_whole(ws):
    for columns, words in WRONG:
        with pytest.raises(InvalidInput, match=words):
            push(ws, view="clicks", columns=columns)
    with ws.read() as tx:
        assert pushed.pending(tx) == []


def test_a_view_that_takes_no_pushed_rows_says_so(ws):
    send(ws, [("a", hours(-1), 1.0)])
    follow.fold.fold(ws, "clicks")
    declare_view(ws, "told", "clicked")
    with pytest.raises(InvalidInput, match="takes no pushed rows"):
        push(ws, view="told", columns={"who": ["a"]})


def test_nothing_is_kept_while_the_store_is_away(ws, monkeypatch):
    def refuse(*_):
        raise Busy("away")

    monkeypatch.setattr(online_of(ws), "write", refuse)
    with pytest.raises(Busy):
        send(ws, [("a", hours(-1), 1.0)])
    with ws.read() as tx:
        assert pushed.pending(tx) == []


def declare_query(ws):
    query = "SELECT who, max(at) AS at, sum(value) AS value FROM sums GROUP BY who"
    declare_view(ws, "sums", "sums", push=True, created="at", sql=query)


def test_what_a_query_makes_of_pushed_rows_is_read_when_all_rows_are_there(ws, clock):
    declare_query(ws)
    columns = {"who": ["a"], "at": [hours(-2).isoformat()], "value": [1.0]}
    assert push(ws, view="sums", columns=columns).online == 0
    follow.fold.fold(ws, "sums")
    bring_online(ws, "sums")
    assert online(ws, ["sums"], {"who": "a"}).rows[0]["value"].value == 1.0
    later = columns | {"at": [hours(-1).isoformat()], "value": [2]}
    assert push(ws, view="sums", columns=later).online == 0
    assert online(ws, ["sums"], {"who": "a"}).rows[0]["value"].value == 1.0  # and never 2.0
    clock.move(timedelta(seconds=6))
    follow.fold.fold(ws, "sums")
    bring_online(ws, "sums")
    assert online(ws, ["sums"], {"who": "a"}).rows[0]["value"].value == 3.0


def test_rows_that_would_be_nowhere_are_refused(ws):
    declare_query(ws)
    declare_view(ws, "offline", "offline", push=True, features={"value": "Float64"}, online=False)
    columns = {"who": ["a"], "at": [hours(-1).isoformat()], "value": [1.0]}
    for view, words in (("sums", "its query"), ("offline", "not declared to be online")):
        with pytest.raises(InvalidInput, match="takes no rows online") as caught:
            push(ws, view=view, columns=columns, to="online")
        assert words in caught.value.why
    follower = follow.MaterializationFollower(ws)
    for number in (1, 2):
        assert push(ws, view="offline", columns=columns).number == number
        follower.step()
    assert online_of(ws).views() == {}


def test_what_is_treated_before_it_is_written_is_not_read_as_it_was_pushed(ws):
    from meguru.datasets.kind import DatasetSpec
    from meguru.datasets.operations import specs
    from meguru.datasets.types import ColumnSpec

    treated = DatasetSpec(columns={"who": ColumnSpec(tags=["pii"], treat="hash")})
    specs.declare(ws, name="clicked", spec=treated)
    assert send(ws, [("anna@example.com", hours(-1), 1.0)]).online == 0
    assert online_of(ws).views() == {}


def test_rows_that_were_pushed_before_a_view_was_retired_are_in_its_source(ws, clock):
    send(ws, [("a", hours(-1), 1.0)])
    view_specs.retire(ws, name="clicks")
    follower = follow.MaterializationFollower(ws)
    clock.move(timedelta(seconds=6))
    follower.step()
    assert datasets_rows(ws) == 1
    with pytest.raises(NotFound):
        push(ws, view="clicks@1", columns={"who": ["a"], "at": [hours(0).isoformat()], "value": [1.0]})
    declare_view(ws, "clicks", "clicked", push=True, features={"value": "Float64"})
    assert send(ws, [("a", hours(0), 2.0)]).number == 1
    clock.move(timedelta(seconds=6))
    follower.step()
    assert datasets_rows(ws) == 2


def datasets_rows(ws):
    with ws.read() as tx:
        assert pushed.pending(tx) == []
        return datasets.resolve(tx, "clicked").rows


def test_of_rows_that_were_sent_again_the_last_holds_online_and_in_the_source(ws):
    declare_view(ws, "told", "told", push=True, created="known", features={"value": "Float64"})
    for value in (1.0, 2.0, 1.0):
        at = [hours(-1).isoformat()]
        push(ws, view="told", columns={"who": ["a"], "at": at, "known": at, "value": [value]})
    assert online(ws, ["told"], {"who": "a"}).rows[0]["value"].value == 1.0
    follow.fold.fold(ws, "told")
    assert bring_online(ws, "told", full=True).retracted == 0
    assert online(ws, ["told"], {"who": "a"}).rows[0]["value"].value == 1.0


def test_pushed_rows_that_can_not_be_folded_ask_for_a_person_and_do_not_stop_others(ws, clock):
    declare_view(ws, "other", "others", push=True, features={"value": "Float64"})
    send(ws, [("a", hours(-1), 1.0)])
    push(ws, view="other", columns={"who": ["a"], "at": [hours(-1).isoformat()], "value": [1.0]})
    with ws.db.write() as tx:
        pushed.add(tx, "clicks", 2, ws.clock.now(), 1, b"no frame")
    clock.move(timedelta(seconds=6))
    follower = follow.MaterializationFollower(ws)
    follower.step()
    with ws.read() as tx:
        assert [each.name for each in pushed.pending(tx)] == ["clicks"]
    AlertFollower(ws).step()
    assert list_alerts(ws).items == []  # once may be an accident
    clock.move(timedelta(minutes=2))
    follower.step()
    AlertFollower(ws).step()
    (alert,) = list_alerts(ws).items
    assert alert.subject == "feature_view/clicks"
    with ws.db.write() as tx:
        pushed.take_out(tx, "clicks", 0)
        frame = pushed.frames(tx, "clicks", 1)[0][1]
        pushed.replace(tx, "clicks", 2, 1, frame)
    clock.move(timedelta(minutes=2))
    follower.step()
    with ws.read() as tx:
        told = events.read(tx, subject="feature_view/clicks", types=follow.fold.STALLS)
        assert pushed.pending(tx) == []
    assert [each.type.partition(".")[2] for each in told] == ["push_stalled", "push_resumed"]
    AlertFollower(ws).step()
    assert list_alerts(ws).items == []


def test_a_version_is_not_read_for_a_row_that_was_pushed_to_it(ws):
    send(ws, [("a", hours(-2), 1.0)])
    follow.fold.fold(ws, "clicks")
    bring_online(ws, "clicks")
    declare_view(ws, "clicks", "clicked", push=True, features={"value": "Float64"}, ttl="9h")
    send(ws, [("b", hours(-1), 2.0)])
    reader_of(ws)._refreshed_at = 0
    assert values(ws, "a") == [1.0]
    follower = follow.MaterializationFollower(ws)
    follower.step()
    assert len(online_of(ws).views()) == 2


def test_rows_may_be_pushed_online_to_a_view_whose_values_always_hold(ws):
    add_frame(ws, pl.DataFrame({"who": ["a"], "value": [1.0]}), "homes")
    declare_view(ws, "home", "homes", time="", features={"value": "Float64"})
    bring_online(ws, "home")
    push(ws, view="home", columns={"who": ["a", "b"], "value": [2.0, 3.0]}, to="online")
    found = online(ws, ["home"], {"who": ["a", "b"]})
    assert [row["value"].value for row in found.rows] == [2.0, 3.0]


def test_what_waited_long_is_folded_in_parts(ws, clock, monkeypatch):
    for number in range(3):
        send(ws, [(str(number), hours(-1), 1.0)])
    monkeypatch.setattr(fold, "MAX_ROWS", 2)
    clock.move(timedelta(seconds=6))
    assert fold.fold(ws, "clicks").rows == 2
    assert fold.fold(ws, "clicks").rows == 3
