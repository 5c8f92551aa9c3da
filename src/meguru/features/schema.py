"""Tables of entities, feature views and feature services."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table

from meguru.storage.db import Json, UtcTime, metadata


def _declared(noun: str, *more: Column[Any]) -> Table:
    """What people say of a noun now, by name."""
    return Table(
        noun,
        metadata,
        Column("name", String(100), primary_key=True),
        *more,
        Column("spec", Json),
        Column("created_at", UtcTime, nullable=False),
        Column("retired_at", UtcTime),
    )


def _versions(noun: str, *content: Column[Any]) -> Table:
    """Versions of a noun, which never change."""
    return Table(
        f"{noun}_version",
        metadata,
        Column("name", String(100), primary_key=True),
        Column("version", Integer, primary_key=True, autoincrement=False),
        Column("digest", String(64), nullable=False),
        *content,
        Column("created_at", UtcTime, nullable=False),
        Column("created_by", String(200), nullable=False),
    )


entity = _declared("entity")
feature_view = _declared("feature_view", Column("latest", Integer, nullable=False))
feature_service = _declared("feature_service", Column("latest", Integer, nullable=False))
"""`latest` is the version that the present spec means; an older one when a former definition came back."""

feature_view_version = _versions(
    "feature_view", Column("definition", Json, nullable=False), Column("features", Json, nullable=False)
)
feature_service_version = _versions(
    "feature_service", Column("members", Json, nullable=False), Column("full_names", Boolean, nullable=False)
)

feature_code = Table(
    "feature_code",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("function", String(300), nullable=False),
    Column("snapshot", String(64), nullable=False),
    Column("sources", Json, nullable=False),
    Column("packages", Json, nullable=False),
    Column("features", Json, nullable=False, server_default="{}"),
    Column("created_at", UtcTime, nullable=False),
)
"""Code of views, by the view and the digest of all that the function reaches."""

feature_set = Table(
    "feature_set",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("ref", String(200), nullable=False),
    Column("created_at", UtcTime, nullable=False),
)
"""What runs and training sets were made from: each a blob, kept as long as the lineage is."""

feature_profile = Table(
    "feature_profile",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("rows_digest", String(64), primary_key=True),
    Column("datasets", Json, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("dropped", BigInteger, nullable=False, server_default="0"),
    Column("keys", BigInteger, nullable=False),
    Column("earliest", UtcTime),
    Column("newest", UtcTime),
    Column("profile", String(64), nullable=False),
    Column("drift", Json, nullable=False, server_default="{}"),
    Column("created_at", UtcTime, nullable=False),
)
"""What the rows of a version of a view over versions of its sources look like."""
