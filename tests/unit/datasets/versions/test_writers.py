"""Two writers at once: each change follows from the version before it, and none is lost."""

from concurrent.futures import ThreadPoolExecutor

import polars as pl

from meguru.datasets.client import add_files, frame
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
