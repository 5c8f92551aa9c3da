"""Tables of personal data."""

from sqlalchemy import Column, String, Table

from meguru.storage.db import metadata

private_blob = Table(
    "private_blob",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("dataset", String(100), primary_key=True),
)
"""Files of datasets with personal columns in clear: who may not see these may not fetch them."""
