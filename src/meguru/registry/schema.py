"""Tables of the model registry."""

from sqlalchemy import BigInteger, Boolean, Column, Computed, Index, Integer, String, Table, Text, false, text

from meguru.storage.db import Json, UtcTime, metadata

HEAD = 64
"""So much of a label is in its index."""

registered_model = Table(
    "registered_model",
    metadata,
    Column("name", String(256), primary_key=True),
    Column("latest", Integer, nullable=False),
    Column("numbered", Integer, nullable=False, server_default=text("0")),
    Column("is_prompt", Boolean, nullable=False, server_default=false()),
    Column("created_at", UtcTime, nullable=False),
    Column("has_mlflow_row", Boolean, nullable=False, server_default=false()),
    Column("owner", String(200), nullable=False, server_default=""),
    Column("use_case", String(100), nullable=False, server_default=""),
    Column("baselines", Json, nullable=False, server_default="{}"),
    Column("stages", Json, nullable=False, server_default="[]"),
    Column("retired_at", UtcTime),
    Index(None, "has_mlflow_row", "name"),
    Index(None, "use_case", "name"),
)
"""Every registered model, whoever registered it. `latest` is its newest version (0: it has none), `numbered`
the highest number it ever gave: none is used twice.

What people say of one that `has_mlflow_row` is in `mlflow_model`: a search by MLflow's clients looks there,
not here. The same holds for versions. (One that is not marked may have such a row all the same.)"""

model_version = Table(
    "model_version",
    metadata,
    Column("name", String(256), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("state", String(20), nullable=False, server_default="verified"),
    Column("stage", String(60), nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("tree_digest", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("flavor", String(100), nullable=False),
    Column("task", String(20), nullable=False),
    Column("task_options", Json, nullable=False, server_default="{}"),
    Column("signature", Json, nullable=False),
    Column("label", String(200), nullable=False),
    Column("metrics", Json, nullable=False),
    Column("params", Json, nullable=False),
    Column("baseline_digest", String(64), nullable=False),
    Column("holdout_digest", String(64), nullable=False),
    Column("run_ref", String(200), nullable=False),
    Column("used", Json, nullable=False),
    Column("note", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("event", String(64), nullable=False),
    Column("has_mlflow_row", Boolean, nullable=False, server_default=false()),
    Index(None, "digest"),
    Index(None, "run_ref"),
    Index(None, "has_mlflow_row", "created_at", "name", "version"),
)
"""Every version of every model. One that is `unverified` has a reason, and none of what a model folder tells:
its digests, flavor and task are empty."""

model_alias = Table(
    "model_alias",
    metadata,
    Column("name", String(256), primary_key=True),
    Column("alias", String(255), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime),
    Column("moved_by", String(200), nullable=False),
    Column("event", String(64), nullable=False),
    Index(None, "name", "version"),
)
"""Every move of every alias; the one without `until` holds now."""

model_description = Table(
    "mlflow_model",
    metadata,
    Column("name", String(256), primary_key=True),
    Column("description", Text, nullable=False),
    Column("tags", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Index(None, "created_at", "name"),
    Index(None, "updated_at", "name"),
)
"""What people say of a registered model, which has a row of its own. The table is called as it was when only
clients of another protocol could say anything."""

model_label = Table(
    "mlflow_label",
    metadata,
    Column("kind", String(10), primary_key=True),
    Column("key", String(250), primary_key=True),
    Column("owner", String(256), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("value", Text, nullable=False),
    Column("head", String(HEAD), Computed(f"substr(value, 1, {HEAD})", persisted=True)),
    Index(None, "kind", "key", "head", "owner", "number"),
    Index(None, "owner", "number"),
    sqlite_with_rowid=False,
)
"""Tags and params of models, of their versions and of what is to become versions, once more: as rows that a
search finds. `number` is a version's, and 0 for the others."""
