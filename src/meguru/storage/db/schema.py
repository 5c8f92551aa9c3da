"""The one table catalogue, and the column types that mean the same on every database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import MetaData, String, Text
from sqlalchemy.types import TypeDecorator

from meguru.base.timestamps import read_time, write_time

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcTime(TypeDecorator[datetime]):
    """A moment, stored as sortable UTC text with microseconds."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> str | None:
        """Spell the moment."""
        del dialect
        return None if value is None else write_time(value)

    def process_result_value(self, value: str | None, dialect: Any) -> datetime | None:
        """Give back an aware moment in UTC."""
        del dialect
        return None if value is None else read_time(value)


class Json(TypeDecorator[Any]):
    """Any JSON-able value, stored as text; structs and datetimes are written as JSON writes them."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str:
        """Write canonical JSON, so that equal values are equal text."""
        del dialect
        return msgspec.json.encode(value, order="sorted").decode()

    def process_result_value(self, value: str | None, dialect: Any) -> Any:
        """Give back plain JSON types."""
        del dialect
        return None if value is None else msgspec.json.decode(value)
