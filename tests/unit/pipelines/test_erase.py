"""A person goes from what steps returned and printed, and from files of runs; also from a restored backup."""

from __future__ import annotations

import shutil

import pytest

from meguru.app.open import open_local
from meguru.artifacts.erasure.ledger import ErasureLedger
from meguru.base.settings import Settings
from meguru.datasets.client import add_files, frame
from meguru.datasets.personal.clock import ErasureClock
from meguru.datasets.personal.operations import again, erase, list_erasures, owed
from meguru.datasets.types import ColumnSpec
from meguru.pipelines.logs.read import read_log
from meguru.testing.pipelines import pipeline_test
from meguru.tracking.runs import add_artifact
from meguru.tracking.runs import start as start_run

ANNA = "anna@example.com"
WHO = {"user_id": ["7"], "email": [ANNA]}
PIPELINE = """
import polars as pl
from meguru import pipeline, step

@step
def load(count: int) -> pl.DataFrame:
    mails = ["anna@" + "example.com", "bob@example.org"]
    print("loaded", mails[0], "user_id=7", count, "rows")
    return pl.DataFrame({"user_id": [7, 8], "email": mails, "spent": [1.5, 2.5]})

@step
def listed(rows: pl.DataFrame) -> list[dict]:
    return rows.to_dicts()

@step
def spending(rows: pl.DataFrame, found: list[dict]) -> pl.DataFrame:
    return rows.select("email", "spent")

@pipeline(produces="dataset/spending")
def flow(count: int = 7):
    rows = load(count)
    return spending(rows, listed(rows))
"""
DERIVED = """
import polars as pl
from meguru import Dataset, pipeline, step

@step
def paid(orders: Dataset) -> pl.DataFrame:
    return orders.scan().select("id", "paid").collect()

@step
def contacts(orders: Dataset) -> pl.DataFrame:
    return orders.scan().select(contact="mail").collect()

@pipeline(produces="dataset/paid")
def flow(orders: Dataset):
    return paid(orders)

@pipeline(produces="dataset/contacts")
def others(orders: Dataset):
    return contacts(orders)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Run the pipeline once; each test has a copy of the workspace."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "flow.py").write_text(PIPELINE)
    with pipeline_test(folder / "w", isolation="thread") as test:
        result = test.run(f"{folder}/flow.py:flow")
        assert result.state == "succeeded"
        run = start_run(test.ws, name="look")
        for name, text in {"a.csv": "user_id,n\n7,1\n8,2\n", "b.html": f"<p>{ANNA}</p>"}.items():
            add_artifact(test.ws, run=run.id, path=name, digest=test.ws.blobs.put_bytes(text.encode()))
        add_artifact(test.ws, run=run.id, path="c.png", digest=test.ws.blobs.put_bytes(b"\x89PNG\xff"))
    return folder / "w", result


@pytest.fixture
def filled(made, tmp_path):
    shutil.copytree(made[0], tmp_path / "w")
    with open_local(tmp_path / "w", settings=Settings(sqlite_synchronous="NORMAL")) as ws:
        yield ws, made[1]


def stored(ws) -> bytes:
    ws.db.close()
    places = [*ws.blobs.folder.glob("??/*"), *ws.root.glob("meguru.db*")]
    return b"".join(path.read_bytes() for path in places)


def test_they_go_from_outputs_logs_and_files_of_runs(filled):
    ws, result = filled
    report = erase(ws, who=WHO, reason="asked")
    found = {each.what: each.rows for each in report.found}
    assert found == {
        "rows of a dataset": 1,
        "rows of what steps returned": 3,
        "places in what steps printed": 2,
        "rows and places in files of a run": 2,
    }
    assert (report.stays, report.unsearched) == ([], {"files of runs that are no table or text": 1})
    assert report.searched["outputs of steps"] == 3
    assert erase(ws, who=WHO, dry_run=True).found == []
    (line,) = [each.text for each in read_log(ws, ref=f"{result.run.id}.load").lines]
    assert line == "loaded ••• user_id=••• 7 rows"
    assert ANNA.encode() not in stored(ws)
    assert [(each.columns, each.rows) for each in list_erasures(ws).items] == [(["email", "user_id"], 8)]
    assert list_erasures(ws, cursor=list_erasures(ws).items[-1].id).items == []
    assert ANNA not in str(ErasureLedger(ws).entries())


def test_who_came_back_with_a_backup_is_erased_again(filled, tmp_path):
    ws, _ = filled
    shutil.copytree(ws.root, tmp_path / "backup")
    erase(ws, who=WHO)
    ws.db.close()
    shutil.rmtree(ws.root)
    shutil.copytree(tmp_path / "backup", ws.root)
    with open_local(ws.root, settings=Settings(sqlite_synchronous="NORMAL")) as restored:
        assert ANNA in frame(restored, "spending")["email"].to_list()
        assert len(owed(restored).ids) == 1
        ErasureClock(restored).tick()
        assert owed(restored).ids == []
        assert frame(restored, "spending")["email"].to_list() == ["bob@example.org"]
        assert [each.reason for each in list_erasures(restored).items] == ["restored from a backup"]
        assert again(restored).found == []
        assert ANNA.encode() not in stored(restored)


def test_an_erasure_whose_key_is_lost_stays_owed(filled, tmp_path):
    ws, _ = filled
    shutil.copytree(ws.root, tmp_path / "backup")
    erase(ws, who=WHO)
    (tmp_path / "w-erasures" / "key").write_text("ab" * 32)
    with open_local(
        tmp_path / "backup", settings=Settings(erasures=str(tmp_path / "w-erasures"))
    ) as restored:
        assert (len(owed(restored).ids), owed(restored).unreadable) == (1, 1)
        ErasureClock(restored).tick()
        assert len(owed(restored).ids) == 1


def test_a_lost_file_of_erasures_is_written_again_from_the_database(filled, tmp_path):
    ws, _ = filled
    erase(ws, who={"email": [ANNA]})
    (tmp_path / "w-erasures" / "erasures.log").unlink()
    ErasureClock(ws).tick()
    assert len(ErasureLedger(ws).entries()) == 1


def test_rows_made_of_theirs_go_by_a_key_that_is_theirs_alone(tmp_path):
    (tmp_path / "flow.py").write_text(DERIVED)
    with pipeline_test(tmp_path / "w", isolation="thread") as test:
        rows = f"id,mail,shop,paid\n1,{ANNA},a,5\n2,{ANNA},b,6\n3,bob@example.org,b,7\n"
        (tmp_path / "orders.csv").write_text(rows)
        columns = {"shop": ColumnSpec(tags=["pii"])}
        add_files(test.ws, "orders", tmp_path / "orders.csv", key=["id"], columns=columns)
        for each in ("flow", "others"):
            assert test.run(f"{tmp_path}/flow.py:{each}", orders="orders").state == "succeeded"
        report = erase(test.ws, who={"mail": [ANNA]})
        assert report.followed == {"id": 2, "shop": 1}  # others bought in b
        assert frame(test.ws, "paid")["id"].to_list() == [3]
        assert [(each.ref, each.rows) for each in report.stays] == [("dataset/contacts@1", 2)]
        assert erase(test.ws, who={"contact": [ANNA]}).stays == []
