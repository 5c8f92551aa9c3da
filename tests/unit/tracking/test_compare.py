"""Runs beside each other, for a caller, at the command line and in the console."""

import json

import pytest
from click.testing import CliRunner

from meguru.cli.root import root
from meguru.errors import InvalidInput, NotFound
from meguru.tracking import runs
from meguru.tracking.compare import compare
from meguru.tracking.types import MetricPoint


@pytest.fixture
def two(workspace):
    """Two runs that share one param, differ in another, and have one metric in common."""
    found = []
    for number in (1, 2):
        params = {"lr": f"0.{number}", "depth": "3"} | ({"only": "x"} if number == 2 else {})
        run = runs.start(workspace, name=f"try {number}", params=params, tags={"team": "blue"})
        points = [MetricPoint(key="loss", value=number / step, step=step) for step in range(1, 5)]
        runs.log(workspace, run=run.id, metrics=[*points, MetricPoint(key="auc", value=0.5)])
        found.append(run.id)
    return found


def test_what_differs_comes_first_and_a_gap_differs(workspace, two):
    found = compare(workspace, runs=two)
    assert [run.id for run in found.runs] == two
    assert [(row.key, row.values, row.differs) for row in found.params] == [
        ("lr", ["0.1", "0.2"], True),
        ("only", [None, "x"], True),
        ("depth", ["3", "3"], False),
    ]
    assert [(row.key, row.values, row.differs) for row in found.metrics] == [
        ("loss", [0.25, 0.5], True),
        ("auc", [0.5, 0.5], False),
    ]
    assert [(row.key, row.differs) for row in found.tags] == [("team", False)]


def test_too_few_too_many_the_same_and_the_unknown_are_refused(workspace, two):
    for given in ([], two[:1], [two[0], two[0]], [f"run-{number}" for number in range(21)]):
        with pytest.raises(InvalidInput):
            compare(workspace, runs=given)
    with pytest.raises(NotFound):
        compare(workspace, runs=[two[0], "run-nope"])


def test_the_command_prints_what_differs_and_on_request_all(workspace, two):
    place = str(workspace.root)
    told = CliRunner().invoke(root, ["runs", "compare", *two, "-w", place], catch_exceptions=False).output
    assert told.splitlines()[0] == "\t\ttry 1\ttry 2"
    assert "param\tlr\t0.1\t0.2" in told
    assert "param\tonly\t–\tx" in told
    assert "depth" not in told
    whole = CliRunner().invoke(root, ["runs", "compare", *two, "--all", "-w", place], catch_exceptions=False)
    assert "param\tdepth\t3\t3" in whole.output
    shown = CliRunner().invoke(root, ["runs", "compare", *two, "--json", "-w", place], catch_exceptions=False)
    assert [row["key"] for row in json.loads(shown.output)["params"]] == ["lr", "only", "depth"]
