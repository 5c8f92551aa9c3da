"""first schema."""

import sqlalchemy as sa
from alembic import op

import meguru.storage.db.schema

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "answer",
        sa.Column("principal", sa.String(length=200), nullable=False),
        sa.Column("operation", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("principal", "operation", "key", name=op.f("pk_answer")),
    )
    with op.batch_alter_table("answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_answer_at"), ["at"], unique=False)

    op.create_table(
        "dataset",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("latest", sa.Integer(), nullable=False),
        sa.Column("created_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_dataset")),
    )
    op.create_table(
        "dataset_version",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("profile", sa.String(length=64), nullable=False),
        sa.Column("format", sa.String(length=20), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("columns", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("event_time", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_dataset_version")),
    )
    with op.batch_alter_table("dataset_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dataset_version_digest"), ["digest"], unique=False)

    op.create_table(
        "edge",
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("target", sa.String(length=300), nullable=False),
        sa.Column("event_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "target", name=op.f("pk_edge")),
    )
    with op.batch_alter_table("edge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_edge_target"), ["target"], unique=False)

    op.create_table(
        "endpoint",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("gates", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("shadow", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("record", sa.Boolean(), nullable=False),
        sa.Column("created_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_endpoint")),
    )
    op.create_table(
        "event",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=100), nullable=False),
        sa.Column("at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("operation", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("cause", sa.String(length=64), nullable=True),
        sa.Column("data", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("used", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("produced", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_event")),
        sa.UniqueConstraint("id", name=op.f("uq_event_id")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_cause"), ["cause"], unique=False)
        batch_op.create_index(batch_op.f("ix_event_subject_seq"), ["subject", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_event_type_seq"), ["type", "seq"], unique=False)

    op.create_table(
        "event_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_head")),
    )
    op.create_table(
        "experiment",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_experiment")),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=50), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("payload", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("not_before", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("cause", sa.String(length=64), nullable=True),
        sa.Column("lease_owner", sa.String(length=100), nullable=True),
        sa.Column("lease_until", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.Column("finished_at", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_job_kind_key")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_state_not_before"), ["state", "not_before"], unique=False)

    op.create_table(
        "model_alias",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("alias", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("since", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("until", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.Column("moved_by", sa.String(length=200), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name", "alias", "number", name=op.f("pk_model_alias")),
    )
    with op.batch_alter_table("model_alias", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_model_alias_name_version"), ["name", "version"], unique=False)

    op.create_table(
        "model_version",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tree_digest", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("flavor", sa.String(length=100), nullable=False),
        sa.Column("task", sa.String(length=20), nullable=False),
        sa.Column("signature", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("metrics", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("params", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("baseline_digest", sa.String(length=64), nullable=False),
        sa.Column("holdout_digest", sa.String(length=64), nullable=False),
        sa.Column("run_ref", sa.String(length=200), nullable=False),
        sa.Column("used", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_model_version")),
    )
    with op.batch_alter_table("model_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_model_version_digest"), ["digest"], unique=False)
        batch_op.create_index(batch_op.f("ix_model_version_run_ref"), ["run_ref"], unique=False)

    op.create_table(
        "monitor",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("endpoint", sa.String(length=100), nullable=False),
        sa.Column("checks", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("alert_on", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("min_rows", sa.Integer(), nullable=False),
        sa.Column("min_drift_share", sa.Double(), nullable=False),
        sa.Column("created_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_monitor")),
    )
    with op.batch_alter_table("monitor", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_monitor_endpoint"), ["endpoint"], unique=False)

    op.create_table(
        "pipeline",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("latest", sa.Integer(), nullable=False),
        sa.Column("created_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pipeline")),
    )
    op.create_table(
        "pipeline_run",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("params", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("pinned", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("job", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("created_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("started_at", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.Column("finished_at", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.Column("failed", meguru.storage.db.schema.Json(), nullable=True),
        sa.Column("produced", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("metrics", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("ran", sa.Integer(), nullable=False),
        sa.Column("cached", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pipeline_run")),
    )
    with op.batch_alter_table("pipeline_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pipeline_run_pipeline_id"), ["pipeline", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pipeline_run_state"), ["state"], unique=False)

    op.create_table(
        "pipeline_version",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("graph", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("codes", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("snapshot", sa.String(length=64), nullable=False),
        sa.Column("sources", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("imports", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("commit", sa.String(length=100), nullable=False),
        sa.Column("created_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_pipeline_version")),
    )
    with op.batch_alter_table("pipeline_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pipeline_version_entry"), ["entry"], unique=False)

    op.create_table(
        "prediction_batch",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("endpoint", sa.String(length=100), nullable=False),
        sa.Column("model_ref", sa.String(length=300), nullable=False),
        sa.Column("release_ref", sa.String(length=300), nullable=False),
        sa.Column("received_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("first_time", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("last_time", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prediction_batch")),
        sa.UniqueConstraint("endpoint", "key", name=op.f("uq_prediction_batch_endpoint_key")),
    )
    with op.batch_alter_table("prediction_batch", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_prediction_batch_endpoint_last_time"), ["endpoint", "last_time"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_prediction_batch_endpoint_received_at"), ["endpoint", "received_at"], unique=False
        )

    op.create_table(
        "principal",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("role", sa.String(length=50), nullable=False),
        sa.Column("created_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_principal")),
    )
    op.create_table(
        "registered_model",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("latest", sa.Integer(), nullable=False),
        sa.Column("created_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_registered_model")),
    )
    op.create_table(
        "release",
        sa.Column("endpoint", sa.String(length=100), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("model", sa.String(length=300), nullable=False),
        sa.Column("content", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("content_digest", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("results", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("champion", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("created_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_event", sa.String(length=64), nullable=False),
        sa.Column("checked_at", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.Column("checked_event", sa.String(length=64), nullable=True),
        sa.Column("live_at", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.Column("ended_at", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("endpoint", "version", name=op.f("pk_release")),
    )
    with op.batch_alter_table("release", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_release_endpoint_state"), ["endpoint", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_release_model"), ["model"], unique=False)

    op.create_table(
        "step_run",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("step", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("parts", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("outputs", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("reused", sa.String(length=200), nullable=True),
        sa.Column("log", sa.String(length=64), nullable=True),
        sa.Column("failed", meguru.storage.db.schema.Json(), nullable=True),
        sa.Column("started_at", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.Column("finished_at", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_run")),
    )
    with op.batch_alter_table("step_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_step_run_key_state"), ["key", "state"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_step_run_pipeline_step_id"), ["pipeline", "step", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_step_run_run"), ["run"], unique=False)

    op.create_table(
        "trigger",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("on", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("action", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("cooldown", sa.Float(), nullable=False),
        sa.Column("max_per_day", sa.Integer(), nullable=True),
        sa.Column("created_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("created_seq", sa.BigInteger(), nullable=False),
        sa.Column("due_at", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_trigger")),
    )
    with op.batch_alter_table("trigger", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trigger_due_at"), ["due_at"], unique=False)

    op.create_table(
        "trigger_cursor",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trigger_cursor")),
    )
    op.create_table(
        "deployment",
        sa.Column("endpoint", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("model_ref", sa.String(length=300), nullable=False),
        sa.Column("release_ref", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("since", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("until", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["endpoint"], ["endpoint.name"], name=op.f("fk_deployment_endpoint_endpoint")
        ),
        sa.PrimaryKeyConstraint("endpoint", "number", name=op.f("pk_deployment")),
    )
    with op.batch_alter_table("deployment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deployment_endpoint_state"), ["endpoint", "state"], unique=False)

    op.create_table(
        "firing",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("trigger", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=True),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("fired", sa.String(length=64), nullable=False),
        sa.Column("started", sa.String(length=300), nullable=False),
        sa.Column("job", sa.String(length=64), nullable=True),
        sa.Column("evidence", meguru.storage.db.schema.Json(), nullable=False),
        sa.ForeignKeyConstraint(["trigger"], ["trigger.name"], name=op.f("fk_firing_trigger_trigger")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_firing")),
        sa.UniqueConstraint("trigger", "key", name=op.f("uq_firing_trigger_key")),
    )
    with op.batch_alter_table("firing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_firing_root"), ["root"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_firing_trigger_state_at"), ["trigger", "state", "at"], unique=False
        )

    op.create_table(
        "monitor_report",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("monitor", sa.String(length=100), nullable=False),
        sa.Column("window_start", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("window_end", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("body", meguru.storage.db.schema.Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["monitor"], ["monitor.name"], name=op.f("fk_monitor_report_monitor_monitor")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitor_report")),
        sa.UniqueConstraint(
            "monitor",
            "window_start",
            "window_end",
            "digest",
            name=op.f("uq_monitor_report_monitor_window_start_window_end_digest"),
        ),
    )
    with op.batch_alter_table("monitor_report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_monitor_report_monitor_at"), ["monitor", "at"], unique=False)

    op.create_table(
        "outcome",
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("recorded_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["prediction_batch.id"], name=op.f("fk_outcome_batch_id_prediction_batch")
        ),
        sa.PrimaryKeyConstraint("batch_id", "row", name=op.f("pk_outcome")),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=250), nullable=False),
        sa.Column("experiment", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("started_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("finished_at", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("lease", sa.Double(), nullable=True),
        sa.Column("alive_until", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment"], ["experiment.name"], name=op.f("fk_run_experiment_experiment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_run_experiment_id"), ["experiment", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_run_state_id"), ["state", "id"], unique=False)

    op.create_table(
        "token",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("principal", sa.String(length=100), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("scope", meguru.storage.db.schema.Json(), nullable=False),
        sa.Column("created_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("expires_at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("revoked_at", meguru.storage.db.schema.UtcTime(length=27), nullable=True),
        sa.ForeignKeyConstraint(["principal"], ["principal.name"], name=op.f("fk_token_principal_principal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("hash", name=op.f("uq_token_hash")),
    )
    with op.batch_alter_table("token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_token_principal"), ["principal"], unique=False)

    op.create_table(
        "run_artifact",
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("path", sa.String(length=500), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_run_artifact_run_run")),
        sa.PrimaryKeyConstraint("run", "path", name=op.f("pk_run_artifact")),
    )
    op.create_table(
        "run_metric",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=250), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_run_metric_run_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_metric")),
    )
    with op.batch_alter_table("run_metric", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_run_metric_run_key_step_id"), ["run", "key", "step", "id"], unique=False
        )

    op.create_table(
        "run_metric_latest",
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=250), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("at", meguru.storage.db.schema.UtcTime(length=27), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("minimum", sa.Double(), nullable=True),
        sa.Column("maximum", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_run_metric_latest_run_run")),
        sa.PrimaryKeyConstraint("run", "key", name=op.f("pk_run_metric_latest")),
    )
    op.create_table(
        "run_param",
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=250), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_run_param_run_run")),
        sa.PrimaryKeyConstraint("run", "key", name=op.f("pk_run_param")),
    )
    op.create_table(
        "run_tag",
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=250), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_run_tag_run_run")),
        sa.PrimaryKeyConstraint("run", "key", name=op.f("pk_run_tag")),
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("run_tag")
    op.drop_table("run_param")
    op.drop_table("run_metric_latest")
    with op.batch_alter_table("run_metric", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_run_metric_run_key_step_id"))

    op.drop_table("run_metric")
    op.drop_table("run_artifact")
    with op.batch_alter_table("token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_token_principal"))

    op.drop_table("token")
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_run_state_id"))
        batch_op.drop_index(batch_op.f("ix_run_experiment_id"))

    op.drop_table("run")
    op.drop_table("outcome")
    with op.batch_alter_table("monitor_report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_monitor_report_monitor_at"))

    op.drop_table("monitor_report")
    with op.batch_alter_table("firing", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_firing_trigger_state_at"))
        batch_op.drop_index(batch_op.f("ix_firing_root"))

    op.drop_table("firing")
    with op.batch_alter_table("deployment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deployment_endpoint_state"))

    op.drop_table("deployment")
    op.drop_table("trigger_cursor")
    with op.batch_alter_table("trigger", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_trigger_due_at"))

    op.drop_table("trigger")
    with op.batch_alter_table("step_run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_step_run_run"))
        batch_op.drop_index(batch_op.f("ix_step_run_pipeline_step_id"))
        batch_op.drop_index(batch_op.f("ix_step_run_key_state"))

    op.drop_table("step_run")
    with op.batch_alter_table("release", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_release_model"))
        batch_op.drop_index(batch_op.f("ix_release_endpoint_state"))

    op.drop_table("release")
    op.drop_table("registered_model")
    op.drop_table("principal")
    with op.batch_alter_table("prediction_batch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_prediction_batch_endpoint_received_at"))
        batch_op.drop_index(batch_op.f("ix_prediction_batch_endpoint_last_time"))

    op.drop_table("prediction_batch")
    with op.batch_alter_table("pipeline_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pipeline_version_entry"))

    op.drop_table("pipeline_version")
    with op.batch_alter_table("pipeline_run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pipeline_run_state"))
        batch_op.drop_index(batch_op.f("ix_pipeline_run_pipeline_id"))

    op.drop_table("pipeline_run")
    op.drop_table("pipeline")
    with op.batch_alter_table("monitor", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_monitor_endpoint"))

    op.drop_table("monitor")
    with op.batch_alter_table("model_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_model_version_run_ref"))
        batch_op.drop_index(batch_op.f("ix_model_version_digest"))

    op.drop_table("model_version")
    with op.batch_alter_table("model_alias", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_model_alias_name_version"))

    op.drop_table("model_alias")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_state_not_before"))

    op.drop_table("job")
    op.drop_table("experiment")
    op.drop_table("event_head")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_type_seq"))
        batch_op.drop_index(batch_op.f("ix_event_subject_seq"))
        batch_op.drop_index(batch_op.f("ix_event_cause"))

    op.drop_table("event")
    op.drop_table("endpoint")
    with op.batch_alter_table("edge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_edge_target"))

    op.drop_table("edge")
    with op.batch_alter_table("dataset_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dataset_version_digest"))

    op.drop_table("dataset_version")
    op.drop_table("dataset")
    with op.batch_alter_table("answer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_answer_at"))

    op.drop_table("answer")
