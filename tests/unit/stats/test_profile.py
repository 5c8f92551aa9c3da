import itertools
import json
import math
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meguru.errors import InvalidInput
from meguru.stats import (
    CategoricalProfile,
    NumericProfile,
    TableProfile,
    profile_column,
    profile_frame,
    psi_test,
    read_profile,
    tally_column,
)

numbers = st.lists(st.one_of(st.none(), st.floats(), st.integers(-5, 5).map(float)), max_size=60)
words = st.lists(st.one_of(st.none(), st.sampled_from("abcdefgh"), st.text(max_size=3)), max_size=60)


@given(numbers)
def test_a_numeric_profile_counts_every_row_once_and_survives_json(values):
    column = pl.Series("x", values, dtype=pl.Float64)
    profile = profile_column(column)
    assert isinstance(profile, NumericProfile)
    assert profile.count + profile.nulls == len(values)
    assert sum(profile.counts) == sum(profile.shares) == profile.count
    assert len(profile.counts) <= 1026
    assert len(profile.edges) <= 9
    assert read_profile(json.loads(json.dumps(profile.to_dict(), allow_nan=False))) == profile


@given(words)
def test_a_categorical_profile_counts_every_row_once_and_survives_json(values):
    column = pl.Series("x", values, dtype=pl.String)
    profile = profile_column(column, top=4)
    assert isinstance(profile, CategoricalProfile)
    assert profile.count + profile.nulls == len(values)
    assert profile.other + sum(count for _, count in profile.top) == profile.count
    assert read_profile(json.loads(json.dumps(profile.to_dict()))) == profile


@given(numbers, numbers)
def test_windows_add_up(first, second):
    one, two = (pl.Series("x", each, dtype=pl.Float64) for each in (first, second))
    profile = profile_column(one)
    both, parts = (
        tally_column(profile, pl.concat([one, two])),
        tally_column(profile, one) + tally_column(profile, two),
    )
    assert (both.bins.tolist(), both.deciles.tolist(), both.nulls) == (
        parts.bins.tolist(),
        parts.deciles.tolist(),
        parts.nulls,
    )


@given(numbers, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(values, random):
    shuffled = random.sample(values, len(values))
    first, second = (profile_column(pl.Series("x", each, dtype=pl.Float64)) for each in (values, shuffled))
    assert first.counts == second.counts
    assert first.edges == second.edges


def test_its_own_column_tallies_to_its_own_counts():
    draw = np.random.default_rng(0)
    frame = pl.DataFrame(
        {"n": draw.normal(size=500), "c": draw.choice(["a", "b"], 500), "b": draw.random(500) < 0.5}
    )
    profile = profile_frame(frame)
    assert list(profile.columns) == ["n", "c", "b"]
    for name, each in profile.columns.items():
        assert tally_column(each, frame[name]).bins.tolist() == each.own().bins.tolist()
        assert tally_column(each, frame[name]).deciles.tolist() == each.own().deciles.tolist()


def test_statistics_are_those_of_the_finite_values():
    values = np.array([1.0, 2.0, 3.0, 4.0, math.inf, math.nan])
    profile = NumericProfile.of(values, nulls=2)
    assert (profile.count, profile.nulls) == (5, 3)
    assert (profile.mean, profile.minimum, profile.maximum) == (2.5, 1, 4)
    assert profile.sd == pytest.approx(np.std([1, 2, 3, 4]))
    assert profile.counts[-1] == 1


def test_ten_deciles_hold_a_tenth_each():
    profile = NumericProfile.of(np.arange(1000.0))
    assert profile.shares == (100,) * 10


@pytest.mark.parametrize(("before", "after"), [(5.0, 3.0), (5.0, 7.0), (0.0, 5e-320)])
def test_a_constant_that_becomes_another_is_a_change(before, after):
    profile = NumericProfile.of(np.full(500, before))
    moved = profile.tally(np.full(500, after))
    assert psi_test(profile.shares, moved.deciles).drifted


def test_a_wild_value_does_not_flatten_the_bins():
    profile = NumericProfile.of(np.append(np.arange(10_000.0), 1e12))
    assert profile.high < 1e4
    assert profile.counts[-1] >= 1


def test_an_unseen_category_goes_to_other():
    profile = profile_column(pl.Series("carrier", ["UA", "UA", "AA"]))
    tally = tally_column(profile, pl.Series("carrier", ["UA", "ZZ", None]))
    assert tally.bins.tolist() == [1, 0, 1]
    assert tally.nulls == 1


def test_booleans_enums_and_categoricals_are_categories():
    for dtype in (pl.Enum(["a", "b"]), pl.Categorical):
        assert profile_column(pl.Series("x", ["a", "b", "a"], dtype=dtype)).top == (("a", 2), ("b", 1))
    assert profile_column(pl.Series("x", [True, False, True])).top == (("true", 2), ("false", 1))


def test_dates_and_lists_have_no_profile():
    frame = pl.DataFrame({"d": [date(2013, 1, 1)], "l": [[1]], "x": [1]})
    assert list(profile_frame(frame).columns) == ["x"]
    with pytest.raises(InvalidInput) as caught:
        profile_column(frame["d"])
    assert caught.value.field == "d"


def test_a_column_that_changed_its_type_is_refused_by_name():
    profile = profile_column(pl.Series("hour", [1, 2, 3]))
    with pytest.raises(InvalidInput) as caught:
        tally_column(profile, pl.Series("hour", ["1", "2"]))
    assert caught.value.field == "hour"
    assert tally_column(profile, pl.Series("hour", [None, None], dtype=pl.String)).nulls == 2


def test_a_table_profile_survives_json_and_equal_tables_give_equal_text():
    frame = pl.DataFrame({"x": [1.5, 2.5, None], "c": ["a", None, "b"]})
    text = json.dumps(profile_frame(frame).to_dict())
    assert text == json.dumps(profile_frame(frame.clone()).to_dict())
    assert TableProfile.from_dict(json.loads(text)) == profile_frame(frame)


@pytest.mark.parametrize(
    "data",
    [{}, {"rows": 1, "columns": {"x": {"kind": "numeric"}}}, {"rows": 1, "columns": {"x": {"kind": "odd"}}}],
)
def test_what_is_no_profile_is_refused(data):
    with pytest.raises(InvalidInput):
        TableProfile.from_dict(data)


WIDE = st.floats(allow_nan=True, allow_infinity=True) | st.integers(-3, 3).map(float) | st.floats(-1, 1)


@given(st.lists(WIDE, min_size=1, max_size=60), st.lists(WIDE, max_size=60))
def test_counting_in_blocks_is_counting_one_by_one(first, second):
    profile, values = NumericProfile.of(np.array(first)), np.array(second, dtype=float)
    values = np.concatenate((values, first, profile.edges, [profile.low, profile.high]))
    now, known = profile.tally(values), values[~np.isnan(values)]
    edges = [-np.inf, *profile.edges, np.inf]
    expected = [((known > low) & (known <= high)).sum() for low, high in itertools.pairwise(edges)]
    expected[0] += (known == -np.inf).sum()
    assert now.deciles.tolist() == expected
    assert (now.bins[0], now.bins[-1]) == ((known < profile.low).sum(), (known > profile.high).sum())
    assert now.nulls == np.isnan(values).sum()
    assert now.infinite == np.isinf(values).sum()
    assert now.bins.sum() == known.size
    finite = known[np.isfinite(known)]
    if profile.minimum is not None:
        assert now.beyond == ((finite < profile.minimum) | (finite > profile.maximum)).sum()


def test_many_values_are_counted_as_few_are():
    draw = np.random.default_rng(2)
    for values in (
        draw.normal(size=100_000),
        draw.integers(0, 9, 100_000) * 1.0,
        draw.lognormal(0, 2, 100_000),
    ):
        profile = NumericProfile.of(values[:50_000])
        parts = [profile.tally(each) for each in np.array_split(values, 7)]
        whole, added = profile.tally(values), sum(parts[1:], parts[0])
        assert (whole.bins == added.bins).all()
        assert (whole.deciles == added.deciles).all()
        assert whole.beyond == added.beyond
        own = profile.tally(values[:50_000])
        assert own.bins.tolist() == list(profile.counts)
        assert own.deciles.tolist() == list(profile.shares)


@pytest.mark.parametrize(
    "names", [["a"], [""], [f"a category with a name {n}" for n in range(64)], list("abc")]
)
def test_many_texts_are_counted_as_few_are(names):
    draw = np.random.default_rng(3)
    words = [*names, "another", "", "日本", None]
    column = pl.Series("c", words).gather(draw.integers(0, len(words), 30_000))
    profile = profile_column(pl.Series("c", [*names, *names]))
    now = tally_column(profile, column)
    counted = dict(column.value_counts().iter_rows())
    assert now.bins.tolist() == [
        *(counted[name] for name, _ in profile.top),
        column.len() - column.null_count() - sum(counted[name] for name in names),
    ]
    assert now.nulls == column.null_count()


def test_names_that_share_a_hash_are_counted_without_a_table_of_hashes():
    column = pl.Series(["a", "b", "c"] * 4000)
    profile = replace(profile_column(column), top=(("a", 2), ("a", 2), ("b", 1)))
    assert tally_column(profile, column).bins.tolist() == [0, 4000, 4000, 4000]


@pytest.mark.parametrize(
    "broken",
    [
        {"counts": [1, 2]},
        {"counts": [1] * 1026, "high": 0.0},
        {"edges": [2.0, 1.0]},
        {"shares": []},
        {"low": "x"},
    ],
    ids=str,
)
def test_a_profile_whose_bins_do_not_fit_is_refused(broken):
    known = NumericProfile.of(np.arange(50.0)).to_dict()
    assert NumericProfile.from_dict(known).to_dict() == known
    with pytest.raises(InvalidInput):
        NumericProfile.from_dict(known | broken)


@pytest.mark.parametrize("rows", [3, 4000])
def test_a_category_of_a_zero_byte_is_one_like_any_other(rows):
    column = pl.Series(["\0", "b", "c"] * rows)
    profile = profile_column(column.filter(column != "c"))
    assert dict(profile.top) == {"\0": rows, "b": rows}
    assert tally_column(profile, column).bins.tolist() == [rows, rows, rows]
