"""A report on quality tells what is missing, repeated, odd, or not what it seems."""

from __future__ import annotations

from html.parser import HTMLParser

import polars as pl
import pytest

from meguru.datasets.client import add_files
from meguru.datasets.operations import report
from meguru.datasets.quality.page import quality_html
from meguru.datasets.quality.types import QualityReport

ROWS = 400


@pytest.fixture
def odd(workspace, tmp_path):
    base = {
        "id": list(range(ROWS)),
        "price": [float(n % 50) for n in range(ROWS)],
        "note": ["<b>x</b>"] * ROWS,
        "zip": [f"{n % 7:05d}" for n in range(ROWS)],
        "name": ["Ann", " Bob", "N/A", "Eve"] * (ROWS // 4),
        "day": ["2024-01-01"] * ROWS,
    }
    later = base | {"price": [float(n % 50) + 1000 * (n == 3) + 30 * (n > 200) for n in range(ROWS)]}
    later["id"] = [0, *range(ROWS - 1)]
    later["price"][1] = later["price"][0]
    later["zip"][1] = later["zip"][0]
    later["name"] = [later["name"][0], later["name"][0], *later["name"][2:]]
    for number, columns in enumerate((base, later)):
        path = tmp_path / f"{number}.parquet"
        pl.DataFrame(columns).with_columns(
            gap=pl.when(pl.int_range(pl.len()) % 4 > 1).then(1.5)
        ).write_parquet(path)
        add_files(workspace, "odd", path)
    return workspace


def test_what_is_odd_is_found(odd):
    found = report(odd, ref="odd@2")
    told = {(each.kind, each.column): each for each in found.findings}
    assert found.duplicates == 1
    assert told["duplicates", ""].rows == 1
    assert told["missing", "gap"].rows == ROWS / 2
    assert ("constant", "note") in told
    assert ("constant", "day") in told
    assert told["outliers", "price"].rows == 1
    assert told["type", "zip"].says == "zip is text and looks like numbers"
    assert told["type", "day"].says == "day is text and looks like times"
    assert told["placeholder", "name"].rows == ROWS / 4
    assert ("spaces", "name") in told
    assert ("drift", "price") in told
    assert (found.before, found.rows_before) == ("dataset/odd@1", ROWS)
    first = report(odd, ref="odd@1")
    assert (first.before, first.duplicates) == ("", 0)
    assert all(each.psi is None for each in first.columns)


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.elsewhere = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.elsewhere += [value for name, value in attrs if name in {"src", "href"}]


def test_the_page_needs_nothing_else_runs_nothing_and_markup_stays_text(odd):
    found = report(odd, ref="odd@2")
    for language in ("en", "ja"):
        text = quality_html(found, language)
        page = Page(text)
        assert page.elsewhere == []
        assert "script" not in page.tags
        assert "b" not in page.tags
        assert page.tags.count("svg") == len(found.columns)
    empty = QualityReport(
        ref="dataset/x@1", before="", rows=0, rows_before=None, duplicates=0, columns=[], findings=[]
    )
    assert "Nothing stands out." in quality_html(empty)


def test_a_column_without_a_name_is_no_count_of_rows(workspace, tmp_path):
    pl.DataFrame({"": [1, 1, 1], "a": [1, 2, 2]}).write_parquet(tmp_path / "x.parquet")
    add_files(workspace, "x", tmp_path / "x.parquet")
    found = report(workspace, ref="x")
    assert (found.duplicates, [each.distinct for each in found.columns]) == (1, [1, 2])
