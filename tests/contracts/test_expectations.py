"""Every expectation of datasets, under the contract of its family."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from meguru.datasets.expectations import EXPECTATIONS
from meguru.datasets.expectations.base import CheckedRows
from meguru.datasets.expectations.evaluate import evaluate
from meguru.datasets.expectations.read import expectations_of
from meguru.errors import InvalidInput
from meguru.testing.contracts.expectations import ExpectationContract

NOW = datetime(2024, 1, 10, 12, tzinfo=UTC)
OTHERS = pl.DataFrame({"code": ["UA", "AA", None], "hub": [1, 2, 3]})


def rows(before=None, event_time="", **columns):
    frame = pl.DataFrame(columns)
    return CheckedRows(
        scan=frame.lazy(),
        schema=dict(frame.schema),
        now=NOW,
        event_time=event_time,
        rows_before=before,
        values=lambda name, wanted: OTHERS.select(wanted),
    )


CASES = {
    "range": ({"column": "x", "min": 0, "max": 2.5}, rows(x=[0.0, None, 2.5]), rows(x=[1.0, float("nan")])),
    "range-of-times": (
        {"check": "range", "column": "x", "min": "2024-01-02"},
        rows(x=[datetime(2024, 1, 2, tzinfo=UTC)]),
        rows(x=[datetime(2024, 1, 1, 23, 59, tzinfo=UTC)]),
    ),
    "nulls": ({"column": "x", "tolerance": 0.5}, rows(x=[1.0, 2.0]), rows(x=[float("nan"), None, 1.0])),
    "unique": ({"columns": ["x", "y"]}, rows(x=[1, 1], y=[1, 2]), rows(x=[1, 1], y=[1, 1])),
    "allowed": ({"column": "x", "values": ["a", "b"]}, rows(x=["a", None]), rows(x=["a", "c"])),
    "pattern": ({"column": "x", "pattern": r"^\d{3}$"}, rows(x=["123", None]), rows(x=["1234"])),
    "length": ({"column": "x", "max": 2}, rows(x=["日本", ""]), rows(x=["abc"])),
    "freshness": (
        {"within": "26h"},
        rows(event_time="t", t=[date(2024, 1, 9)]),
        rows(event_time="t", t=[date(2024, 1, 7)]),
    ),
    "volume": ({"max_drop": 0.5}, rows(before=3, x=[1, 2]), rows(before=5, x=[1, 2])),
    "schema": (
        {"columns": {"x": "integer", "y": "text"}, "exact": True},
        rows(x=[1], y=["a"]),
        rows(x=[1], y=["a"], z=[1]),
    ),
    "expression": (
        {"where": "x <= y and z in ('a', 'b')"},
        rows(x=[1, None], y=[2, 1], z=["a", "b"]),
        rows(x=[3], y=[2], z=["a"]),
    ),
    "reference": (
        {"columns": ["x", "y"], "dataset": "carriers", "to": ["code", "hub"]},
        rows(x=["UA", None], y=[1, 9]),
        rows(x=["UA"], y=[2]),
    ),
    "sql": (
        {"query": "SELECT * FROM data WHERE x > (SELECT avg(y) FROM data)"},
        rows(x=[1], y=[1]),
        rows(x=[5], y=[1]),
    ),
}


@pytest.mark.parametrize("case", CASES, scope="class")
class TestEveryExpectation(ExpectationContract):
    @pytest.fixture
    def expectation(self, case):
        options = {"check": case} | CASES[case][0]
        self.about_rows = options["check"] not in {"volume", "freshness", "schema"}
        return expectations_of([options])[0]

    @pytest.fixture
    def good(self, case):
        return CASES[case][1]

    @pytest.fixture
    def bad(self, case):
        return CASES[case][2]


def test_each_member_of_the_family_has_a_case():
    assert {(CASES[case][0].get("check") or case) for case in CASES} == set(EXPECTATIONS.names())


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({}, "expect[0].check"),
        ({"check": "rnge"}, "expect[0].check"),
        ({"check": "range", "column": "x"}, "expect[0].min"),
        ({"check": "range", "column": "x", "min": 2, "max": 1}, "expect[0].max"),
        ({"check": "range", "column": "x", "min": float("nan")}, "expect[0].min"),
        ({"check": "range", "column": "x", "min": "soon"}, "expect[0].min"),
        ({"check": "range", "column": "x", "min": 1, "tolerance": 2}, "expect[0].tolerance"),
        ({"check": "range", "column": "x", "minimum": 1}, "expect[0].minimum"),
        ({"check": "range", "min": 1}, "expect[0].column"),
        ({"check": "pattern", "column": "x", "pattern": "("}, "expect[0].pattern"),
        ({"check": "pattern", "column": "x", "pattern": "(?=a)"}, "expect[0].pattern"),
        ({"check": "allowed", "column": "x", "values": ["a", 1]}, "expect[0].values"),
        ({"check": "length", "column": "x"}, "expect[0].min"),
        ({"check": "volume"}, "expect[0].min"),
        ({"check": "freshness", "within": "soon"}, "expect[0].within"),
        ({"check": "schema", "columns": {"x": "integr"}}, "expect[0].columns.x"),
        ({"check": "expression", "where": "x = 1"}, "expect[0].where"),
        ({"check": "sql", "query": "SELECT * FROM read_csv('/etc/passwd')"}, "expect[0].query"),
        ({"check": "sql", "query": "SELECT 1"}, "expect[0].query"),
        ({"check": "reference", "column": "x", "dataset": "y", "to": ["a", "b"]}, "expect[0].to"),
        ({"check": "unique"}, "expect[0].columns"),
    ],
)
def test_what_makes_no_sense_is_refused_where_it_is_declared(options, field):
    with pytest.raises(InvalidInput) as caught:
        expectations_of([options])
    assert caught.value.field.startswith(field)


def test_all_are_answered_by_one_select_and_one_that_breaks_spoils_no_other():
    frame = rows(x=[1, 2], s=["a", "b"])
    declared = [
        {"check": "range", "columns": ["x", "s"], "min": 2},
        {"check": "expression", "where": "s + 1 > 2"},
        {"check": "expression", "where": "y > 2"},
        {"check": "sql", "query": "SELECT y FROM data"},
        {"check": "nulls", "column": "x", "severity": "warn"},
    ]
    found = evaluate(expectations_of(declared), frame)
    assert [each.passed for each in found] == [False, False, False, False, False, True]
    assert (found[0].failing, found[0].sample) == (1, [{"x": 1, "s": "a"}])
    assert found[1].observed == "s holds String, not numbers"
    assert "did you mean" in found[3].observed or "there are x, s" in found[3].observed


def test_shown_rows_are_few_and_short():
    frame = rows(x=["y" * 10_000] * 100, **{f"c{n}": [n] * 100 for n in range(60)})
    result = evaluate(expectations_of([{"check": "length", "column": "x", "max": 3}]), frame)[0]
    assert (result.failing, len(result.sample), len(result.sample[0])) == (100, 5, 30)
    assert len(result.sample[0]["x"]) == 200
