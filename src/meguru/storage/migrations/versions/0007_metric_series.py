"""Points by numbered series; params and tags found by their value; points of logged models."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MICROS = {
    "sqlite": "CAST(strftime('%s', substr(at, 1, 19)) AS INTEGER) * 1000000"
    " + CAST(substr(at, 21, 6) AS INTEGER)",
    "postgresql": "(extract(epoch FROM CAST(at AS timestamptz)) * 1000000)::bigint",
}
_TEXT = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%S', at / 1000000, 'unixepoch') || printf('.%06dZ', at % 1000000)",
    "postgresql": "to_char(to_timestamp(at / 1000000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
}


def upgrade() -> None:
    """Bring the schema to this revision."""
    dialect = op.get_bind().dialect.name
    _make_tables()
    micros = _MICROS[dialect]
    op.execute(
        "INSERT INTO run_series (run, key, value, step, at, count, minimum, maximum) "  # noqa: S608
        f"SELECT run, key, value, step, {micros}, count, minimum, maximum FROM run_metric_latest "
        "ORDER BY run, key"
    )
    op.execute(
        "INSERT INTO run_point (series, step, at, seq, value) "  # noqa: S608
        f"SELECT s.id, m.step, m.at, row_number() OVER (PARTITION BY s.id, m.step, m.at ORDER BY m.id) - 1, "
        f"m.value FROM (SELECT id, run, key, step, value, {micros} AS at FROM run_metric) AS m "
        "JOIN run_series AS s ON s.run = m.run AND s.key = m.key"
    )
    op.drop_table("run_metric")
    op.drop_table("run_metric_latest")
    for table in ("run_param", "run_tag"):
        if dialect == "sqlite":
            _rebuild(table)
        else:
            op.add_column(table, _head())
        op.create_index(f"ix_{table}_key_head_run", table, ["key", "head", "run"])


def downgrade() -> None:
    """Go back to the revision before."""
    dialect = op.get_bind().dialect.name
    _make_old_tables()
    text = _TEXT[dialect]
    op.execute(
        "INSERT INTO run_metric_latest (run, key, value, step, at, count, minimum, maximum) "  # noqa: S608
        f"SELECT run, key, value, step, {text}, count, minimum, maximum FROM run_series"
    )
    op.execute(
        "INSERT INTO run_metric (run, key, step, value, at) "  # noqa: S608
        f"SELECT s.run, s.key, p.step, p.value, {text.replace('at ', 'p.at ')} FROM run_point AS p "
        "JOIN run_series AS s ON s.id = p.series ORDER BY p.series, p.step, p.at, p.seq"
    )
    for table in ("mlflow_model_metric", "run_point", "run_series"):
        op.drop_table(table)
    for table in ("run_param", "run_tag"):
        op.drop_index(f"ix_{table}_key_head_run", table)
        with op.batch_alter_table(table) as batch:
            batch.drop_column("head")


def _head() -> sa.Column[str]:
    return sa.Column("head", sa.String(64), sa.Computed("substr(value, 1, 64)", persisted=True))


def _rebuild(table: str) -> None:
    # SQLite can neither add a stored column nor take the row numbers away from a table that is there.
    op.rename_table(table, f"{table}_before")
    op.create_table(
        table,
        sa.Column("run", sa.String(64), nullable=False),
        sa.Column("key", sa.String(250), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        _head(),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=f"fk_{table}_run_run"),
        sa.PrimaryKeyConstraint("run", "key", name=f"pk_{table}"),
        sqlite_with_rowid=False,
    )
    op.execute(
        f"INSERT INTO {table} (run, key, value) SELECT run, key, value FROM {table}_before"  # noqa: S608
    )
    op.drop_table(f"{table}_before")


def _make_tables() -> None:
    op.create_table(
        "run_series",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("run", sa.String(64), nullable=False),
        sa.Column("key", sa.String(250), nullable=False),
        sa.Column("value", sa.Double()),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("minimum", sa.Double()),
        sa.Column("maximum", sa.Double()),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name="fk_run_series_run_run"),
        sa.PrimaryKeyConstraint("id", name="pk_run_series"),
        sa.UniqueConstraint("run", "key", name="uq_run_series_run_key"),
    )
    op.create_index("ix_run_series_key_value_run", "run_series", ["key", "value", "run"])
    op.create_table(
        "run_point",
        sa.Column("series", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("step", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Double()),
        sa.PrimaryKeyConstraint("series", "step", "at", "seq", name="pk_run_point"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "mlflow_model_metric",
        sa.Column("model_id", sa.String(64), nullable=False),
        sa.Column("key", sa.String(250), nullable=False),
        sa.Column("ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("step", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("run", sa.String(64), nullable=False),
        sa.Column("value", sa.Double()),
        sa.Column("dataset_name", sa.String(500), nullable=False),
        sa.Column("dataset_digest", sa.String(36), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name="fk_mlflow_model_metric_run_run"),
        sa.PrimaryKeyConstraint("model_id", "key", "ms", "step", "run", name="pk_mlflow_model_metric"),
        sqlite_with_rowid=False,
    )


def _make_old_tables() -> None:
    op.create_table(
        "run_metric",
        sa.Column("id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("run", sa.String(64), nullable=False),
        sa.Column("key", sa.String(250), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Double()),
        sa.Column("at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name="fk_run_metric_run_run"),
        sa.PrimaryKeyConstraint("id", name="pk_run_metric"),
    )
    op.create_index("ix_run_metric_run_key_step_id", "run_metric", ["run", "key", "step", "id"])
    op.create_table(
        "run_metric_latest",
        sa.Column("run", sa.String(64), nullable=False),
        sa.Column("key", sa.String(250), nullable=False),
        sa.Column("value", sa.Double()),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("minimum", sa.Double()),
        sa.Column("maximum", sa.Double()),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name="fk_run_metric_latest_run_run"),
        sa.PrimaryKeyConstraint("run", "key", name="pk_run_metric_latest"),
    )
    op.create_index("ix_run_metric_latest_key_value_run", "run_metric_latest", ["key", "value", "run"])
