"""Tables of entities, feature views and feature services."""

from sqlalchemy import Boolean, Column, Integer, String, Table

from meguru.storage.db import Json, UtcTime, metadata

entity = Table(
    "entity",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("spec", Json),
    Column("created_at", UtcTime, nullable=False),
    Column("retired_at", UtcTime),
)

feature_view = Table(
    "feature_view",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("latest", Integer, nullable=False),
    Column("spec", Json),
    Column("created_at", UtcTime, nullable=False),
    Column("retired_at", UtcTime),
)
"""`latest` is the version that the present spec means; an older one when a former definition came back."""

feature_view_version = Table(
    "feature_view_version",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("definition", Json, nullable=False),
    Column("features", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
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

feature_service = Table(
    "feature_service",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("latest", Integer, nullable=False),
    Column("spec", Json),
    Column("created_at", UtcTime, nullable=False),
    Column("retired_at", UtcTime),
)

feature_service_version = Table(
    "feature_service_version",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("members", Json, nullable=False),
    Column("full_names", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
)

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
    Column("rows", Integer, nullable=False),
    Column("dropped", Integer, nullable=False, server_default="0"),
    Column("keys", Integer, nullable=False),
    Column("earliest", UtcTime),
    Column("newest", UtcTime),
    Column("profile", String(64), nullable=False),
    Column("drift", Json, nullable=False, server_default="{}"),
    Column("created_at", UtcTime, nullable=False),
)
"""What the rows of a version of a view over versions of its sources look like."""
