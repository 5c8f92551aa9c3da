"""Tables of a real PostgreSQL and files in a real bucket become datasets."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from meguru.datasets.client import add_files, frame
from meguru.errors import InvalidInput

pytestmark = pytest.mark.integration
TABLE = 'shop."Order s"'


def test_a_table_of_postgresql_and_a_query_are_datasets(workspace, postgres_url):
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA shop")
        columns = "id bigint, day date, price numeric(9, 2), tags text[], u uuid"
        connection.execute(f"CREATE TABLE {TABLE} ({columns})")
        values = "n, DATE '2024-01-01' + n, n / 4.0, ARRAY['a'], gen_random_uuid()"
        connection.execute(f"INSERT INTO {TABLE} SELECT {values} FROM generate_series(1, 3) AS n")
    made = add_files(workspace, "orders", f"{postgres_url}#shop.Order s")
    kinds = {each.name: each.type for each in made.columns}
    assert (kinds["id"], kinds["day"], kinds["price"], kinds["u"]) == ("Int64", "Date", "Float64", "String")
    assert frame(workspace, "orders").row(1)[:4] == (2, date(2024, 1, 3), 0.5, ["a"])
    assert add_files(workspace, "orders", f"{postgres_url}#shop.Order s") == made
    late = f"SELECT id FROM {TABLE} WHERE day::date > '2024-01-03'"
    add_files(workspace, "few", postgres_url, query=late)
    assert frame(workspace, "few").rows() == [(3,)]
    for query in (f"DELETE FROM {TABLE}", "SELECT nothing"):
        with pytest.raises(InvalidInput):
            add_files(workspace, "few", postgres_url, query=query)


def test_a_folder_of_a_bucket_is_kept_file_by_file_and_only_new_objects_are_fetched(
    workspace, s3_url, tmp_path, monkeypatch
):
    import obstore
    from obstore.store import from_url

    from meguru.datasets.folders.client import add_folder
    from meguru.datasets.folders.materialize import files_of
    from meguru.datasets.folders.places import open_folder
    from meguru.storage.blobs.objects import connection_options

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    store = from_url(s3_url, **connection_options(s3_url))
    for name in ("photos/cats/1.png", "photos/dogs/1.png", "photos-old/1.png"):
        obstore.put(store, name, name.encode())
    assert add_files(workspace, "found", f"{s3_url}/photos/").format == "files"
    first = add_folder(workspace, "photos", open_folder(f"{s3_url}/photos/"), label="folder")
    assert frame(workspace, "photos").select("path", "label").rows() == [
        ("cats/1.png", "cats"),
        ("dogs/1.png", "dogs"),
    ]
    obstore.put(store, "photos/cats/1.png", b"other")
    again = add_folder(workspace, "photos", open_folder(f"{s3_url}/photos/"))
    assert (first.files, again.read, again.version.version) == (2, 1, 2)
    assert files_of(workspace, "photos").read("cats/1.png") == b"other"
    with pytest.raises(InvalidInput, match="no file"):
        open_folder(f"{s3_url}/nothing/")


def test_files_of_a_bucket_by_name_prefix_and_pattern(workspace, s3_url, tmp_path):
    from obstore.store import from_url

    from meguru.storage.blobs.objects import connection_options

    store = from_url(s3_url, **connection_options(s3_url))
    for day in (1, 2):
        pl.DataFrame({"id": [day]}).write_parquet(tmp_path / "part.parquet")
        store.put(f"events/dt={day}/part.parquet", (tmp_path / "part.parquet").read_bytes())
    store.put("events/readme.txt", b"not data")
    made = add_files(workspace, "events", f"{s3_url}/events/dt=*/*.parquet")
    assert (made.files, sorted(frame(workspace, "events")["id"])) == (2, [1, 2])
    assert add_files(workspace, "one", f"{s3_url}/events/dt=1/part.parquet").rows == 1
    assert add_files(workspace, "day", f"{s3_url}/events/dt=2/").rows == 1
    for address in (f"{s3_url}/nothing/", f"{s3_url}/events/dt=9/part.parquet"):
        with pytest.raises(InvalidInput, match="can't be read"):
            add_files(workspace, "none", address)
