from __future__ import annotations

import polars as pl
import pytest

from meguru.datasets.client import add_files
from meguru.datasets.operations import diff
from meguru.errors import InvalidInput


@pytest.fixture
def add(workspace, tmp_path):
    def write(frame: pl.DataFrame, name: str = "rows", **said):
        path = tmp_path / "rows.parquet"
        frame.write_parquet(path)
        return add_files(workspace, name, path, **said)

    return write


BEFORE = pl.DataFrame({"id": range(1000), "v": [each * 0.5 for each in range(1000)], "who": ["x"] * 1000})


def corrected():
    new = pl.when(pl.col("id") % 10 == 0).then(pl.lit(None)).otherwise(pl.col("v"))
    return (
        BEFORE.with_columns(new.alias("v"))
        .filter(pl.col("id") % 20 != 5)
        .sample(fraction=1, shuffle=True, seed=1)
    )


@pytest.mark.parametrize("key", [None, ["id"]])
def test_rows_are_told_apart_by_their_key_wherever_they_stand(workspace, add, key):
    add(BEFORE, key=key)
    more = pl.DataFrame({"id": [5000], "v": [1.5], "who": ["new"]})
    add(pl.concat([corrected(), more]), key=key)
    rows = diff(workspace, before="rows@1", after="rows@2", rows=True, drift=False).rows
    assert (rows.added, rows.removed, rows.changed) == (1, 50, 100)
    assert (rows.key, rows.found, rows.columns) == (["id"], key is None, {"v": 100})
    first = rows.sample[0]
    assert first.after == {"v": None}
    assert first.before == {"v": first.key["id"] * 0.5}
    assert next(each for each in rows.sample if not each.before).key == {"id": 5000}


def test_without_a_key_rows_are_told_by_all_their_values_as_often_as_they_stand(workspace, add):
    add(pl.DataFrame({"a": [1.5, 1.5, 1.5, None], "b": ["x", "x", "x", None]}))
    add(pl.DataFrame({"a": [1.5, None, None], "b": ["x", None, None]}))
    rows = diff(workspace, before="rows@1", after="rows@2", rows=True, key=[], drift=False).rows
    assert (rows.added, rows.removed, rows.changed, rows.key) == (1, 2, 0, [])


def test_a_column_that_is_new_counts_where_it_holds_something(workspace, add):
    add(BEFORE)
    add(
        BEFORE.with_columns(pl.lit(1).alias("new"), pl.lit(None, dtype=pl.Int64).alias("none")),
        schema_policy="evolve",
    )
    rows = diff(workspace, before="rows@1", after="rows@2", rows=True, drift=False).rows
    assert (rows.changed, rows.columns) == (1000, {"new": 1000})


def test_nan_and_nothing_are_themselves(workspace, add):
    add(pl.DataFrame({"id": [1, 2, 3], "v": [float("nan"), None, 1.0]}))
    add(pl.DataFrame({"id": [1, 2, 3], "v": [float("nan"), None, float("nan")]}), note="corrected")
    rows = diff(workspace, before="rows@1", after="rows@2", rows=True, drift=False).rows
    assert (rows.changed, rows.sample[0].key, rows.sample[0].after) == (1, {"id": 3}, {"v": "nan"})


def test_a_key_that_does_not_tell_rows_apart_is_refused(workspace, add):
    add(BEFORE)
    add(corrected())
    with pytest.raises(InvalidInput, match="does not tell one row from another"):
        diff(workspace, before="rows@1", after="rows@2", rows=True, key=["who"])
    with pytest.raises(InvalidInput, match="no column 'idd'"):
        diff(workspace, before="rows@1", after="rows@2", rows=True, key=["idd"])


def test_a_second_file_with_the_same_content_is_more_rows(workspace, tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("v,w\n1.5,x\n2.5,x\n")
    add_files(workspace, "rows", tmp_path / "a.csv")
    add_files(workspace, "rows", tmp_path / "b.csv", mode="append")
    rows = diff(workspace, before="rows@1", after="rows@2", rows=True, key=[], drift=False).rows
    assert (rows.added, rows.removed) == (2, 0)


def test_files_that_both_versions_have_are_not_read(workspace, tmp_path):
    parts = [tmp_path / f"{number}.csv" for number in range(3)]
    for number, path in enumerate(parts):
        path.write_text("id,v\n" + "".join(f"{number * 10 + each},1.5\n" for each in range(10)))
    add_files(workspace, "rows", parts[:2])
    for blob in workspace.blobs.folder.glob("*/*"):
        if blob.read_bytes() == parts[0].read_bytes():
            blob.unlink()
    add_files(workspace, "rows", parts[2], mode="append")
    rows = diff(workspace, before="rows@1", after="rows@2", rows=True, drift=False).rows
    assert (rows.added, rows.removed, rows.changed) == (10, 0, 0)
