"""Columns and tables whose names nobody could guess are called by what they hold."""

import sqlalchemy as sa
from alembic import op

revision = "0096"
down_revision = "0095"

_COLUMNS = (
    ("alert", "good", "good_answers"),
    ("attested_commit", "told_by", "reported_by"),
    ("broken_glass", "lacked", "missing"),
    ("checkpoint_place", "told", "failure_reported"),
    ("dataset_source", "of", "version_digest"),
    ("dataset_version", "elsewhere", "remote_environment"),
    ("erasure", "marks", "person_hashes"),
    ("labelling", "each", "labels_per_row"),
    ("lane_limit", "most", "max_running"),
    ("legal_hold", "marks", "person_hashes"),
    ("model_version", "told", "has_mlflow_row"),
    ("monitor_cell", "mark", "checksum"),
    ("monitor_window", "looks", "evaluations"),
    ("pipeline", "said", "spec"),
    ("pipeline_deployment", "back_to", "rolled_back_to"),
    ("pipeline_metrics", "marks", "offsets"),
    ("pipeline_run", "again", "rerun_steps"),
    ("registered_model", "told", "has_mlflow_row"),
    ("release_approval", "saw", "page_digest"),
    ("review_request", "everybody", "requesters"),
    ("run_series", "loose", "unchunked"),
    ("sweep", "forgiven", "forgiven_failures"),
    ("waiver", "ended_why", "end_reason"),
    ("waiver", "leaned_on_by", "used_by"),
    ("waiver", "said", "refusal"),
)
_TABLES = (
    ("alert_told", "alert_notified"),
    ("broken_glass", "break_glass"),
    ("card_look", "card_part_review"),
    ("owned_thing", "owned_resource"),
)
_INDEXES = (
    (
        "model_version",
        "ix_model_version_told_created_at_name_version",
        "ix_model_version_has_mlflow_row_created_at_name_version",
        ("has_mlflow_row", "created_at", "name", "version"),
    ),
    ("owned_resource", "ix_owned_thing_owner", "ix_owned_resource_owner", ("owner",)),
    (
        "registered_model",
        "ix_registered_model_told_name",
        "ix_registered_model_has_mlflow_row_name",
        ("has_mlflow_row", "name"),
    ),
    ("run_series", "ix_run_series_loose", "ix_run_series_unchunked", ("unchunked",)),
    ("waiver", "ix_waiver_leaned_on_by", "ix_waiver_used_by", ("used_by",)),
)


def upgrade() -> None:
    """Bring the schema to this revision."""
    for table, old, new in _COLUMNS:
        _rename(table, old, new)
    for old, new in _TABLES:
        op.rename_table(old, new)
    for table, old, new, columns in _INDEXES:
        _rename_index(table, old, new, columns)


def downgrade() -> None:
    """Go back to the revision before."""
    for table, old, new, columns in _INDEXES:
        _rename_index(table, new, old, columns)
    for old, new in _TABLES:
        op.rename_table(new, old)
    for table, old, new in _COLUMNS:
        _rename(table, new, old)


def _rename(table: str, old: str, new: str) -> None:
    # By hand: alembic copies the whole table on SQLite, which has this statement since 3.25 and keeps to it in
    # indexes and triggers; a log of millions of rows would be written anew for a word.
    op.execute(f'ALTER TABLE "{table}" RENAME COLUMN "{old}" TO "{new}"')


def _rename_index(table: str, old: str, new: str, columns: tuple[str, ...]) -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.execute(f'ALTER INDEX "{old}" RENAME TO "{new}"')
        return
    # SQLite renames no index. The one of unchunked points is partial, and nearly empty.
    where = sa.text(f"{columns[0]} >= 512") if table == "run_series" else None
    op.drop_index(old, table)
    op.create_index(new, table, list(columns), sqlite_where=where)
