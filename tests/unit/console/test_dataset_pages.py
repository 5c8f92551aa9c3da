"""The pages of a dataset: columns, sample, differences, expectations, queries."""

from __future__ import annotations

import pytest

from meguru.datasets.client import add_files
from meguru.datasets.kind import DatasetSpec
from meguru.datasets.operations import specs, tag
from meguru.datasets.types import ColumnSpec
from meguru.errors import InvalidInput

HOSTILE = "<script>alert(1)</script>"
EXPECT = [
    {"check": "range", "column": "price", "min": 0},
    {"check": "allowed", "column": "status", "values": ["open", "paid"], "severity": "warn"},
]


@pytest.fixture
def orders(workspace, tmp_path):
    """Two versions, one that was refused, and text that is markup."""

    def add(text):
        path = tmp_path / "orders.csv"
        path.write_text("id,price,status,at,ok\n" + text)
        return add_files(workspace, "orders", path, event_time="at")

    specs.declare(
        workspace,
        name="orders",
        spec=DatasetSpec(key=["id"], expect=EXPECT, columns={"ok": ColumnSpec(tags=["consent"])}),
    )
    add("1,2.5,open,2024-01-01,true\n2,3.5,paid,2024-01-02,false\n3,4.5,open,2024-01-03,true\n")
    add(f"1,2.5,open,2024-01-01,true\n2,9.5,{HOSTILE},2024-01-02,false\n4,1,open,2024-01-05,true\n")
    with pytest.raises(InvalidInput):
        add("1,-7,open,2024-01-01,true\n")
    tag(workspace, ref="orders@1", tag="golden")
    return workspace


def test_each_view_is_whole_in_both_languages_and_markup_stays_text(browser, orders):
    for end in ("", "/sample", "/diff", "/checks", "/query"):
        for language in ("en", "ja"):
            answer = browser.get(f"/ui/datasets/orders/2{end}", headers={"Accept-Language": language})
            assert answer.status_code == 200
            assert f'<html lang="{language}"' in answer.text
            assert answer.text.count('aria-current="page"') == 2
            assert "<script>alert" not in answer.text


def test_columns_show_their_spread_times_too_and_versions_their_tags(browser, orders):
    page = browser.get("/ui/datasets/orders/2").text
    assert "2024-01-05" in page
    assert "golden" in page
    assert "consent" in page
    assert page.count('class="chart small"') == 5


def test_differences_show_old_and_new_values(browser, orders):
    page = browser.get("/ui/datasets/orders/2/diff").text
    assert "<del>3.500</del> <ins>9.500</ins>" in page or "<del>3.5000</del> <ins>9.5000</ins>" in page
    assert page.count('<span class="badge good">added') == 1
    assert page.count('<span class="badge bad">removed') == 1
    assert browser.get("/ui/datasets/orders/2/diff?from=9").status_code == 404
    assert "one version" in browser.get("/ui/datasets/orders/1/diff").text
    assert browser.get("/ui/datasets/orders/1/diff?from=2").status_code == 200


def test_expectations_are_drawn_over_versions_with_what_was_refused(browser, orders):
    page = browser.get("/ui/datasets/orders/2/checks").text
    assert (
        page.count('class="cell good"') == 3 + 1 + 2 + 1
    )  # the key thrice, the price twice, the status twice
    assert page.count('class="fill bad"') == 1
    assert page.count('class="fill odd"') == 1
    assert "-7" in page


def test_a_query_is_answered_on_the_page_and_what_is_none_is_told_there(browser, orders):
    asked = browser.get(
        "/ui/datasets/orders/2/query", params={"query": "SELECT max(price) AS top FROM orders"}
    )
    assert "9.5" in asked.text
    wrong = browser.get("/ui/datasets/orders/2/query?query=SELECT+*+FROM+read_csv('/etc/passwd')")
    assert wrong.status_code == 200
    assert "a query reads datasets alone" in wrong.text
    assert "root:" not in wrong.text
