"""Tables of datasets are read by others: Polars with deltalake, DuckDB; in a folder and in a bucket."""

from __future__ import annotations

import os

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.datasets.client import add_files, frame
from meguru.datasets.operations import delete_rows, free, remove, table

pytestmark = pytest.mark.integration


@pytest.fixture(params=["folder", "bucket"])
def place(request, tmp_path):
    """Return a workspace, and what a reader of its tables must be told."""
    if request.param == "folder":
        with open_local(tmp_path / "ws") as ws:
            yield ws, None
        return
    url = request.getfixturevalue("s3_url")
    options = {
        "aws_endpoint_url": os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ["AWS_ENDPOINT_URL"],
        "aws_allow_http": "true",
        "aws_region": os.environ.get("AWS_REGION", "us-east-1"),
        "aws_access_key_id": os.environ["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": os.environ["AWS_SECRET_ACCESS_KEY"],
    }
    with open_local(tmp_path / "ws", settings=Settings(blobs=url)) as ws:
        yield ws, options


def test_every_version_is_read_by_others(place, tmp_path):
    pytest.importorskip("deltalake")
    ws, options = place
    rows = pl.select(id=pl.int_range(100), at=pl.datetime(2024, 1, 1, time_zone="UTC"), x=0.5)
    for name, some, mode in (
        ("a", rows, "replace"),
        ("b", rows.head(3).with_columns(id=pl.col("id") + 100), "append"),
        ("c", rows.gather_every(10).with_columns(x=pl.lit(9.5)), "upsert"),
    ):
        some.write_parquet(tmp_path / f"{name}.parquet")
        add_files(ws, "rows", tmp_path / f"{name}.parquet", mode=mode, key=["id"])
    delete_rows(ws, name="rows", condition="id BETWEEN 5 AND 7")
    made = table(ws, ref="rows")
    for version in range(1, 5):
        found = pl.scan_delta(made.uri, version=version, storage_options=options).collect()
        assert_frame_equal(found.sort("id"), frame(ws, f"rows@{version}").sort("id"))
    remove(ws, ref="rows@1")
    free(ws)
    assert pl.scan_delta(made.uri, storage_options=options).collect().height == 100


def test_plain_sql_leaves_deleted_rows_out(tmp_path):
    duckdb = pytest.importorskip("duckdb")
    with open_local(tmp_path / "ws") as ws:
        rows = pl.DataFrame({"id": range(100), "x": 1})
        rows.write_parquet(tmp_path / "a.parquet")
        add_files(ws, "rows", tmp_path / "a.parquet", key=["id"])
        delete_rows(ws, name="rows", condition="id > 9")
        found = duckdb.sql(table(ws, ref="rows").view).fetchall()
        assert sorted(found) == [(number, 1) for number in range(10)]
