"""Bring a database's schema up to date."""

from __future__ import annotations

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect

from meguru.app.nouns import load_schemas
from meguru.errors import UsageError, masked
from meguru.storage.db import Database, metadata
from meguru.storage.revision import SCRIPTS, newest

# As Alembic makes it; in a catalogue of its own, for it is not one of ours.
_version = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))


def migrate(db: Database) -> None:
    """Bring a database to the newest revision; nothing happens, quickly, when it is there.

    An empty database gets today's tables at once: a test proves that they are what the migrations make.
    """
    # Every command opens a workspace: the usual case is one read, without the schemas' imports.
    wanted = newest()
    with db.read() as tx:
        if _revision(tx) == wanted:
            db.revision = wanted
            return
    load_schemas()
    with db.write() as tx:
        if not db.is_sqlite:
            # Several servers may start at once; DDL of PostgreSQL is transactional, so the lock ends with it.
            tx.exec_driver_sql("SELECT pg_advisory_xact_lock(7474)")
        found = _revision(tx)  # again, under the lock: another may have brought it up to date meanwhile
        if found is None and not inspect(tx).has_table("event"):
            metadata.create_all(tx)
            _version.create(tx)
            tx.execute(insert(_version).values(version_num=wanted))
        elif found is not None and found > wanted:
            raise UsageError(
                "this workspace was made by a newer Meguru",
                where=masked(db.url),
                why=f"its schema has revision {found}, and this Meguru knows {wanted}",
                hint="upgrade Meguru",
            )
        elif found != wanted:
            upgrade(tx)
    db.revision = wanted


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
