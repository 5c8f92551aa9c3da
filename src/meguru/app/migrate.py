"""Bring a database's schema up to date."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect

from meguru.app.nouns import load_schemas
from meguru.storage.db import Database, metadata

SCRIPTS = Path(__file__).parent.parent / "storage" / "migrations"


def migrate(db: Database) -> None:
    """Run the migrations this database lacks; nothing happens, quickly, when it has them all."""
    with db.read() as tx:
        if newest() is not None and _revision(tx) == newest():
            return
    load_schemas()
    with db.write() as tx:
        if not db.is_sqlite:
            tx.exec_driver_sql("SELECT pg_advisory_xact_lock(7474)")
        if newest() is None:
            metadata.create_all(tx)
            return
        upgrade(tx)


def newest() -> str | None:
    """Return the name of the newest migration, read from the file names (``0001_name.py``)."""
    names = sorted(path.stem for path in (SCRIPTS / "versions").glob("[0-9]*.py"))
    return names[-1].partition("_")[0] if names else None


def upgrade(tx: Connection) -> None:
    """Run the missing migrations in an open transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = tx
    command.upgrade(config, "head")


def _revision(tx: Connection) -> str | None:
    if not inspect(tx).has_table("alembic_version"):
        return None
    found = tx.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)
