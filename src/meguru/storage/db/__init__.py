"""The database: SQLite in a folder, or PostgreSQL when shared. Most statements run on both."""

from meguru.storage.db.engine import Database
from meguru.storage.db.schema import Json, UtcTime, metadata

__all__ = ["Database", "Json", "UtcTime", "metadata"]
