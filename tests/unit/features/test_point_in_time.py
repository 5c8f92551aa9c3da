"""The join against a slow reference: no future row joins, one row out for one in, in order."""

import datetime as dt
import os
import shutil
import tempfile
import threading
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meguru.errors import InvalidInput
from meguru.features.offline.cache import _opened, prune
from meguru.features.offline.join import STATUSES, matched
from meguru.features.offline.row_files import write_rows
from meguru.features.offline.times import as_moments
from meguru.features.types import ViewDefinition

START = dt.datetime(2024, 3, 31, tzinfo=dt.UTC)
SECOND = 1_000_000

moment = st.one_of(st.none(), st.integers(-4, 8))
key = st.sampled_from(["a", "b", "c", None])
number = st.sampled_from([0.0, 1.0, 2.0, float("nan"), None])


@st.composite
def cases(draw):
    rows = draw(st.lists(st.tuples(key, number, moment, moment), max_size=12))
    asked = draw(st.lists(st.tuples(key, number, moment), max_size=8))
    ttl = draw(st.sampled_from([None, 1.0, 2.0, 100.0]))
    keys = draw(st.sampled_from([["k"], ["k", "n"]]))
    return rows, asked, ttl, keys, draw(st.sampled_from(["us", "ns", "ms"]))


def at(offset):
    return None if offset is None else START + dt.timedelta(seconds=offset)


def is_no_key(value):
    return value is None or value != value  # noqa: PLR0124 - NaN


def reference(rows, asked, ttl, keys, *, created):
    """Look at every row for every question, as slowly as can be."""
    answers = []
    for k, n, moment in asked:
        who = (k, n)[: len(keys)]
        best = None
        for place, (row_k, row_n, time, known) in enumerate(rows):
            theirs = (row_k, row_n)[: len(keys)]
            if any(map(is_no_key, (*who, *theirs))) or who != theirs or time is None or moment is None:
                continue
            since = time if not created or known is None else known
            if time > moment or since > moment:
                continue
            if best is None or (time, since if created else 0, place) > best:
                best = (time, since if created else 0, place)
        if best is None:
            answers.append((None, "NOT_FOUND"))
        elif ttl is not None and moment - best[0] > ttl:
            answers.append((None, "OUTSIDE_MAX_AGE"))
        else:
            answers.append((best[2], "PRESENT"))
    return answers


def joined(rows, asked, ttl, keys, *, created, folder, unit="us"):
    schema = {"k": pl.String, "n": pl.Float64, "t": pl.Datetime(unit, "UTC"), "c": pl.Datetime(unit, "UTC")}
    frame = pl.DataFrame(
        [(k, n, at(t), at(c)) for k, n, t, c in rows], schema=schema, orient="row"
    ).with_row_index("place")
    view = ViewDefinition(keys=keys, time="t", created="c" if created else "", ttl=ttl)
    kept = write_rows(frame, view, {"place": "UInt32"}, folder)
    who = pl.DataFrame(
        [(k, n, at(t)) for k, n, t in asked],
        schema={"k": pl.String, "n": pl.Float64, "at": pl.Datetime("us", "UTC")},
        orient="row",
    )
    moments = as_moments(who["at"], what="the frame", field="time")
    found = matched(kept, who, moments, ttl, {})
    places = kept.column("place").take(found.rows).to_list()
    return list(zip(places, [STATUSES[each] for each in found.statuses], strict=True))


@pytest.mark.parametrize("created", [False, True])
def test_it_is_what_looking_at_every_row_says(created):
    root = Path(tempfile.mkdtemp(prefix="pit-"))

    @settings(max_examples=40, deadline=None)
    @given(cases())
    def holds(case):
        rows, asked, ttl, keys, unit = case
        folder = root / "rows"
        shutil.rmtree(folder, ignore_errors=True)
        found = joined(rows, asked, ttl, keys, created=created, folder=folder, unit=unit)
        assert found == reference(rows, asked, ttl, keys, created=created)
        # A row that comes later than every question changes no answer.
        later = [*rows, *((k, n, 99, 99) for k, n, _ in asked)]
        early = [*rows, *((k, n, -9, 99) for k, n, _ in asked)] if created else rows
        for more in (later, early):
            shutil.rmtree(folder, ignore_errors=True)
            assert joined(more, asked, ttl, keys, created=created, folder=folder, unit=unit) == found

    try:
        holds()
    finally:
        shutil.rmtree(root, ignore_errors=True)


def view_of(frame, tmp_path, **said):
    view = ViewDefinition(keys=["k"], time="t", **said)
    return write_rows(frame, view, {"v": "Int64"}, tmp_path / "rows")


def ask(kept, frame, ttl=None):
    moments = as_moments(frame["at"], what="the frame", field="time")
    found = matched(kept, frame, moments, ttl, {})
    return kept.column("v").take(found.rows).to_list()


def test_a_value_one_nanosecond_in_the_future_is_not_known_yet(tmp_path):
    row = pl.DataFrame({"k": ["a"], "t": [1_000_000_000_500], "v": [1]}).with_columns(
        pl.col("t").cast(pl.Datetime("ns"))
    )
    kept = view_of(row, tmp_path)
    asked = pl.DataFrame({"k": ["a", "a"], "at": [1_000_000_000, 1_000_000_001]})
    assert ask(kept, asked.with_columns(pl.col("at").cast(pl.Datetime("us")))) == [None, 1]


def test_an_age_is_counted_to_the_nanosecond(tmp_path):
    kept = view_of(
        pl.DataFrame({"k": ["a"], "t": [0], "v": [1]}).with_columns(pl.col("t").cast(pl.Datetime("us"))),
        tmp_path,
    )
    asked = pl.DataFrame({"k": ["a", "a"], "at": [1_000_000_000, 1_000_000_001]})
    assert ask(kept, asked.with_columns(pl.col("at").cast(pl.Datetime("ns"))), ttl=1.0) == [1, None]


def test_the_hour_that_comes_twice_is_two_hours(tmp_path):
    zone = "Europe/Berlin"
    times = pl.Series("t", ["2024-10-27T00:30:00+00:00", "2024-10-27T01:30:00+00:00"]).str.to_datetime(
        time_zone="UTC"
    )
    kept = view_of(pl.DataFrame({"k": ["a", "a"], "t": times, "v": [1, 2]}), tmp_path)
    asked = pl.DataFrame({"k": ["a", "a"], "at": times.dt.convert_time_zone(zone)})  # 02:30, and 02:30 again
    assert asked["at"].dt.hour().to_list() == [2, 2]
    assert ask(kept, asked) == [1, 2]


def test_moments_far_away_ask_for_what_is_there(tmp_path):
    times = pl.Series("t", [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)]).cast(pl.Datetime("ns", "UTC"))
    kept = view_of(pl.DataFrame({"k": ["a"], "t": times, "v": [1]}), tmp_path)
    far = pl.Series("at", [dt.datetime(9999, 1, 1, tzinfo=dt.UTC), dt.datetime(1, 1, 1, tzinfo=dt.UTC)])
    assert ask(kept, pl.DataFrame({"k": ["a", "a"], "at": far})) == [1, None]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (pl.Series("k", [1, 2, 3], dtype=pl.Int32), [10, 20, None]),
        (pl.Series("k", [1.0, 1.5, float("nan")]), [10, None, None]),
        (pl.Series("k", [1, None, 2**63], dtype=pl.UInt64), [10, None, None]),
        (pl.Series("k", [None, None, None]), [None, None, None]),
    ],
)
def test_whole_numbers_are_found_whatever_they_came_as(tmp_path, given, expected):
    times = pl.Series("t", [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)] * 2)
    kept = view_of(pl.DataFrame({"k": [1, 2], "t": times, "v": [10, 20]}), tmp_path)
    asked = pl.DataFrame({"k": given, "at": [dt.datetime(2024, 1, 2, tzinfo=dt.UTC)] * 3})
    assert ask(kept, asked) == expected


def test_text_for_a_number_is_refused_and_not_missed(tmp_path):
    times = pl.Series("t", [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)])
    kept = view_of(pl.DataFrame({"k": [1], "t": times, "v": [10]}), tmp_path)
    with pytest.raises(InvalidInput, match="'k' is String in the rows, and Int64"):
        ask(kept, pl.DataFrame({"k": ["1"], "at": [dt.datetime(2024, 1, 2, tzinfo=dt.UTC)]}))


def test_kept_rows_that_were_cut_short_are_made_again(tmp_path):
    times = pl.Series("t", [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)])
    view_of(pl.DataFrame({"k": [1], "t": times, "v": [10]}), tmp_path)
    assert _opened(tmp_path / "rows").about.rows == 1
    file = tmp_path / "rows" / "0.npy"
    file.write_bytes(file.read_bytes()[:-1])
    assert _opened(tmp_path / "rows") is None
    assert not (tmp_path / "rows").exists()


def test_the_least_used_rows_go_first(tmp_path):
    times = pl.Series("t", [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)])
    view = ViewDefinition(keys=["k"], time="t")
    frame = pl.DataFrame({"k": [1], "t": times, "v": [10]})
    for number in range(3):
        write_rows(frame, view, {"v": "Int64"}, tmp_path / "rows" / str(number))
        os.utime(tmp_path / "rows" / str(number), (number, number))
    size = sum(file.stat().st_size for file in (tmp_path / "rows" / "0").iterdir())
    assert prune(tmp_path, 2 * size) == size
    assert sorted(each.name for each in (tmp_path / "rows").iterdir()) == ["1", "2"]


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_it_is_what_a_join_of_polars_gives_for_many_rows(tmp_path, seed):
    rng = np.random.default_rng(seed)
    rows, asked, keys, seconds = 300_000, 100_000, 5_000, 86_400

    def moments(count):
        whole = np.sort(rng.integers(0, seconds, count)) * SECOND
        return pl.Series("at", whole).cast(pl.Datetime("us"))

    table = pl.DataFrame({"k": rng.integers(0, keys, rows), "at": moments(rows), "v": np.arange(rows)})
    questions = pl.DataFrame({"k": rng.integers(0, 2 * keys, asked), "at": moments(asked)})
    expected = questions.join_asof(table, on="at", by="k", tolerance="1h", check_sortedness=False)
    order = rng.permutation(asked)
    kept = write_rows(table, ViewDefinition(keys=["k"], time="at"), {"v": "Int64"}, tmp_path / "rows")
    assert ask(kept, questions[order], ttl=3600.0) == expected["v"].gather(order).to_list()


def test_rows_that_were_freed_in_part_are_made_again(tmp_path):
    times = pl.Series("t", [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)])
    frame = pl.DataFrame({"k": [1], "t": times, "v": [10]})
    view_of(frame, tmp_path)
    (tmp_path / "rows" / "about.json").unlink()
    assert _opened(tmp_path / "rows") is None
    assert view_of(frame, tmp_path).about.rows == 1


def test_rows_that_another_process_frees_or_finishes_meanwhile_do_not_matter(tmp_path):
    place, stop = tmp_path / "rows", threading.Event()
    place.mkdir()

    def work():
        while not stop.is_set():
            (place / ".rows-a").mkdir()
            (place / ".rows-a" / "0.npy").touch()
            (place / ".rows-a").rename(place / "a")
            shutil.rmtree(place / "a")

    other = threading.Thread(target=work)
    other.start()
    try:
        for _ in range(2000):
            assert prune(tmp_path, 1 << 30) == 0
    finally:
        stop.set()
        other.join()
