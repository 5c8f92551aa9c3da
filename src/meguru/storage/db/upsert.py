"""``INSERT … ON CONFLICT``: both databases have it, and SQLAlchemy has it for each of them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Table

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert


def insert_into(table: Table, dialect: str) -> Insert:
    """Return an insert that can be told what becomes of rows that are there; `dialect` names the database.

    Statements of SQLite are typed as PostgreSQL's: what both have has the same names.
    """
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    return insert(table)
