"""Rows are added, put in place of others and deleted by key: a version has what a plain table would have."""

from uuid import uuid4

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from meguru.datasets.client import add_files, frame
from meguru.datasets.operations import files as list_files
from meguru.datasets.versions import compact
from meguru.errors import Conflict, InvalidInput

KEYS = st.sampled_from([None, 1, 2, 3, 4, float("nan"), -0.0, 2.5])
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["append", "upsert", "delete", "replace", "sync"]),
        st.lists(
            st.tuples(KEYS, st.integers(0, 9)), min_size=1, max_size=5, unique_by=lambda row: str(row[0])
        ),
    ),
    min_size=1,
    max_size=6,
)


def add(ws, folder, rows, mode, name="rows", **said):
    path = folder / f"{uuid4().hex}.parquet"
    pl.DataFrame(rows, schema={"id": pl.Float64, "value": pl.Int64}, orient="row").write_parquet(path)
    return add_files(ws, name, path, mode=mode, key=["id"], **said)


def told(key):
    """Return what tells a key from others: NaN is itself, and there is one zero."""
    return str(key if key is None else key + 0.0)


def follow(ws, folder, name, changes):
    """Make the same changes to a dataset and to a plain table, and compare them each time."""
    table = {}
    for mode, rows in changes:
        held = {told(key): (key, value) for key, value in rows}
        if mode == "delete" and not table:
            continue
        if mode == "append" and held.keys() & table.keys():
            with pytest.raises(Conflict, match="there already"):
                add(ws, folder, list(held.values()), mode, name)
        else:
            add(ws, folder, list(held.values()), mode, name)
            if mode == "delete":
                table = {key: row for key, row in table.items() if key not in held}
            else:
                table = held if mode in {"replace", "sync"} else table | held
        found = sorted((told(key), value) for key, value in frame(ws, name).rows())
        assert found == sorted((told(key), value) for key, value in table.values())


@pytest.mark.parametrize("count", [8, pytest.param(300, marks=pytest.mark.soak)])
def test_a_version_has_what_a_table_would_have(workspace, tmp_path, monkeypatch, count):
    names = iter(range(10_000))
    monkeypatch.setattr(compact, "MIN_RUN", 3)

    @settings(max_examples=count, deadline=None)
    @given(changes=CHANGES)
    def follows(changes):
        follow(workspace, tmp_path, f"rows{next(names)}", changes)

    follows()


def test_many_small_files_become_one_and_what_they_were_is_known(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr(compact, "MIN_RUN", 4)
    for number in range(9):
        path = tmp_path / f"{number}.parquet"
        pl.DataFrame({"a": [number]}).write_parquet(path)
        add_files(workspace, "parts", path, mode="append")
    listed = list_files(workspace, ref="parts")
    assert [len(file.merged) for file in listed] == [7, 0, 0]
    assert frame(workspace, "parts")["a"].to_list() == list(range(9))
    assert frame(workspace, "parts@2")["a"].to_list() == [0, 1]
    same = add_files(workspace, "parts", tmp_path / "3.parquet", mode="append")
    assert same.version == 9


def test_deleting_needs_a_key_and_something_to_delete_from(workspace, tmp_path):
    path = tmp_path / "a.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(path)
    with pytest.raises(InvalidInput, match="nothing tells one row from another"):
        add_files(workspace, "rows", path, mode="upsert")
    with pytest.raises(InvalidInput, match="nothing to delete"):
        add_files(workspace, "rows", path, mode="delete", key=["a"])
    add_files(workspace, "rows", path)
    with pytest.raises(InvalidInput) as caught:
        add_files(workspace, "rows", path, mode="delete", key=["b"])
    assert "there is no column 'b'" in str(caught.value)


def test_a_correction_writes_what_changed(workspace, tmp_path):
    path = tmp_path / "a.parquet"
    pl.DataFrame({"id": range(50_000), "value": [str(n) for n in range(50_000)]}).write_parquet(path)
    add_files(workspace, "rows", path, key=["id"])
    before = {blob: blob.stat().st_size for blob in workspace.blobs.folder.glob("??/*")}
    pl.DataFrame({"id": range(0, 50_000, 100), "value": "new"}).write_parquet(path)
    version = add_files(workspace, "rows", path, mode="upsert")
    after = {blob: blob.stat().st_size for blob in workspace.blobs.folder.glob("??/*")}
    assert sum(after[blob] for blob in after.keys() - before.keys()) < sum(before.values()) / 10
    assert (version.rows, frame(workspace, "rows").filter(value="new").height) == (50_000, 500)
    assert frame(workspace, "rows@1").filter(value="new").height == 0


def test_a_whole_export_that_is_synced_writes_what_differs(workspace, tmp_path):
    rows = pl.DataFrame({"id": range(20_000), "value": [str(n) for n in range(20_000)], "x": None})
    rows.write_parquet(tmp_path / "1.parquet")
    add_files(workspace, "rows", tmp_path / "1.parquet", key=["id"])
    new = rows.filter(pl.col("id") != 7).with_columns(
        value=pl.when(pl.col("id") % 1000 == 0).then(pl.lit("new")).otherwise("value")
    )
    new = pl.concat(
        [new.sample(fraction=1, shuffle=True, seed=1), rows.head(1).with_columns(id=pl.lit(-1, pl.Int64))]
    )
    new.write_parquet(tmp_path / "2.parquet")
    made = add_files(workspace, "rows", tmp_path / "2.parquet", mode="sync", key=["id"])
    kept, added = list_files(workspace, ref="rows")
    assert (made.rows, kept.deleted_rows, added.rows) == (20_000, 21, 21)
    assert_frame_equal(frame(workspace, "rows").sort("id"), new.sort("id"), check_dtypes=False)
    assert add_files(workspace, "rows", tmp_path / "2.parquet", mode="sync", key=["id"]) == made
    new.with_columns(value=pl.lit("other")).write_parquet(tmp_path / "3.parquet")
    add_files(workspace, "rows", tmp_path / "3.parquet", mode="sync", key=["id"])
    assert len(list_files(workspace, ref="rows")) == 1


def test_who_expected_another_version_is_told(workspace, tmp_path):
    first = add(workspace, tmp_path, [(1.0, 1)], "replace")
    add(workspace, tmp_path, [(1.0, 2)], "upsert", follows=first.ref)
    with pytest.raises(Conflict, match="dataset/rows@1 is not the newest version any more"):
        add(workspace, tmp_path, [(1.0, 3)], "upsert", follows=first.ref)
    assert frame(workspace, "rows")["value"].to_list() == [2]


def test_keys_to_delete_come_without_the_other_columns(workspace, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("code,name\n01,a\n2,b\n")
    add_files(workspace, "named", path, key=["code"])
    path.write_text("code\n2\n")  # alone it would be a number
    add_files(workspace, "named", path, mode="delete", key=["code"])
    assert frame(workspace, "named").rows() == [("01", "a")]


def test_a_file_may_lack_a_text_column_where_columns_may_change(workspace, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("code,name\n01,a\n")
    add_files(workspace, "named", path)
    path = tmp_path / "more.csv"
    path.write_text("code,size\n02,3\n")
    add_files(workspace, "named", path, mode="append", schema_policy="evolve")
    assert frame(workspace, "named").rows() == [("01", "a", None), ("02", None, 3)]


def test_keys_are_texts_too(workspace, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("code,v\na,1\nb,2\nid,3\n")
    add_files(workspace, "texts", path, key=["code"])
    path.write_text("code,v\nb,9\nv,4\n")
    add_files(workspace, "texts", path, mode="upsert", key=["code"])
    path.write_text("code,v\na,1\n")
    add_files(workspace, "texts", path, mode="delete", key=["code"])
    assert frame(workspace, "texts").sort("code").rows() == [("b", 9), ("id", 3), ("v", 4)]
