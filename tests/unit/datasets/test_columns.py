from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meguru.datasets.columns import changes, merge, widen
from meguru.datasets.types import DatasetColumn

TYPES = st.sampled_from(["Int64", "Int32", "Float64", "String", "Boolean", "Date", "Datetime[UTC]", "Null"])
SCHEMAS = st.lists(st.tuples(st.sampled_from("abcd"), TYPES), unique_by=lambda pair: pair[0], max_size=4).map(
    lambda pairs: [DatasetColumn(name=name, type=kind) for name, kind in pairs]
)


@given(TYPES, TYPES)
def test_widening_does_not_depend_on_order(first, second):
    assert widen(first, second) == widen(second, first)


@given(SCHEMAS, SCHEMAS)
def test_merging_again_changes_nothing(first, second):
    once = merge([first, second])
    assert merge([once, once]) == once
    assert {column.name for column in once} == {column.name for column in [*first, *second]}


@given(SCHEMAS)
def test_a_schema_does_not_differ_from_itself(schema):
    assert changes(schema, schema, widening=True) == []


def test_whole_numbers_and_fractions_are_fractions():
    assert widen("Int64", "Float64") == "Float64"


def test_types_that_do_not_mix_become_text():
    first, second = [DatasetColumn(name="a", type="Int64")], [DatasetColumn(name="a", type="Date")]
    assert merge([first, second]) == [DatasetColumn(name="a", type="String")]


def test_changes_are_told_in_words():
    before = [DatasetColumn(name="a", type="Int64"), DatasetColumn(name="b", type="String")]
    after = [DatasetColumn(name="a", type="String"), DatasetColumn(name="c", type="Date")]
    told = [str(change) for change in changes(before, after)]
    assert told == ["a changed from Int64 to String", "b removed", "c added (Date)"]
