"""Alembic's entry: run migrations on the connection that Meguru opened."""

from alembic import context

from meguru.app.nouns import load_schemas
from meguru.storage.db import metadata

load_schemas()
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=False,
    render_as_batch=True,
)
context.run_migrations()
