"""Tables of a real PostgreSQL and files in a real bucket become datasets."""

from __future__ import annotations

import threading
import time
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import polars as pl
import pytest

from meguru.base.source_secrets import Secrets
from meguru.datasets.client import add_files, frame
from meguru.datasets.kind import DatasetSpec
from meguru.datasets.operations import specs
from meguru.datasets.pulls.wait import pull_now
from meguru.datasets.sources import source_of
from meguru.datasets.sources.base import SourceContext
from meguru.datasets.sources.chunks import FileSink
from meguru.datasets.sources.spec import SourceSpec
from meguru.errors import InvalidInput, Unreachable
from meguru.storage.db.external import anywhere

pytestmark = pytest.mark.integration
TABLE = 'shop."Order s"'


def test_a_table_of_postgresql_and_a_query_are_datasets(workspace, empty_postgres_url):
    import psycopg

    with psycopg.connect(empty_postgres_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA shop")
        columns = "id bigint, day date, price numeric(9, 2), tags text[], u uuid"
        connection.execute(f"CREATE TABLE {TABLE} ({columns})")
        values = "n, DATE '2024-01-01' + n, n / 4.0, ARRAY['a'], gen_random_uuid()"
        connection.execute(f"INSERT INTO {TABLE} SELECT {values} FROM generate_series(1, 3) AS n")
    made = add_files(workspace, "orders", f"{empty_postgres_url}#shop.Order s")
    kinds = {each.name: each.type for each in made.columns}
    assert (kinds["id"], kinds["day"], kinds["price"], kinds["u"]) == ("Int64", "Date", "Float64", "String")
    assert frame(workspace, "orders").row(1)[:4] == (2, date(2024, 1, 3), 0.5, ["a"])
    assert add_files(workspace, "orders", f"{empty_postgres_url}#shop.Order s") == made
    late = f"SELECT id FROM {TABLE} WHERE day::date > '2024-01-03'"
    add_files(workspace, "few", empty_postgres_url, query=late)
    assert frame(workspace, "few").rows() == [(3,)]
    for query in (f"DELETE FROM {TABLE}", "SELECT nothing"):
        with pytest.raises(InvalidInput):
            add_files(workspace, "few", empty_postgres_url, query=query)


def test_a_folder_of_a_bucket_is_kept_file_by_file_and_only_new_objects_are_fetched(
    workspace, s3_url, tmp_path, monkeypatch
):
    import obstore
    from obstore.store import from_url

    from meguru.datasets.folders.client import add_folder
    from meguru.datasets.folders.locations import open_folder
    from meguru.datasets.folders.materialize import files_of
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


EDGES = """
CREATE TABLE edges (id int, big bigint, f float8, n numeric, flag bool, t text, v varchar(9), j jsonb,
    u uuid, d date, at timestamp, tz timestamptz);
INSERT INTO edges VALUES
    (1, 9223372036854775807, 'NaN', 12345678.125, true, '', 'a"b,c', '{"a": [1]}',
     '00000000-0000-0000-0000-000000000001', '0001-01-01', '2026-01-01 00:00:00.000001',
     '2026-07-01 12:00+09'),
    (2, -9223372036854775808, '-Infinity', -0.5, false, E'two\nlines\r\n', '\\N', '"x"', NULL,
     '9999-12-31', '1970-01-01', '1969-12-31 23:59:59.999999+00'),
    (3, NULL, 1e-300, NULL, NULL, NULL, 'NULL', NULL, NULL, NULL, NULL, NULL);
"""


def read_once(address, folder, query="", seconds=60.0):
    folder.mkdir()
    sink = FileSink(folder)
    context = SourceContext(secrets=Secrets(own=True), blob=lambda _: b"", put=lambda _: "", place=anywhere)
    source_of(SourceSpec(address=address, query=query, timeout=seconds), context).read(None, sink, [])
    return pl.concat([pl.read_parquet(file) for file in sink.close().values()])


def test_what_is_copied_out_of_postgresql_is_what_its_rows_say(empty_postgres_url, tmp_path, monkeypatch):
    import psycopg

    with psycopg.connect(empty_postgres_url, autocommit=True) as connection:
        connection.execute(EDGES)
        connection.execute("CREATE TABLE odd AS SELECT 'infinity'::timestamp AS at")
    copied = read_once(f"{empty_postgres_url}#edges", tmp_path / "copied")
    row = copied.row(0, named=True)
    assert (row["big"], row["n"], row["t"], row["v"]) == (2**63 - 1, 12345678.125, "", 'a"b,c')
    assert (row["at"], row["tz"]) == (
        datetime.fromisoformat("2026-01-01 00:00:00.000001"),
        datetime(2026, 7, 1, 3, tzinfo=UTC),
    )
    assert copied.row(2)[3:8] == (None, None, None, "NULL", None)
    with pytest.raises(InvalidInput, match="'at' holds a value that no column can hold"):
        read_once(f"{empty_postgres_url}#odd", tmp_path / "odd")
    monkeypatch.setattr("meguru.datasets.sources.sql.copied_frames", lambda *_: None)
    rows = read_once(f"{empty_postgres_url}#edges", tmp_path / "rows")
    assert copied.schema == rows.schema
    same = [name for name in rows.columns if name != "j"]  # JSON is written out anew by the driver
    assert copied.select(same).equals(rows.select(same))


def test_a_database_that_dies_or_is_silent_in_the_middle_is_no_version(
    workspace, empty_postgres_url, tmp_path
):
    import psycopg

    with psycopg.connect(empty_postgres_url, autocommit=True) as connection:
        rows = "SELECT n, repeat('x', 500) AS t FROM generate_series(1, 90000) AS n"
        connection.execute(f"CREATE TABLE wide AS {rows}")
        many = "SELECT n, pg_sleep(CASE WHEN n = 60000 THEN 20 ELSE 0 END)::text AS s, t FROM wide"
        ended = []

        copying = "FROM pg_stat_activity WHERE query LIKE 'COPY%' AND pid != pg_backend_pid()"

        def end():
            while not ended:
                time.sleep(0.1)
                ended.extend(connection.execute(f"SELECT pg_terminate_backend(pid) {copying}").fetchall())

        (thread := threading.Thread(target=end)).start()
        with pytest.raises(Unreachable):
            read_once(empty_postgres_url, tmp_path / "dies", many)
        thread.join()
        with pytest.raises(Unreachable):
            read_once(empty_postgres_url, tmp_path / "silent", many, seconds=1)


class Silent(BaseHTTPRequestHandler):
    """A store that never answers in time."""

    def log_message(self, *args):
        pass

    def do_GET(self):
        time.sleep(3)

    do_HEAD = do_GET  # noqa: N815 - as the base class calls it


def test_a_bucket_that_does_not_answer_is_told_in_time(tmp_path, monkeypatch, s3_server):
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    with ThreadingHTTPServer(("127.0.0.1", 0), Silent) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        began = time.monotonic()
        with pytest.raises(Unreachable):
            read_once("s3://lake/*.csv", tmp_path / "silent", seconds=1)
        assert time.monotonic() - began < 60
        server.shutdown()


def test_a_declared_bucket_fetches_only_what_is_new_and_keeps_the_rest(workspace, s3_url, tmp_path):
    from obstore.store import from_url

    from meguru.storage.blobs.objects import connection_options

    store = from_url(s3_url, **connection_options(s3_url))
    for day in (1, 2):
        store.put(f"in/{day}.csv", f"id;v\n{day};2,5\n".encode())
    specs.declare(workspace, name="events", spec=DatasetSpec(source=SourceSpec(address=f"{s3_url}/in/*.csv")))
    assert pull_now(workspace, "events").added == 2
    assert pull_now(workspace, "events").state == "empty"
    store.put("in/3.csv", b"id;v\n3;2,5\n")
    store.put("in/1.csv", b"id;v\n10;2,5\n")
    assert pull_now(workspace, "events").version == 2
    assert sorted(frame(workspace, "events")["id"]) == [2, 3, 10]
    store.delete(["in/2.csv"])
    assert "files are there no more" in pull_now(workspace, "events").error
