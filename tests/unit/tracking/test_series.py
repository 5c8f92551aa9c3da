"""A series is the same to whoever reads it, however its points are kept: rows, chunks, joined or not."""

import math
import random
import threading
import time
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.kernel.principals import LOCAL_OWNER
from meguru.storage.db.raw import RawSql
from meguru.tracking import series, store
from meguru.tracking.runs import start
from meguru.tracking.series import chunks, packed
from meguru.tracking.series.columns import Columns
from meguru.tracking.series.join import Joiner, due, join
from meguru.tracking.series.latest import last

VALUES = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.floats(width=32, allow_nan=False)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.integers(-5, 5) | st.integers(0, 40_000)


@given(st.dictionaries(st.tuples(NUMBERS, NUMBERS), VALUES, min_size=1, max_size=50))
def test_what_is_packed_is_unpacked_as_it_was(points):
    rows = [(step, at, 0, points[step, at]) for step, at in sorted(points)]
    columns = Columns.of_rows(rows)
    try:
        data = packed.pack(columns)
    except OverflowError:
        apart = (b - a for a, b in zip(columns.steps, columns.steps[1:], strict=False))
        other = (b - a for a, b in zip(columns.times, columns.times[1:], strict=False))
        assert any(abs(number) >= 2**63 for number in [*apart, *other])
        return
    assert list(packed.unpack(data, *rows[0][:2], len(rows)).rows()) == rows


def test_a_point_of_a_chunk_takes_what_its_numbers_need():
    steps, times = range(4096), range(0, 4096 * 1000, 1000)
    wide = [number / 7 for number in steps]
    assert len(packed.pack(Columns(steps, times, wide))) < 8.1 * 4096
    short = [number / 4 for number in steps]
    assert len(packed.pack(Columns(steps, times, short))) < 4.1 * 4096
    uneven = [at + at % 7 for at in times]
    assert len(packed.pack(Columns(steps, uneven, short))) < 6.1 * 4096


STEPS = st.integers(0, 12)
BATCH = st.one_of(
    st.tuples(
        st.just("add"), st.booleans(), st.lists(st.tuples(STEPS, st.integers(0, 2), VALUES), max_size=6)
    ),
    st.tuples(st.just("many"), st.integers(0, 40), st.integers(32, 90)),
    st.tuples(st.just("rewind"), st.integers(0, 60)),
    st.tuples(st.just("join")),
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def workspace(request, tmp_path):
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else tmp_path / "w"
    with open_local(url, settings=Settings(blobs=str(tmp_path / "blobs"))) as ws:
        yield ws


class Model:
    """A series as a plain list."""

    def __init__(self):
        self.rows = []

    def add(self, rows, *, once):
        for step, at, value in rows:
            same = [row for row in self.rows if row[:2] == (step, at)]
            if not (once and value in {row[3] for row in same}):
                self.rows.append((step, at, len(same), value))
        self.rows.sort(key=lambda row: row[:3])

    def truncate_from(self, step):
        self.rows = [row for row in self.rows if row[0] < step]


@pytest.fixture
def small(monkeypatch):
    """Have everything small, so that few points see all there is to see."""
    monkeypatch.setattr(chunks, "MAX_POINTS", 64)
    monkeypatch.setattr(chunks, "SMALL", 32)
    monkeypatch.setattr(chunks, "MIN_POINTS", 4)
    monkeypatch.setattr("meguru.tracking.series.join.MAX_STROKE", 256)
    monkeypatch.setattr("meguru.tracking.series.join.MIN_UNCHUNKED", 3)


def append(tx, run, rows, *, once=True):
    if rows:
        series.append(tx, run, {"k": Columns.of_points(rows)}, once=once)


def carry_out(ws, run, model, step):
    match step:
        case ("add", once, rows):
            with ws.db.write() as tx:
                append(tx, run, rows, once=once)
            model.add(rows, once=once)
        case ("many", first, count):
            rows = [(first + number // 2, number % 2, number / 3) for number in range(count)]
            with ws.db.write() as tx:
                append(tx, run, rows)
            model.add(rows, once=True)
        case ("rewind", first):
            with ws.db.write() as tx:
                series.truncate_from(tx, run, "k", first)
            model.truncate_from(first)
        case _:
            with ws.db.write() as tx:
                found = series.series_of(tx, run, "k")
                while found and join(tx, run, found[0]):
                    pass


def rows_of(pieces):
    return [row for piece in pieces for row in piece.rows()]


def check(ws, run, model):
    with ws.read() as tx:
        found = series.series_of(tx, run, "k")
        if found is None:
            assert model.rows == []
            return
        number, count = found
        assert count == len(model.rows)
        assert rows_of(series.pieces(tx, number)) == model.rows
        for row in model.rows[:: max(1, len(model.rows) // 7)]:
            after = series.PointPosition(*row[:3])
            wanted = [each for each in model.rows if each[:3] > row[:3]]
            assert rows_of(series.pieces(tx, number, after=after, limit=5)) == wanted[:5]
            assert rows_of(series.pieces(tx, number, after=after)) == wanted
        window = (3, 17)
        inside = [row for row in model.rows if 3 <= row[0] <= 17]
        assert rows_of(series.pieces(tx, number, window=window)) == inside
        assert last(tx, number, window=window) == (inside[-1] if inside else None)
        by_time = sorted(model.rows, key=lambda row: (row[1], row[0], row[2]))
        assert series.by_time(tx, number, limit=7) == by_time[:7]
        for limit in (1, 5, 1000):
            assert series.tail(tx, run, "k", limit=limit) == [(row[0], row[3]) for row in model.rows[-limit:]]
        summary = series.summaries(tx, [run])[run]["k"]
        values = [row[3] for row in model.rows if row[3] is not None]
        assert (summary.minimum, summary.maximum) == (min(values, default=None), max(values, default=None))
        assert summary.step == model.rows[-1][0]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(st.lists(BATCH, max_size=12))
def test_a_series_reads_as_a_list_would(workspace, small, batches):
    run, model = start(workspace).id, Model()
    for batch in batches:
        carry_out(workspace, run, model, batch)
        check(workspace, run, model)
    with workspace.read() as tx:
        rows = (
            RawSql(tx)
            .execute("SELECT series, step, at, last_step, last_at FROM run_chunk ORDER BY 1, 2, 3")
            .fetchall()
        )
    for before, after in pairwise(rows):
        assert before[0] != after[0] or (before[3], before[4]) < (after[1], after[2])


def counts(ws):
    with ws.read() as tx:
        raw = RawSql(tx)
        points = raw.execute("SELECT count(*) FROM run_point").fetchone()[0]
        sizes = [
            row[0] for row in raw.execute("SELECT count FROM run_chunk ORDER BY series, step, at").fetchall()
        ]
    return points, sizes


def join_all(ws):
    strokes = 0
    while True:
        with ws.db.write() as tx:
            found = due(tx)
            if found is None:
                return strokes
            join(tx, *found)
        strokes += 1


def test_points_that_came_one_by_one_become_chunks(workspace, small):
    run = start(workspace).id
    with workspace.db.write() as tx:
        for step in range(150):
            append(tx, run, [(step, step * 1000, step / 3)])
        RawSql(tx).execute("UPDATE run_series SET unchunked = 512")
    assert counts(workspace) == (150, [])
    with workspace.db.write() as tx:
        strokes = 0
        while join(tx, *due(tx)):
            strokes += 1
            RawSql(tx).execute("UPDATE run_series SET unchunked = 512")
    points, sizes = counts(workspace)
    assert (points, sum(sizes)) == (0, 150)
    assert (strokes, len(sizes)) == (3, 3)


def test_small_chunks_become_large_ones(workspace):
    run = start(workspace).id
    for first in range(0, 12_000, 200):
        with workspace.db.write() as tx:
            append(tx, run, [(first + n, n, 0.5) for n in range(200)])
    assert counts(workspace) == (0, [200] * 60)
    join_all(workspace)
    points, sizes = counts(workspace)
    assert (points, sum(sizes)) == (0, 12_000)
    assert len(sizes) <= 10
    with workspace.read() as tx:
        number = series.series_of(tx, run, "k")[0]
        assert [row[0] for row in rows_of(series.pieces(tx, number))] == list(range(12_000))


def test_late_points_are_joined_and_every_joining_comes_to_an_end(workspace):
    run, rng = start(workspace).id, random.Random(3)
    late = rng.sample(range(10_000), 700)
    with workspace.db.write() as tx:
        append(tx, run, [(step * 2, 0, 1.0) for step in range(10_000)])
        for step in late:
            append(tx, run, [(step * 2 + 1, 0, 2.0), (step * 2, 0, 3.0)])
    join_all(workspace)
    points, sizes = counts(workspace)
    assert 700 <= points < 1_212, "those at a place that is taken stay rows"
    assert sum(sizes) + points == 11_400
    assert min(sizes) >= 2048
    with workspace.read() as tx:
        rows = rows_of(series.pieces(tx, series.series_of(tx, run, "k")[0]))
    assert rows == sorted(rows)
    assert len({row[:3] for row in rows}) == 11_400


def test_a_batch_that_is_sent_again_adds_nothing(workspace):
    run = start(workspace).id
    batch = [(step, 5, math.sqrt(step)) for step in range(300)]
    for _ in range(3):
        with workspace.db.write() as tx:
            append(tx, run, batch)
    assert counts(workspace) == (0, [300])
    with workspace.read() as tx:
        assert series.series_of(tx, run, "k")[1] == 300


def test_steps_that_are_too_far_apart_for_a_chunk_are_rows(workspace):
    run = start(workspace).id
    steps = [-(2**63), *range(40), 2**63 - 1]
    with workspace.db.write() as tx:
        append(tx, run, [(step, 0, 1.0) for step in steps])
    assert counts(workspace) == (42, [])
    with workspace.read() as tx:
        number = series.series_of(tx, run, "k")[0]
        assert [row[0] for row in rows_of(series.pieces(tx, number))] == steps


def test_the_server_joins_unchunked_points_by_itself(workspace):
    run = start(workspace).id
    with workspace.db.write() as tx:
        for step in range(600):
            append(tx, run, [(step, 0, 1.0)])
    stop = threading.Event()
    thread = threading.Thread(target=Joiner(workspace.db).run, args=(stop,))
    thread.start()
    try:
        while counts(workspace)[0]:
            time.sleep(0.02)
    finally:
        stop.set()
        thread.join()
    assert counts(workspace) == (0, [600])


def test_who_logs_while_points_are_joined_loses_none(workspace):
    run, stop = start(workspace).id, threading.Event()
    joining = threading.Thread(target=lambda: [join_all(workspace) for _ in iter(stop.is_set, True)])
    joining.start()
    try:
        for first in range(0, 6_000, 60):
            with workspace.db.write() as tx:
                store.lock_running(tx, LOCAL_OWNER, run)
                append(tx, run, [(step, 0, 1.0) for step in range(first, first + 50)])
                for step in range(first + 50, first + 60):
                    append(tx, run, [(step, 0, 1.0)])
    finally:
        stop.set()
        joining.join()
    with workspace.read() as tx:
        number, count = series.series_of(tx, run, "k")
        assert [row[0] for row in rows_of(series.pieces(tx, number))] == list(range(6_000))
    assert count == 6_000
