"""What is online follows from the sources, whatever came before it."""

import random
from datetime import timedelta

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.errors import Busy, InvalidInput, NotFound
from meguru.features.materialization import changes, follow, job, store, write
from meguru.features.materialization.job import MaterializationHandler
from meguru.features.materialization.start import cancel, start
from meguru.features.materialization.types import MaterializationState
from meguru.features.online.answer import online
from meguru.features.online.base import RowColumns
from meguru.features.online.stores import online_of
from meguru.features.operations import view_specs
from meguru.kernel.jobs import Worker
from meguru.testing.online_views import add_rows, bring_online, declare_view, hours


@pytest.fixture
def ws(tmp_path, clock):
    with open_local(tmp_path / "w", settings=Settings(sqlite_synchronous="NORMAL"), clock=clock) as opened:
        yield opened


def values(ws, *who, view="balance"):
    found = online(ws, [view], {"who": list(who)})
    return [(row["value"].value, str(row["value"].status)) for row in found.rows]


def contents(ws):
    store = online_of(ws)
    return {
        view: sorted(row[:3] + row[4:] for part in store.scan(view) for row in part) for view in store.views()
    }


def test_only_what_changed_is_written(ws):
    add_rows(ws, [("a", hours(-5), 1.0), ("b", hours(-5), 2.0), ("c", hours(-5), 3.0)])
    declare_view(ws)
    assert bring_online(ws).written == 3
    add_rows(ws, [("b", hours(-1), 20.0), ("d", hours(-1), 4.0), ("a", hours(-9), -1.0)])
    made = bring_online(ws)
    assert (made.written, made.retracted, made.total) == (2, 1, 3)
    assert values(ws, "a", "b", "d", "e") == [
        (1.0, "PRESENT"), (20.0, "PRESENT"), (4.0, "PRESENT"), (None, "NOT_FOUND"),
    ]  # fmt: skip
    assert bring_online(ws).total == 0


def test_a_corrected_source_takes_back_what_was_wrong(ws):
    add_rows(ws, [("a", hours(-1), 1.0), ("b", hours(-1), 2.0)])
    declare_view(ws)
    bring_online(ws)
    add_rows(ws, [("a", hours(-3), 10.0)], mode="replace")
    made = bring_online(ws)
    assert (made.written, made.retracted) == (1, 2)
    assert values(ws, "a", "b") == [(10.0, "PRESENT"), (None, "NOT_FOUND")]


def test_a_value_is_there_from_its_time_on_and_not_before(ws, clock):
    add_rows(ws, [("a", hours(-1), 1.0), ("a", hours(2), 2.0)])
    declare_view(ws)
    bring_online(ws)
    assert values(ws, "a") == [(1.0, "PRESENT")]
    with ws.read() as tx:
        assert follow.due(tx, ws) == []
    clock.move(timedelta(hours=2))
    with ws.read() as tx:
        assert [each.ref for each, _ in follow.due(tx, ws)] == ["feature_view/balance@1"]
    bring_online(ws)
    assert values(ws, "a") == [(2.0, "PRESENT")]


def test_what_is_online_never_goes_back_in_time(ws):
    add_rows(ws, [("a", hours(-3), 1.0), ("a", hours(-1), 2.0)])
    declare_view(ws)
    bring_online(ws)
    bring_online(ws, as_of=hours(-2))
    assert values(ws, "a") == [(2.0, "PRESENT")]


def test_since_leaves_the_others_as_they_are(ws):
    add_rows(ws, [("a", hours(-9), 1.0), ("b", hours(-1), 2.0)])
    declare_view(ws)
    assert bring_online(ws, since=hours(-5)).written == 1
    assert values(ws, "a", "b") == [(None, "NOT_FOUND"), (2.0, "PRESENT")]
    assert bring_online(ws).written == 1


def test_other_types_are_other_rows_and_the_old_ones_go_when_no_plan_has_them_any_more(ws, monkeypatch):
    add_rows(ws, [("a", hours(-3), 1)])
    declare_view(ws)
    bring_online(ws)
    before, there = online_of(ws).views(), []
    monkeypatch.setattr(job, "_wait_for_readers", lambda: there.append(online_of(ws).views()))
    add_rows(ws, [("a", hours(-3), 1.5)], mode="replace")
    bring_online(ws)
    assert before.keys() < there[0].keys()
    assert values(ws, "a") == [(1.5, "PRESENT")]
    assert before.keys().isdisjoint(online_of(ws).views())


class _Stopped(Exception):
    pass


@pytest.mark.parametrize("stop_after", [0, 2])
def test_work_that_was_cut_off_goes_on_and_ends_equal(ws, monkeypatch, stop_after):
    monkeypatch.setattr(changes, "CHUNK", 2)
    monkeypatch.setattr(write, "CHUNK", 2)
    monkeypatch.setattr("meguru.features.materialization.job.PROGRESS_SECONDS", 0)
    add_rows(ws, [(f"p{n}", hours(-n), float(n)) for n in range(6)])
    declare_view(ws)
    declare_view(ws, "whole")
    bring_online(ws)
    add_rows(ws, [(f"p{n}", hours(-n), -float(n)) for n in range(1, 7)], mode="replace")
    bring_online(ws, "whole")
    store = online_of(ws)
    real, calls = store.write, []

    def failing(*given):
        if len(calls) == stop_after:
            raise _Stopped
        calls.append(given)
        return real(*given)

    made = start(ws, view="balance")
    monkeypatch.setattr(store, "write", failing)
    worker = Worker(ws, _Handlers())
    worker.run_job(made.job)
    monkeypatch.setattr(store, "write", real)
    ws.clock.move(timedelta(minutes=1))
    worker.run_job(made.job)
    assert bring_online(ws).total == 0
    found = list(contents(ws).values())
    assert len(found) == 2
    assert found[0] == found[1]


class _Handlers:
    def names(self):
        return ["materialization"]

    def load(self, name):
        return MaterializationHandler()


def test_after_a_cancelled_one_everything_is_compared(ws):
    add_rows(ws, [("a", hours(-1), 1.0)])
    declare_view(ws)
    bring_online(ws)
    (stored,) = online_of(ws).views()
    made = start(ws, view="balance")
    assert start(ws, view="balance") == made
    assert cancel(ws, materialization=made.id).state is MaterializationState.CANCELLED
    online_of(ws).clear(stored)
    made = bring_online(ws)
    assert (made.full, made.written) == (True, 1)


def test_full_repairs_a_store_that_was_damaged(ws):
    add_rows(ws, [(f"p{n}", hours(-1), float(n)) for n in range(5)])
    declare_view(ws)
    bring_online(ws)
    good = contents(ws)
    (stored,) = good
    store = online_of(ws)
    rows = [row for part in store.scan(stored) for row in part]
    later = [row._replace(event=row.event + 1, packed=b"\x91\xc0") for row in rows[:2]]
    store.write(stored, RowColumns.of([*later, rows[0]._replace(key=b"\x91\xa4more")]))
    assert bring_online(ws).total == 0
    made = bring_online(ws, full=True)
    assert (made.written, made.retracted) == (2, 3)
    assert contents(ws) == good


def test_a_view_that_fails_says_why_and_what_is_online_stays(ws):
    add_rows(ws, [("a", hours(-1), 1.0)])
    declare_view(ws, features={"value": "Float64"})
    bring_online(ws)
    add_rows(
        ws, [("a", hours(-1), 2.0)], mode="replace", schema=["who", "at", "worth"], schema_policy="evolve"
    )
    made = bring_online(ws)
    assert made.state is MaterializationState.FAILED
    assert "value" in made.reason
    assert values(ws, "a") == [(1.0, "PRESENT")]


def test_nothing_is_begun_for_what_is_not_there(ws):
    with pytest.raises(NotFound):
        start(ws, view="balance")
    add_rows(ws, [("a", hours(-1), 1.0)])
    declare_view(ws)
    with pytest.raises(InvalidInput, match="begins after it ends"):
        start(ws, view="balance", since=hours(9))


def test_the_server_brings_online_what_is_declared_and_frees_what_is_retired(ws):
    from meguru.features.materialization.runner import see_through
    from meguru.features.materialization.start import list_materializations

    add_rows(ws, [("a", hours(-1), 1.0)])
    declare_view(ws)
    declare_view(ws, "not", online=False)
    follower = follow.MaterializationFollower(ws)
    assert (follower.step(), follower.step()) == (1, 0)
    (made,) = list_materializations(ws).items
    assert made.created_by == "materializations"
    see_through(ws, made)
    add_rows(ws, [("a", hours(0), 2.0)])
    assert follower.step() == 1
    see_through(ws, list_materializations(ws).items[0])
    assert values(ws, "a") == [(2.0, "PRESENT")]
    view_specs.retire(ws, name="balance")
    follower.step()
    assert online_of(ws).views() == {}


def test_any_order_of_data_ends_as_all_of_it_at_once(tmp_path, clock):
    dice = random.Random(5)
    rows = [(f"p{dice.randrange(4)}", hours(-dice.randrange(6)), float(n)) for n in range(24)]
    ends = []
    for cuts in ([24], [1, 6, 20, 24]):
        with open_local(
            tmp_path / str(len(cuts)), settings=Settings(sqlite_synchronous="NORMAL"), clock=clock
        ) as ws:
            for start_, end in zip([0, *cuts], cuts, strict=False):
                add_rows(ws, rows[:end], mode="replace")
                del start_
                if end == cuts[0]:
                    declare_view(ws)
                bring_online(ws)
            ends.append(contents(ws))
    assert ends[0] == ends[1]


CODE = """
import os, polars as pl

def doubled(accounts: pl.DataFrame) -> pl.DataFrame:
    print("what code says is no answer")
    return accounts.select("who", "at", value=pl.col("value") * 2, process=pl.lit(os.getpid()))

def ends(accounts: pl.DataFrame) -> pl.DataFrame:
    os._exit(3)

def fails(accounts: pl.DataFrame) -> pl.DataFrame:
    raise ValueError("no such thing")
"""


def test_a_projects_code_runs_in_a_process_of_its_own(ws, tmp_path):
    import os

    from meguru.features.code import traced
    from meguru.features.register import keep_code

    (tmp_path / "views.py").write_text(CODE)
    add_rows(ws, [("a", hours(-1), 1.0)])
    ends = {}
    for function in ("doubled", "ends", "fails"):
        code = traced(ws.blobs, tmp_path, f"views.py:{function}")
        keep_code(ws, name=function, code=code)
        said = {"transform": f"views.py:{function}", "code": code.digest}
        declare_view(ws, function, **said)
        ends[function] = bring_online(ws, function)
    assert [str(each.state) for each in ends.values()] == ["succeeded", "failed", "failed"]
    found = online(ws, ["doubled"], {"who": "a"}).rows[0]
    assert found["value"].value == 2.0
    assert found["process"].value != os.getpid()
    assert "ended" in ends["ends"].reason
    assert "no such thing" in ends["fails"].reason


def test_a_version_that_nobody_reads_is_freed_when_the_next_one_is_online(ws):
    from meguru.features.kind import FeatureServiceSpec
    from meguru.features.operations import service_specs

    add_rows(ws, [("a", hours(-1), 1.0)])
    declare_view(ws)
    bring_online(ws)
    service_specs.declare(ws, name="old", spec=FeatureServiceSpec(views=["balance@1"]))
    declare_view(ws, ttl="2h")
    follower = follow.MaterializationFollower(ws)
    follower.step()
    assert len(online_of(ws).views()) == 1
    bring_online(ws)
    follower.step()
    assert len(online_of(ws).views()) == 2
    service_specs.retire(ws, name="old")
    follower.step()
    assert [view.partition("#")[0] for view in online_of(ws).views()] == ["balance@2"]


def test_a_store_that_gives_rows_twice_loses_none(ws, monkeypatch):
    add_rows(ws, [(f"p{n}", hours(-1), float(n)) for n in range(3)])
    declare_view(ws)
    bring_online(ws)
    good, store = contents(ws), online_of(ws)
    real = store.scan
    monkeypatch.setattr(store, "scan", lambda view: [part for part in real(view) for _ in range(2)])
    assert bring_online(ws, full=True).retracted == 0
    monkeypatch.setattr(store, "scan", real)
    assert contents(ws) == good


def test_rows_that_were_folded_after_all_is_compared_with_data_from_before_stay(ws):
    from meguru.features.push.push import push

    declare_view(ws, "clicks", "clicked", push=True, features={"value": "Float64"})
    push(ws, view="clicks", columns={"who": ["a"], "at": [hours(-2).isoformat()], "value": [1.0]})
    follow.fold.fold(ws, "clicks")
    bring_online(ws, "clicks")
    made = start(ws, view="clicks", full=True)
    push(ws, view="clicks", columns={"who": ["b"], "at": [hours(-1).isoformat()], "value": [2.0]})
    ws.clock.move(timedelta(seconds=6))
    follow.fold.fold(ws, "clicks")
    Worker(ws, _Handlers()).run_job(made.job)
    assert values(ws, "a", "b", view="clicks") == [(1.0, "PRESENT"), (2.0, "PRESENT")]


def test_what_is_retired_is_freed_when_the_store_is_back_and_nobody_brings_it_online(ws, monkeypatch):
    from meguru.errors import Busy

    add_rows(ws, [("a", hours(-1), 1.0)])
    declare_view(ws)
    bring_online(ws)
    follower, store = follow.MaterializationFollower(ws), online_of(ws)
    begun = start(ws, view="balance", full=True)
    view_specs.retire(ws, name="balance")
    follower.step()
    assert len(store.views()) == 1
    cancel(ws, materialization=begun.id)

    def refuse(*_):
        raise Busy("away")

    with monkeypatch.context() as patched:
        patched.setattr(store, "clear", refuse)
        with pytest.raises(Busy):
            follower.step()
    follower.step()
    assert store.views() == {}


def test_what_was_declared_again_meanwhile_is_not_freed(ws):
    add_rows(ws, [("a", hours(-1), 1.0)])
    declare_view(ws)
    bring_online(ws)
    view_specs.retire(ws, name="balance")
    with ws.read() as tx:
        ((name, number),) = follow.unread_states(tx)
    declare_view(ws)
    follow.forget(ws, name, number)
    assert values(ws, "a") == [(1.0, "PRESENT")]


def test_what_was_too_busy_to_be_begun_is_tried_at_the_next_look(ws, monkeypatch):
    add_rows(ws, [("a", hours(-1), 1.0)])
    declare_view(ws)
    follower, begin = follow.MaterializationFollower(ws), follow.start

    def busy(*_, **__):
        raise Busy("the database is busy")

    monkeypatch.setattr(follow, "start", busy)
    follower.step()
    monkeypatch.setattr(follow, "start", begin)
    follower.step()
    with ws.read() as tx:
        assert store.running(tx, "balance", 1) is not None
