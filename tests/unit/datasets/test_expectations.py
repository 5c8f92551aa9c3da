"""What is expected of a dataset stops a version or is told; what came of it is kept, also of refusals."""

from __future__ import annotations

import tomllib

import pytest

from meguru.datasets.client import add_files
from meguru.datasets.expectations.check import check, checks
from meguru.datasets.expectations.store import forget_samples, page
from meguru.datasets.kind import DatasetSpec
from meguru.datasets.operations import branch, drop_branch, list_datasets, propose, specs, versions
from meguru.datasets.personal.erase import erase
from meguru.errors import InvalidInput, NotFound
from meguru.kernel import events
from meguru.project.expectations import as_toml, write_into

PRICE = {"check": "range", "column": "price", "min": 0}
STATUS = {"check": "allowed", "column": "status", "values": ["open", "paid"], "severity": "warn"}


@pytest.fixture
def add(workspace, tmp_path):
    def write(text, name="orders.csv", **said):
        path = tmp_path / name
        path.write_text("id,price,status\n" + text)
        return add_files(workspace, "orders", path, **said)

    return write


def told(ws, type):
    with ws.read() as tx:
        return [event for event in events.read(tx) if event.type == type]


def test_what_stops_makes_no_version_and_is_kept_with_rows_that_fail(workspace, add):
    specs.declare(workspace, name="orders", spec=DatasetSpec(expect=[PRICE, STATUS]))
    add("1,2,open\n")
    with pytest.raises(InvalidInput, match="the data fails 1 check") as caught:
        add("1,-2,open\n2,3,lost\n")
    assert "price is at least 0: 1 rows do not hold it" in caught.value.why
    assert [each.version for each in versions(workspace, name="orders")] == [1]
    refused = checks(workspace, name="orders", version=0).items
    assert [(each.state, each.rows) for each in refused] == [("refused", 2)]
    assert refused[0].results[0].sample == [{"price": -2, "id": 1, "status": "open"}]
    event = told(workspace, "dataset.refused")[0]
    assert (event.subject, event.data["rows"]) == ("dataset/orders", 2)
    assert "-2" not in str(event.data)


def test_rows_that_are_shown_of_a_branch_go_with_it(workspace, tmp_path, add):
    specs.declare(workspace, name="orders", spec=DatasetSpec(expect=[STATUS]))
    add("1,2,open\n")
    branch(workspace, ref="orders", branch="trial")
    path = tmp_path / "trial.csv"
    path.write_text("id,price,status\n1,2,lost\n")
    made = add_files(workspace, "orders@trial", path)

    def shown():
        with workspace.read() as tx:
            return page(tx, "orders", version=made.version, limit=1)[0].results[0].sample

    assert len(shown()) == 1
    drop_branch(workspace, name="orders", branch="trial")
    assert shown() == []


def test_a_warning_stops_nothing_and_is_told(workspace, add):
    specs.declare(workspace, name="orders", spec=DatasetSpec(expect=[PRICE, STATUS]))
    made = add("1,2,lost\n")
    found = checks(workspace, name="orders").items
    assert [(each.version, each.state) for each in found] == [(1, "warned")]
    event = told(workspace, "dataset_version.checked")[0]
    assert (event.subject, event.data["state"]) == (made.ref, "warned")


def test_all_rows_are_held_against_it_not_only_those_that_came(workspace, add):
    drop = {"check": "volume", "max_drop": 0.2}
    unique = {"check": "unique", "columns": ["price"]}
    specs.declare(workspace, name="orders", spec=DatasetSpec(expect=[unique, drop]))
    add("1,2,open\n2,3,open\n")
    with pytest.raises(InvalidInput, match="1 check"):
        add("3,2,open\n", name="more.csv", mode="append")


def test_a_version_is_checked_again_when_asked_and_nothing_expected_is_said(workspace, add):
    add("1,2,open\n")
    with pytest.raises(InvalidInput, match="nothing is expected"):
        check(workspace, ref="orders")
    specs.declare(workspace, name="orders", spec=DatasetSpec(expect=[PRICE]))
    assert check(workspace, ref="orders@1").state == "passed"
    asked = check(workspace, ref="orders", expect=[{"check": "range", "column": "price", "min": 5}])
    assert (asked.state, asked.version) == ("failed", 1)
    assert len(checks(workspace, name="orders").items) == 2
    with pytest.raises(NotFound):
        checks(workspace, name="ordrs")


def test_values_must_be_in_another_dataset(workspace, add, tmp_path):
    path = tmp_path / "states.csv"
    path.write_text("state\nopen\npaid\n")
    add_files(workspace, "states", path)
    known = {"check": "reference", "column": "status", "dataset": "states", "to": "state"}
    specs.declare(workspace, name="orders", spec=DatasetSpec(expect=[known]))
    add("1,2,open\n")
    with pytest.raises(InvalidInput, match="1 check"):
        add("1,2,lost\n")


def test_who_is_erased_is_in_no_row_that_is_shown(workspace, add):
    with pytest.raises(InvalidInput):
        add("17,-2,open\n18,-3,open\n", expect=[PRICE])
    assert [each.rows for each in erase(workspace, who={"id": ["17"]}, dry_run=True).found] == [1]
    assert [each.rows for each in erase(workspace, who={"id": ["17"]}).found] == [1]
    kept = checks(workspace, name="orders", version=0).items[0].results[0]
    assert (kept.failing, [row["id"] for row in kept.sample]) == (2, [18])
    assert erase(workspace, who={"id": ["17"]}).found == []


def test_shown_rows_are_forgotten_when_asked(workspace, add):
    with pytest.raises(InvalidInput):
        add("1,-2,open\n", expect=[PRICE])
    with workspace.db.write() as tx:
        forget_samples(tx, "orders")
    kept = checks(workspace, name="orders", version=0).items[0].results[0]
    assert (kept.failing, kept.sample) == (1, [])
    assert list_datasets(workspace).items == []


def test_what_is_proposed_holds_and_is_written_into_the_project_file_once(workspace, tmp_path):
    rows = "".join(
        f"{n},u{n}@example.com,{n % 7 or ''},{'open' if n % 2 else 'paid'},2024-01-{1 + n % 28:02d}\n"
        for n in range(200)
    )
    path = tmp_path / "orders.csv"
    path.write_text("id,mail,price,status,day\n" + rows)
    add_files(workspace, "orders", path)
    found = propose(workspace, ref="orders@1").expect
    names = {(each["check"], each.get("column", "")) for each in found}
    assert {("allowed", "status"), ("pattern", "mail"), ("range", "price"), ("nulls", "price")} <= names
    assert {"check": "unique", "columns": ["id"]} in found
    assert {"check": "nulls", "columns": ["id", "mail", "status", "day"]} in found
    assert check(workspace, ref="orders", expect=found).state == "passed"

    file = tmp_path / "meguru.toml"
    file.write_text('[project]\nname = "shop"\n\n[dataset.orders]  # ours\nkey = ["id"]\n')
    assert write_into(file, "orders", found) == (file, len(found))
    assert write_into(file, "orders", found) == (file, 0)
    text = file.read_text()
    assert "# ours" in text
    assert tomllib.loads(text)["dataset"]["orders"] == {"key": ["id"], "expect": found}
    assert tomllib.loads(as_toml("team/orders", found))["dataset"]["team/orders"]["expect"] == found
