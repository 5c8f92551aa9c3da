"""The test servers are real: they keep what they are given and refuse what they must."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.integration


def test_postgres_gives_a_test_an_empty_database(empty_postgres_url):
    import psycopg

    with psycopg.connect(empty_postgres_url) as connection:
        connection.execute("CREATE TABLE t (a int)")
        rows = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert rows == (1,)


def test_s3_refuses_to_create_what_exists(s3_url):
    import obstore
    from obstore.exceptions import AlreadyExistsError

    store = obstore.store.from_url(s3_url)
    store.put("a/b", b"first", mode="create")
    with pytest.raises(AlreadyExistsError):
        store.put("a/b", b"second", mode="create")
    assert bytes(store.get("a/b").bytes()) == b"first"
