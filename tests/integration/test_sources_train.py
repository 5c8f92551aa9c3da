"""What a new user brings (an old export, a table, a bucket of Parquet) trains a pipeline."""

from __future__ import annotations

import io
from textwrap import dedent

import polars as pl
import pytest

from meguru.app.calls import lineage_show
from meguru.datasets.kind import DatasetSpec
from meguru.datasets.operations import position, specs
from meguru.datasets.pulls.wait import pull_now
from meguru.datasets.sources.spec import SourceSpec
from meguru.datasets.types import ReadOptions
from meguru.testing.pipelines import pipeline_test

pytestmark = pytest.mark.integration
TRAIN = """
import polars as pl
from meguru import Dataset, pipeline, step

@step
def fit(sales: Dataset) -> float:
    frame = sales.frame()
    assert frame.schema["price"] == pl.Float64 and frame.schema["zip"] == pl.String
    return frame.select(pl.cov("units", "price") / pl.col("price").var()).item()

@step
def together(first: float, second: float, third: float) -> list[float]:
    return [round(each, 6) for each in (first, second, third)]

@pipeline
def train(export: Dataset, sales: Dataset, lake: Dataset):
    return together(fit(export), fit(sales), fit(lake))
"""
SALES = pl.DataFrame(
    {
        "id": range(1, 41),
        "zip": [f"0{n:04}" for n in range(40)],
        "shop": ["東京", "大阪"] * 20,
        "price": [n / 4 for n in range(40)],
        "units": [100 - 2 * n / 4 for n in range(40)],
    }
)


def test_an_old_export_a_table_and_a_bucket_train_alike(tmp_path, postgres_url, s3_url):
    import psycopg
    from obstore.store import from_url

    from meguru.storage.blobs.objects import connection_options

    lines = ["id;zip;shop;price;units"] + [
        ";".join(str(v).replace(".", ",") for v in row) for row in SALES.rows()
    ]
    (tmp_path / "export.csv").write_text("\r\n".join(lines), encoding="cp932")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE sales (id int, zip text, shop text, price numeric, units float8)")
        with connection.cursor().copy("COPY sales FROM STDIN") as copy:
            for row in SALES.rows():
                copy.write_row(row)
    store = from_url(s3_url, **connection_options(s3_url))
    for part, rows in enumerate(SALES.iter_slices(20)):
        rows.write_parquet(body := io.BytesIO())
        store.put(f"day={part}/part.parquet", body.getvalue())
    (tmp_path / "train.py").write_text(dedent(TRAIN))
    export = DatasetSpec(
        read=ReadOptions(encoding="cp932", decimal=","), source=SourceSpec(address="export.csv")
    )
    table = DatasetSpec(key=["id"], source=SourceSpec(address=f"{postgres_url}#sales", watermark="id"))
    bucket = DatasetSpec(source=SourceSpec(address=f"{s3_url}/day=*/*.parquet"))
    with pipeline_test(tmp_path / "w", isolation="thread") as test:
        for name, spec in (("export", export), ("sales", table), ("lake", bucket)):
            specs.declare(test.ws, name=name, spec=spec)
            pulled = pull_now(test.ws, name)
            assert (pulled.state, pulled.added, pulled.error) == ("done", 40, "")
            assert position(test.ws, ref=f"{name}@1").position is not None
        names = ("export", "sales", "lake")
        result = test.run(f"{tmp_path}/train.py:train", **{name: f"{name}@latest" for name in names})
        assert result.output == [-2.0, -2.0, -2.0]
        used = str(lineage_show(test.ws, ref=result.run.ref))
        assert all(f"dataset/{name}@1" in used for name in names)
