"""Search of runs by what they logged."""

import json

import pytest
from click.testing import CliRunner

from meguru.cli.root import root
from meguru.errors import InvalidInput, NotFound
from meguru.tracking import runs
from meguru.tracking.find import search
from meguru.tracking.search import compare
from meguru.tracking.search.grammar import Clause
from meguru.tracking.types import MetricPoint


@pytest.fixture
def some(workspace):
    """Six runs of two experiments; the third has no metric."""
    for number in range(6):
        run = runs.start(
            workspace, name=f"r{number}", experiment=f"e{number % 2}", params={"lr": str(number // 3)}
        )
        if number != 2:
            runs.log(workspace, run=run.id, metrics=[MetricPoint(key="auc", value=number / 10)])
        if number < 4:
            runs.finish(workspace, run=run.id)
    return workspace


def names(page):
    return [run.name for run in page.items]


def test_runs_are_found_by_what_they_logged_and_by_their_state(some):
    assert names(search(some)) == ["r5", "r4", "r3", "r2", "r1", "r0"]
    assert names(search(some, query="metrics.auc >= 0.3 and params.lr = '1'")) == ["r5", "r4", "r3"]
    assert names(search(some, query="state = 'running'")) == ["r5", "r4"]
    assert names(search(some, query="name LIKE 'r%' and state != 'running'", experiment="e0")) == ["r2", "r0"]
    assert names(search(some, query="metrics.auc > 9")) == []


def test_an_order_puts_runs_without_the_metric_last_and_pages_go_on(some):
    first = search(some, order=["metrics.auc ASC"], limit=4)
    assert names(first) == ["r0", "r1", "r3", "r4"]
    rest = search(some, order=["metrics.auc ASC"], limit=4, after=first.next_cursor)
    assert (names(rest), rest.next_cursor) == (["r5", "r2"], "")


def test_what_cant_be_read_is_refused(some):
    for given in ({"query": "metrics.auc ~ 3"}, {"query": "a or b"}, {"order": ["x y z"]}, {"after": "?"}):
        with pytest.raises(InvalidInput):
            search(some, **given)
    with pytest.raises(NotFound):
        search(some, experiment="e9")


def test_the_command_searches_tracked_runs(some):
    words = [
        "runs",
        "list",
        "--query",
        "metrics.auc > 0.2",
        "--order",
        "metrics.auc",
        "--limit",
        "2",
        "--json",
    ]
    told = CliRunner().invoke(root, [*words, "-w", str(some.root)], catch_exceptions=False)
    assert [run["name"] for run in json.loads(told.output)["items"]] == ["r3", "r4"]


def test_a_backslash_is_a_letter_of_a_pattern_on_both_databases():
    clause = Clause("tag", "k", "LIKE", "C:\\a%", "k")
    assert compare.text("v", clause, is_sqlite=True) == ("v GLOB ?", ["C:\\a*"])
    assert compare.text("v", clause, is_sqlite=False) == ("v LIKE ?", ["C:\\\\a%"])
