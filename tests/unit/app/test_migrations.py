"""The schema is what the migrations make, on both databases."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from meguru.app.migrate import SCRIPTS, migrate, newest, upgrade
from meguru.app.nouns import load_schemas
from meguru.app.open import open_local
from meguru.storage.db import Database, metadata


def differences(db):
    """Run every migration on an empty database; return where the result is not today's tables."""
    load_schemas()
    try:
        with db.write() as tx:
            upgrade(tx)
            context = MigrationContext.configure(tx, opts={"compare_type": True})
            return compare_metadata(context, metadata)
    finally:
        db.close()


def test_migrations_make_the_schema_on_sqlite(tmp_path):
    assert differences(Database(f"sqlite:///{tmp_path / 'a.db'}")) == []


@pytest.mark.integration
def test_migrations_make_the_schema_on_postgresql(postgres_url):
    assert differences(Database(postgres_url)) == []


def test_there_is_a_released_schema_and_revisions_are_numbered_without_gap():
    numbers = sorted(int(path.name.partition("_")[0]) for path in (SCRIPTS / "versions").glob("[0-9]*.py"))
    assert numbers
    assert numbers == list(range(1, len(numbers) + 1))
    assert newest() == f"{numbers[-1]:04d}"


def test_opening_twice_migrates_once_and_keeps_what_is_there(tmp_path):
    with open_local(tmp_path / "w") as ws:
        tables = set(inspect(ws.db.engine).get_table_names())
    with open_local(tmp_path / "w") as again:
        found = set(inspect(again.db.engine).get_table_names())
    assert found == tables
    assert {"event", "job", "alembic_version"} <= found


def test_a_new_database_is_stamped_with_the_newest_revision(tmp_path):
    db = Database(f"sqlite:///{tmp_path / 'a.db'}")
    migrate(db)
    with db.write() as tx:
        assert MigrationContext.configure(tx).get_current_revision() == newest()
        assert compare_metadata(MigrationContext.configure(tx, opts={"compare_type": True}), metadata) == []
    db.close()
