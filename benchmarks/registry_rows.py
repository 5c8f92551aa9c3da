"""The same registry, written into the database of our server, and into that of MLflow's."""

from __future__ import annotations

from dataclasses import dataclass

from tracking_servers import Connection, Meguru, Server

_OURS = "strftime('%Y-%m-%dT%H:%M:%S', 1700000000 + {n}, 'unixepoch') || '.000000Z'"
_TAGS = {"team": "'t' || (i % 10)", "rare": "'v' || (i * 31 % {count} / 10)"}
_ACC = "(i * 7919 % {count}) * 1.0 / {count}"


@dataclass(frozen=True)
class Filled:
    """Where the rows are: a run that has some versions, and the experiment of the logged models."""

    run: str
    experiment: str


def fill(server: Server, one: Connection, *, versions: int, models: int, logged: int) -> Filled:
    """Fill a server's database."""
    filled = Filled(run=f"{7:032x}", experiment=one.experiment)
    sizes = {"versions": versions, "models": models, "logged": logged, "experiment": one.experiment}
    run = one.post("runs/create", {"experiment_id": one.experiment})["run"]["info"]["run_id"]
    statements = _ours(**sizes) if isinstance(server, Meguru) else _mlflows(**sizes)
    server.change(
        *(sql.replace("{run}", _our_run(run) if isinstance(server, Meguru) else run) for sql in statements)
    )
    return filled


def _count(count: int) -> str:
    return f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {count - 1}) "


def _tag(key: str, count: int) -> str:
    return _TAGS[key].format(count=count)


def _pairs(count: int) -> str:
    pairs = ", ".join(f"'{key}', {_tag(key, count)}" for key in _TAGS)
    return f"json_object({pairs})"


def _ours(*, versions: int, models: int, logged: int, experiment: str) -> list[str]:
    at, changed = _OURS.format(n="i"), _OURS.format(n="(i * 7919 % 100000)")
    which = f"'model' || (i % {models}), i / {models} + 1"
    labels = "INSERT INTO mlflow_label (kind, owner, number, key, value) "
    return [
        (
            f"INSERT INTO mlflow_model {_count(models)} "
            f"SELECT 'model' || i, '', {_pairs(models)}, {at}, {changed} FROM n"
        ),
        *(
            f"{labels}{_count(models)} SELECT 'model', 'model' || i, 0, '{key}', {_tag(key, models)} FROM n"
            for key in _TAGS
        ),
        (
            "INSERT INTO mlflow_version (name, version, source, storage, run, run_link, "
            "logged_model, description, "
            f"tags, stage, deleted, created_by, created_at, updated_at) {_count(versions)} "
            f"SELECT {which}, 's3://b/' || i, 's3://b/' || i, printf('%032x', i % 20000), '', '', '', "
            f"{_pairs(versions)}, 'None', 0, 'b', {at}, {changed} FROM n"
        ),
        (
            "INSERT INTO model_version (name, version, state, reason, tree_digest, digest, flavor, task, "
            "signature, label, metrics, params, baseline_digest, holdout_digest, run_ref, used, note, size, "
            f"created_at, created_by, event, told) {_count(versions)} "
            f"SELECT {which}, 'unverified', 'other', '', '', '', '', 'null', '', '{{}}', '{{}}', '', '', '', "
            f"'[]', '', 0, {at}, 'b', '', 1 FROM n"
        ),
        *(
            f"{labels}{_count(versions)} SELECT 'version', {which}, '{key}', {_tag(key, versions)} FROM n"
            for key in _TAGS
        ),
        (
            "INSERT INTO logged_model (id, experiment, name, model_type, run, status, params, tags, deleted, "
            f"created_at, updated_at) {_count(logged)} SELECT 'm-' || i, '{experiment}', 'net', '', "
            "printf('%032x', i), 'LOGGED_MODEL_READY', json_object('depth', '' || (i % 10)), '{}', 0, "
            f"{at}, {at} FROM n"
        ),
        f"{labels}{_count(logged)} SELECT 'param', 'm-' || i, 0, 'depth', '' || (i % 10) FROM n",
        (
            "INSERT INTO mlflow_model_metric (model_id, key, ms, step, run, value, dataset_name, "
            "dataset_digest) "
            f"{_count(logged)} "
            f"SELECT 'm-' || i, 'acc', 5, 1, '{{run}}', {_ACC.format(count=logged)}, '', '' FROM n"
        ),
    ]


def _mlflows(*, versions: int, models: int, logged: int, experiment: str) -> list[str]:
    at, changed = "(1700000000 + i) * 1000", "(1700000000 + i * 7919 % 100000) * 1000"
    which = f"'model' || (i % {models}), i / {models} + 1"
    return [
        (
            "INSERT INTO registered_models (name, creation_time, last_updated_time, description) "
            f"{_count(models)} SELECT 'model' || i, {at}, {changed}, '' FROM n"
        ),
        *(
            f"INSERT INTO registered_model_tags (name, key, value) {_count(models)} "
            f"SELECT 'model' || i, '{key}', {_tag(key, models)} FROM n"
            for key in _TAGS
        ),
        (
            "INSERT INTO model_versions (name, version, creation_time, last_updated_time, "
            "description, user_id, "
            f"current_stage, source, run_id, status) {_count(versions)} "
            f"SELECT {which}, {at}, {changed}, '', 'b', "
            "'None', 's3://b/' || i, printf('%032x', i % 20000), 'READY' FROM n"
        ),
        *(
            f"INSERT INTO model_version_tags (name, version, key, value) {_count(versions)} "
            f"SELECT {which}, '{key}', {_tag(key, versions)} FROM n"
            for key in _TAGS
        ),
        (
            "INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, "
            "creation_timestamp_ms, "
            f"last_updated_timestamp_ms, status, lifecycle_stage, source_run_id) {_count(logged)} "
            f"SELECT 'm-' || i, "
            f"{experiment}, 'net', 'mlflow-artifacts:/x', {at}, {at}, 2, 'active', printf('%032x', i) FROM n"
        ),
        (
            f"INSERT INTO logged_model_params (model_id, experiment_id, param_key, param_value) "
            f"{_count(logged)} "
            f"SELECT 'm-' || i, {experiment}, 'depth', '' || (i % 10) FROM n"
        ),
        (
            "INSERT INTO logged_model_metrics (model_id, metric_name, metric_timestamp_ms, metric_step, "
            f"metric_value, experiment_id, run_id) {_count(logged)} SELECT 'm-' || i, 'acc', 5, 1, "
            f"{_ACC.format(count=logged)}, {experiment}, '{{run}}' FROM n"
        ),
    ]


def _our_run(run: str) -> str:
    from meguru.tracking.run_ids import from_hex

    return from_hex(run)
