"""Preparation is deterministic, and does what it says: splits, samples, duplicates, types."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meguru.datasets.preparation import (
    deduplicate,
    near_duplicates,
    repair_types,
    sample,
    split,
    without_near_duplicates,
)
from meguru.errors import InvalidInput

ROWS = pl.DataFrame(
    {
        "id": range(1000),
        "kind": ["rare" if n % 20 == 0 else "common" for n in range(1000)],
        "user": [n // 7 for n in range(1000)],
        "day": [date(2024, 1, 1) + timedelta(days=n // 10) for n in range(1000)],
    }
)
PARTS = {"train": 0.7, "check": 0.2, "test": 0.1}


@given(st.integers(0, 2**31), st.integers(1, 1000))
def test_a_row_falls_where_its_key_says_in_any_order_and_beside_any_others(seed, size):
    whole = split(ROWS, PARTS, key=["id"], seed=7)
    some = ROWS.sample(size, seed=seed, shuffle=True)
    part = split(some, PARTS, key=["id"], seed=7)
    assert set(part["test"]["id"]) == set(whole["test"]["id"]) & set(some["id"])
    assert sum(each.height for each in part.parts.values()) == size
    if size == 1000:
        assert part.digests == whole.digests


def test_another_seed_is_another_split_and_its_digests_tell():
    first, again, other = (split(ROWS, PARTS, key=["id"], seed=seed) for seed in (1, 1, 2))
    assert first.digests == again.digests
    assert all(first.digests[name] != other.digests[name] for name in PARTS)
    assert 620 < first["train"].height < 780


def test_strata_have_their_share_in_each_part():
    made = split(ROWS, PARTS, stratify="kind", key=["id"])
    assert {name: each.filter(kind="rare").height for name, each in made.parts.items()} == {
        "train": 35,
        "check": 10,
        "test": 5,
    }
    assert {name: each.height for name, each in made.parts.items()} == {
        "train": 700,
        "check": 200,
        "test": 100,
    }


def test_groups_stay_together():
    made = split(ROWS, PARTS, group=["user"])
    users = [set(each["user"]) for each in made.parts.values()]
    assert sum(map(len, users)) == len(set.union(*users)) == len(set(ROWS["user"]))
    assert all(users)


def test_parts_follow_each_other_in_time_and_a_moment_is_in_one():
    made = split(ROWS.sample(fraction=1, shuffle=True, seed=3), PARTS, time="day")
    assert made["train"]["day"].max() < made["check"]["day"].min()
    assert made["check"]["day"].max() < made["test"]["day"].min()
    assert made["train"].height == 700


@pytest.mark.parametrize(
    "asked",
    [
        {"shares": {"a": 1.0}},
        {"shares": {"a": 0.5, "b": 0.4}},
        {"shares": {"a": float("nan"), "b": 0.5}},
        {"shares": PARTS, "key": ["idd"]},
        {"shares": PARTS, "time": "day", "stratify": "kind"},
        {"shares": PARTS, "time": "kind"},
    ],
)
def test_a_split_that_makes_no_sense_is_refused(asked):
    with pytest.raises(InvalidInput):
        split(ROWS, **asked)


def test_a_smaller_sample_is_a_part_of_a_larger_one():
    small, large = (sample(ROWS, rows=rows, key=["id"]) for rows in (50, 200))
    assert (small.height, large.height) == (50, 200)
    assert set(small["id"]) < set(large["id"])
    assert large["id"].is_sorted()
    assert sample(ROWS, rows=5000).height == 1000
    assert sample(ROWS, share=0.0).height == 0
    with pytest.raises(InvalidInput):
        sample(ROWS)


def test_equal_rows_stay_once_also_when_they_are_written_otherwise():
    frame = pl.DataFrame({"name": ["Ann", "ＡＮＮ ", None, "Zoë", "zoe", None], "n": range(6)})
    assert deduplicate(frame, ["name"])["n"].to_list() == [0, 1, 2, 3, 4]
    assert deduplicate(frame, ["name"], normalise=True)["n"].to_list() == [0, 2, 3]
    assert deduplicate(frame, ["name"], keep="none")["n"].to_list() == [0, 1, 3, 4]
    assert deduplicate(frame).height == 6


def test_texts_that_are_nearly_the_same_are_found_and_no_others():
    story = "the quick brown fox jumps over the lazy dog and runs away into the deep dark forest at night"
    texts = [
        story,
        story.replace("quick", "Quick "),
        "something else entirely, about trains and stations",
        None,
    ]
    texts += [f"row {n} has words of its own: {n * n * 7919} {n * 104729}" for n in range(300)]
    frame = pl.DataFrame({"text": texts, "n": range(len(texts))})
    found = near_duplicates(frame, "text", threshold=0.8)
    assert found.rows() == [(0, 0), (1, 0)]
    kept = without_near_duplicates(frame, "text", threshold=0.8)
    assert kept["n"].to_list() == [0, *range(2, len(texts))]
    assert near_duplicates(frame, "text", threshold=1.0).height == 2
    with pytest.raises(InvalidInput):
        near_duplicates(frame, "n")


def test_types_are_repaired_as_they_are_said_or_the_row_is_named():
    frame = pl.DataFrame({"at": ["31/12/2024", "1/2"], "n": [1, 2]})
    with pytest.raises(InvalidInput) as caught:
        repair_types(frame, {"at": "date:%d/%m/%Y"})
    assert "row 2" in caught.value.why
    made = repair_types(frame, {"at": "date:%d/%m/%Y", "n": "text"}, wrong="null")
    assert made.rows() == [(date(2024, 12, 31), "1"), (None, "2")]
    with pytest.raises(InvalidInput):
        repair_types(frame, {"att": "date"})
