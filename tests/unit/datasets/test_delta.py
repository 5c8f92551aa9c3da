"""A dataset is a Delta Lake table: links, deletion vectors, one version of it for each of the dataset's."""

import json
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from meguru.datasets.client import add_files, frame
from meguru.datasets.delta.refresh import TableRefresher
from meguru.datasets.delta.storage import storage_of
from meguru.datasets.operations import branch, delete_rows, free, remove, table
from meguru.datasets.versions.deleted import decode
from meguru.errors import Conflict, InvalidInput


@pytest.fixture
def add(workspace, tmp_path):
    names = iter(range(100))

    def write(rows, mode="upsert", name="rows", **said):
        path = tmp_path / f"{next(names)}.parquet"
        rows.write_parquet(path)
        return add_files(workspace, name, path, mode=mode, key=["id"], **said)

    return write


def rows(*ids, value="a"):
    return pl.DataFrame({"id": list(ids)}).with_columns(value=pl.lit(value))


def replayed(uri, version):
    """Read a table by its log, as the protocol says."""
    files = {}
    for number in range(version + 1):
        for line in (place(uri) / "_delta_log" / f"{number:020d}.json").read_text().splitlines():
            action = json.loads(line)
            for gone in [action["remove"]] if "remove" in action else []:
                files.pop(gone["path"])
            for came in [action["add"]] if "add" in action else []:
                assert came["path"] not in files
                files[came["path"]] = came
    return pl.concat(
        [alive(uri, each) for each in files.values()] or [pl.DataFrame()], how="diagonal_relaxed"
    )


def alive(uri, file):
    found = pl.read_parquet(place(uri) / file["path"])
    assert json.loads(file["stats"])["numRecords"] == found.height
    if "deletionVector" not in file:
        return found
    vectors = list(place(uri).glob("deletion_vector_*.bin"))
    (gone,) = [
        set(decode(each.read_bytes(), "x"))
        for each in vectors
        if each.stat().st_size == file["deletionVector"]["sizeInBytes"] + 9
        and len(decode(each.read_bytes(), "x")) == file["deletionVector"]["cardinality"]
    ]
    return found.with_row_index("n").filter(~pl.col("n").is_in(gone)).drop("n")


def place(uri):
    return Path(uri)


def test_each_version_is_one_of_the_table_and_its_files_are_links(workspace, add):
    add(rows(1, 2, 3))
    branch(workspace, ref="rows", branch="trial")
    add(rows(9, value="trial"), name="rows@trial")
    add(rows(2, 4, value="b"))
    delete_rows(workspace, name="rows", condition="id = 1")
    made = table(workspace, ref="rows")
    assert (made.version, made.copied) == (4, 0)
    for version in (1, 3, 4):
        wanted = frame(workspace, f"rows@{version}").sort("id")
        assert_frame_equal(replayed(made.uri, version).sort("id"), wanted)
    for file in place(made.uri).glob("*.parquet"):
        assert file.stat().st_nlink == 2
    assert "NOT EXISTS" in table(workspace, ref="rows@3").view
    assert "NOT EXISTS" not in table(workspace, ref="rows@1").view
    with pytest.raises(InvalidInput, match="is on a branch"):
        table(workspace, ref="rows@2")


def test_a_server_keeps_a_table_that_was_made_once(workspace, add):
    add(rows(1))
    keeper = TableRefresher(workspace)
    assert keeper.tick() == []
    uri = table(workspace, ref="rows").uri
    add(rows(2))
    assert (keeper.tick(), keeper.tick()) == (["rows"], [])
    assert replayed(uri, 2)["id"].to_list() == [1, 2]


def test_what_delta_has_no_type_for_is_written_anew(workspace, add):
    add(rows(1).with_columns(n=pl.lit(2**63, pl.UInt64), t=pl.time(1, 2)))
    made = table(workspace, ref="rows")
    found = replayed(made.uri, 1)
    assert (found.schema["n"], found["n"][0], found["t"][0]) == (pl.Decimal(20, 0), 2**63, "01:02:00")
    assert made.copied > 0


def test_files_of_other_types_become_the_tables(workspace, tmp_path):
    for name, text in (("a.csv", "id,x\n1,2\n"), ("b.csv", "id,x\n2,2.5\n")):
        (tmp_path / name).write_text(text)
        add_files(workspace, "rows", tmp_path / name, mode="append")
    made = table(workspace, ref="rows")
    assert replayed(made.uri, 2)["x"].to_list() == [2.0, 2.5]
    assert replayed(made.uri, 1)["x"].to_list() == [2]


def test_who_wrote_into_the_table_is_noticed_and_it_can_be_made_again(workspace, add):
    add(rows(1))
    uri = table(workspace, ref="rows").uri
    log = place(uri) / "_delta_log" / f"{2:020d}.json"
    log.write_text('{"commitInfo":{"operation":"DELETE"}}\n')
    add(rows(2))
    add(rows(3))
    with pytest.raises(Conflict, match="written by somebody else"):
        table(workspace, ref="rows")
    table(workspace, ref="rows", rebuild=True)
    assert replayed(uri, 3).height == 3


def test_freed_bytes_are_freed_in_the_table_too(workspace, add):
    add(rows(1))
    uri = table(workspace, ref="rows").uri
    add(rows(5), mode="replace")
    table(workspace, ref="rows")
    links = {file.name for file in place(uri).glob("*.parquet")}
    remove(workspace, ref="rows@1")
    freed = free(workspace)
    assert freed.bytes > 0
    assert len(links - {file.name for file in place(uri).glob("*.parquet")}) == 1
    assert replayed(uri, 2)["id"].to_list() == [5]
    assert storage_of(workspace.blobs, "rows").commits() == [0, 1, 2]
