"""Two writers at once: each change follows from the version before it, and none is lost."""

from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

from meguru.datasets.client import add_files, frame
from meguru.datasets.ingest.meter import Meter
from meguru.datasets.operations import versions
from meguru.errors import Conflict


def write(ws, folder, name, ids, value, **said):
    path = folder / f"{name}.parquet"
    pl.DataFrame({"id": list(ids)}).with_columns(value=pl.lit(value)).write_parquet(path)
    return add_files(ws, "rows", path, key=["id"], **said)


def test_two_who_write_at_once_lose_nothing(workspace, tmp_path):
    write(workspace, tmp_path, "base", range(100), "old")

    def work(writer):
        for turn in range(5):
            ids = range(writer * 50 + turn * 5, writer * 50 + turn * 5 + 5)
            write(workspace, tmp_path, f"{writer}-{turn}", ids, f"of {writer}", mode="upsert")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
    rows = frame(workspace, "rows")
    assert len(versions(workspace, name="rows")) == 11
    assert (rows.height, rows["id"].n_unique()) == (100, 100)
    assert dict(rows["value"].value_counts().iter_rows()) == {"old": 50, "of 0": 25, "of 1": 25}


def test_of_two_who_follow_one_version_one_is_told(workspace, tmp_path):
    first = write(workspace, tmp_path, "base", range(10), "old")

    def work(writer):
        try:
            write(workspace, tmp_path, f"w{writer}", [writer], "new", mode="upsert", follows=first.ref)
        except Conflict as error:
            return str(error).partition("\n")[0]
        return ""

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(work, range(2)))
    assert told == ["", "dataset/rows@1 is not the newest version any more"]
    assert frame(workspace, "rows").filter(value="new").height == 1


def test_a_file_that_was_there_and_is_taken_away_meanwhile_is_not_left_out_unsaid(workspace, tmp_path):
    for name in "abc":
        (tmp_path / f"{name}.csv").write_text(f"letter\n{name}\n")
    add_files(workspace, "letters", tmp_path / "a.csv")

    def meanwhile(*_read):
        add_files(workspace, "letters", tmp_path / "c.csv")

    both = [tmp_path / "a.csv", tmp_path / "b.csv"]  # of which the first is not read again
    with pytest.raises(Conflict, match="another version came meanwhile"):
        add_files(workspace, "letters", both, mode="append", meter=Meter(meanwhile))
    add_files(workspace, "letters", both, mode="append")
    assert frame(workspace, "letters")["letter"].to_list() == ["c", "a", "b"]
