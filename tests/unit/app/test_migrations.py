"""The schema is what the migrations make, on both databases."""

from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from msgspec import structs
from sqlalchemy import inspect

from meguru.app.migrate import SCRIPTS, migrate, newest, upgrade
from meguru.app.nouns import load_schemas
from meguru.app.open import open_local
from meguru.kernel import events
from meguru.kernel.event import Event
from meguru.kernel.event_log import START, chain_hash
from meguru.kernel.events import guards
from meguru.kernel.events.schema import event, event_head
from meguru.monitoring import store as monitors
from meguru.monitoring.deciding.rules import Persistence, Recovery
from meguru.monitoring.types import Severity
from meguru.predictions import aggregation_queue, counts
from meguru.registry import store as registry
from meguru.storage.db import Database, metadata, rowwise
from meguru.tracking import series


def differences(db):
    """Run every migration on an empty database; return where the result is not today's tables."""
    load_schemas()
    try:
        with db.write() as tx:
            upgrade(tx)
            context = MigrationContext.configure(tx, opts={"compare_type": True})
            return [*compare_metadata(context, metadata), *guards.missing(tx)]
    finally:
        db.close()


def test_migrations_make_the_schema_on_sqlite(tmp_path):
    assert differences(Database(f"sqlite:///{tmp_path / 'a.db'}")) == []


@pytest.mark.integration
def test_migrations_make_the_schema_on_postgresql(empty_postgres_url):
    assert differences(Database(empty_postgres_url)) == []


def test_there_is_a_released_schema_and_revisions_are_numbered_without_gap():
    numbers = sorted(int(path.name.partition("_")[0]) for path in (SCRIPTS / "versions").glob("[0-9]*.py"))
    assert numbers
    assert numbers == list(range(1, len(numbers) + 1))
    assert newest() == f"{numbers[-1]:04d}"


def test_opening_twice_migrates_once_and_keeps_what_is_there(tmp_path):
    with open_local(tmp_path / "w") as ws:
        tables = set(inspect(ws.db.engine).get_table_names())
    with open_local(tmp_path / "w") as again:
        found = set(inspect(again.db.engine).get_table_names())
    assert found == tables
    assert {"event", "job", "alembic_version"} <= found


def test_a_new_database_is_stamped_with_the_newest_revision(tmp_path):
    db = Database(f"sqlite:///{tmp_path / 'a.db'}")
    migrate(db)
    with db.write() as tx:
        assert MigrationContext.configure(tx).get_current_revision() == newest()
        assert compare_metadata(MigrationContext.configure(tx, opts={"compare_type": True}), metadata) == []
    db.close()


def old_points(tx):
    """Write, at the schema before series had numbers, two runs with points, params and tags."""
    at = "2026-03-01T12:00:00.000123Z"
    for statement in (
        "INSERT INTO experiment (name, note, created_at, created_by) VALUES ('e', '', '{at}', 'me')",
        (
            "INSERT INTO run (id, name, experiment, state, started_at, created_by, error) "
            "VALUES ('run-1', 'n', 'e', 'running', '{at}', 'me', '')"
        ),
        "INSERT INTO run_param (run, key, value) VALUES ('run-1', 'lr', '{long}')",
        "INSERT INTO run_tag (run, key, value) VALUES ('run-1', 'team', 'blue')",
        "INSERT INTO run_metric (run, key, step, value, at) VALUES ('run-1', 'auc', 1, 0.5, '{at}')",
        "INSERT INTO run_metric (run, key, step, value, at) VALUES ('run-1', 'auc', 1, 0.5, '{at}')",
        "INSERT INTO run_metric (run, key, step, value, at) VALUES ('run-1', 'auc', 0, NULL, '{at}')",
        (
            "INSERT INTO run_metric_latest (run, key, value, step, at, count, minimum, maximum) "
            "VALUES ('run-1', 'auc', 0.5, 1, '{at}', 3, 0.5, 0.5)"
        ),
    ):
        tx.exec_driver_sql(statement.format(at=at, long="x" * 500))


def moves_points(db):
    load_schemas()
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    try:
        with db.write() as tx:
            config.attributes["connection"] = tx
            command.upgrade(config, "0005")
            old_points(tx)
            command.upgrade(config, "head")
            moment = datetime(2026, 3, 1, 12, microsecond=123, tzinfo=UTC)
            number, count = series.series_of(tx, "run-1", "auc")
            rows = [row for piece in series.pieces(tx, number) for row in piece.rows()]
            assert count == 3
            assert [(step, series.moment(at), seq, value) for step, at, seq, value in rows] == [
                (0, moment, 0, None),
                (1, moment, 0, 0.5),
                (1, moment, 1, 0.5),
            ]
            assert series.summaries(tx, ["run-1"])["run-1"]["auc"].at == moment
            heads = tx.exec_driver_sql("SELECT head, value FROM run_param").all()
            assert heads == [("x" * 64, "x" * 500)]
            command.downgrade(config, "0005")
            told = tx.exec_driver_sql("SELECT step, value, at FROM run_metric ORDER BY id").all()
            assert told[0] == (0, None, "2026-03-01T12:00:00.000123Z")
            assert [row[:2] for row in told[1:]] == [(1, 0.5), (1, 0.5)]
    finally:
        db.close()


def test_points_of_an_older_workspace_are_kept_on_sqlite(tmp_path):
    moves_points(Database(f"sqlite:///{tmp_path / 'a.db'}"))


@pytest.mark.integration
def test_points_of_an_older_workspace_are_kept_on_postgresql(empty_postgres_url):
    moves_points(Database(empty_postgres_url))


def old_registry(tx):
    """Write, at the schema before tags were rows, a model with a version and a logged model."""
    at = "2026-03-01T12:00:00.000123Z"
    said = "'', '', '', '', '', '', '{tags}', 'None', 'verified', '', false, 'me', '{at}', '{at}'"
    unsafe = said.replace("'verified', ''", "'unverified', 'a pickle'")
    for statement in (
        "INSERT INTO mlflow_model VALUES ('m', '', '{tags}', '{at}', '{at}')",
        f"INSERT INTO mlflow_version VALUES ('m', 1, {said})",
        "INSERT INTO mlflow_model VALUES ('Big', '', '{tags}', '{at}', '{at}')",
        f"INSERT INTO mlflow_version VALUES ('Big', 2, {unsafe})",
        f"INSERT INTO mlflow_version VALUES ('Big', 3, {unsafe.replace('false', 'true')})",
        "INSERT INTO registered_model (name, latest, created_at) VALUES ('m', 1, '{at}')",
        "INSERT INTO registered_model (name, latest, created_at) VALUES ('n', 1, '{at}')",
        (
            "INSERT INTO logged_model VALUES "
            "('m-1', '1', 'x', '', '', 'READY', '{params}', '{tags}', false, '{at}', '{at}')"
        ),
    ):
        tx.exec_driver_sql(statement.format(at=at, tags='{"team":"blue"}', params='{"lr":"1"}'))


def makes_labels(db):
    load_schemas()
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    try:
        with db.write() as tx:
            config.attributes["connection"] = tx
            command.upgrade(config, "0015")
            old_registry(tx)
            command.upgrade(config, "head")
            labels = tx.exec_driver_sql(
                "SELECT kind, owner, number, key, value FROM mlflow_label ORDER BY kind, owner, number"
            ).all()
            assert labels == [
                ("logged", "m-1", 0, "team", "blue"),
                ("model", "Big", 0, "team", "blue"),
                ("model", "m", 0, "team", "blue"),
                ("param", "m-1", 0, "lr", "1"),
                ("version", "Big", 2, "team", "blue"),
                ("version", "Big", 3, "team", "blue"),
                ("version", "m", 1, "team", "blue"),
            ]
            told = tx.exec_driver_sql(
                "SELECT name FROM registered_model WHERE has_mlflow_row ORDER BY name"
            ).all()
            assert told == [("Big",), ("m",)]
            rows = "SELECT latest, numbered FROM registered_model WHERE name = 'Big'"
            assert tx.exec_driver_sql(rows).one() == (2, 3)
            brought_in = registry.get(tx, "Big", 2)
            assert (brought_in.reason, brought_in.task, brought_in.is_verified) == ("a pickle", None, False)
            command.downgrade(config, "0015")
    finally:
        db.close()


def test_tags_of_an_older_registry_are_searched_on_sqlite(tmp_path):
    makes_labels(Database(f"sqlite:///{tmp_path / 'a.db'}"))


@pytest.mark.integration
def test_tags_of_an_older_registry_are_searched_on_postgresql(empty_postgres_url):
    makes_labels(Database(empty_postgres_url))


def numbers_experiments(db):
    load_schemas()
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    at = "2026-03-01T12:00:00.000123Z"
    try:
        with db.write() as tx:
            config.attributes["connection"] = tx
            command.upgrade(config, "0020")
            for key in ("default", "delay", "flights", "my-flights"):
                tx.exec_driver_sql(f"INSERT INTO experiment VALUES ('{key}', '', '{at}', 'me')")
            known = f"(4, 'my-flights', 'My Flights!', '', 'active', '{at}', '{at}')"
            taken = f"(7, 'flights', 'delay', '', 'deleted', '{at}', '{at}')"
            tx.exec_driver_sql(f"INSERT INTO mlflow_experiment VALUES {known}, {taken}")
            tags = "SELECT experiment, key, value FROM mlflow_experiment_tag"
            tx.exec_driver_sql("INSERT INTO mlflow_experiment_tag VALUES (4, 'team', 'blue')")
            command.upgrade(config, "head")
            query = "SELECT id, experiment, name, stage FROM mlflow_experiment ORDER BY id"
            assert tx.exec_driver_sql(query).all() == [
                (0, "default", "Default", "active"),
                (4, "my-flights", "My Flights!", "active"),
                (7, "flights", "delay", "deleted"),
                (8, "delay", "delay (2)", "active"),
            ]
            assert tx.exec_driver_sql(tags).all() == [(4, "team", "blue")]
            command.downgrade(config, "0028")
            assert tx.exec_driver_sql(tags).all() == [(4, "team", "blue")]
            command.downgrade(config, "0020")
    finally:
        db.close()


def test_experiments_of_an_older_workspace_get_numbers_on_sqlite(tmp_path):
    numbers_experiments(Database(f"sqlite:///{tmp_path / 'a.db'}"))


@pytest.mark.integration
def test_experiments_of_an_older_workspace_get_numbers_on_postgresql(empty_postgres_url):
    numbers_experiments(Database(empty_postgres_url))


def counts_what_was_answered(db):
    load_schemas()
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    times = [f"2026-03-0{day}T12:00:00.000000Z" for day in (1, 2, 3)]
    try:
        with db.write() as tx:
            config.attributes["connection"] = tx
            command.upgrade(config, "0026")
            insert = (
                "INSERT INTO prediction_batch (id, endpoint, model_ref, release_ref, received_at, "
                "first_time, last_time, n, digest, payload) "
                "VALUES ('{id}', '{endpoint}', 'm', 'r', '{at}', '{at}', '{at}', {n}, '', '')"
            )
            for number, (endpoint, at, n) in enumerate(zip(("a", "b", "a"), times, (3, 5, 4), strict=True)):
                tx.exec_driver_sql(insert.format(id=f"pred-{number}", endpoint=endpoint, at=at, n=n))
            for row in (0, 1):
                tx.exec_driver_sql(
                    f"INSERT INTO outcome VALUES ('pred-0', {row}, 1, '{times[0]}', '{times[0]}')"
                )
            command.upgrade(config, "head")
            found = [counts.totals(tx, endpoint) for endpoint in ("a", "b", "c")]
            assert [(each.predictions, each.requests, each.outcomes) for each in found] == [
                (7, 2, 2),
                (5, 1, 0),
                (0, 0, 0),
            ]
            assert found[0].last_received_at == datetime(2026, 3, 3, 12, tzinfo=UTC)
            assert aggregation_queue.endpoints(tx) == ["a", "b"]  # no cell has them yet
            assert all(aggregation_queue.needs_recount(tx, endpoint) for endpoint in ("a", "b"))
            command.downgrade(config, "0026")
    finally:
        db.close()


def test_predictions_of_an_older_workspace_are_counted_on_sqlite(tmp_path):
    counts_what_was_answered(Database(f"sqlite:///{tmp_path / 'a.db'}"))


@pytest.mark.integration
def test_predictions_of_an_older_workspace_are_counted_on_postgresql(empty_postgres_url):
    counts_what_was_answered(Database(empty_postgres_url))


def old_events(tx):
    """Write, at the schema before claims were marked, what runs told and what operations did."""
    previous, first = START, {}
    told = [
        ("run.start", ["dataset/a@1"], ["run/r"]),
        ("run.finish", ["run/r"], ["model/x@1", "model/y@1"]),
        ("model.register", ["run/r", "dataset/a@1"], ["model/x@1"]),
    ]
    for seq, (operation, used, produced) in enumerate(told, start=1):
        draft = Event(
            seq=seq,
            id=f"evt-{seq}",
            type="thing.made",
            at=datetime(2026, 3, 1, tzinfo=UTC),
            actor="me",
            operation=operation,
            subject=produced[0],
            used=tuple(used),
            produced=tuple(produced),
            previous=previous,
        )
        previous = chain_hash(draft)
        rowwise.insert(tx, event, structs.asdict(structs.replace(draft, hash=previous)))
        for pair in ((source, target) for source in used for target in produced):
            first.setdefault(pair, seq)
    for (source, target), seq in first.items():
        tx.exec_driver_sql(
            f"INSERT INTO edge (source, target, event_seq) VALUES ('{source}', '{target}', {seq})"
        )
    rowwise.insert(tx, event_head, {"id": 1, "seq": len(told), "hash": previous})


def marks_claims(db):
    load_schemas()
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    try:
        with db.write() as tx:
            config.attributes["connection"] = tx
            command.upgrade(config, "0023")
            old_events(tx)
            command.upgrade(config, "head")
            query = "SELECT source, target, event_seq, claimed FROM edge ORDER BY source, target"
            assert [(*row[:3], bool(row[3])) for row in tx.exec_driver_sql(query)] == [
                ("dataset/a@1", "model/x@1", 3, False),
                ("dataset/a@1", "run/r", 1, True),
                ("run/r", "model/x@1", 3, False),
                ("run/r", "model/y@1", 2, True),
            ]
            assert events.verify(tx).intact
    finally:
        db.close()


def test_claims_of_an_older_log_are_marked_and_the_chain_holds_on_sqlite(tmp_path):
    marks_claims(Database(f"sqlite:///{tmp_path / 'a.db'}"))


@pytest.mark.integration
def test_claims_of_an_older_log_are_marked_and_the_chain_holds_on_postgresql(empty_postgres_url):
    marks_claims(Database(empty_postgres_url))


def keeps_monitors(db):
    load_schemas()
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    at = "2026-03-01T12:00:00.000123Z"
    try:
        with db.write() as tx:
            config.attributes["connection"] = tx
            command.upgrade(config, "0073")
            statement = (
                "INSERT INTO monitor (name, endpoint, checks, alert_on, min_rows, min_drift_share, "
                "created_at, created_by) VALUES "
                "('watch', 'delay', '{checks}', '[\"input_drift\"]', 500, 0.2, '{at}', 'me')"
            )
            tx.exec_driver_sql(statement.format(at=at, checks='[{"check":"psi"}]'))
            command.upgrade(config, "head")
            known = monitors.one(tx, "watch")
            assert (known.alert_on, known.min_drift_share) == ([Severity.INPUT_DRIFT], 0.2)
            assert (known.persist, known.recover) == (
                Persistence(windows=1, of=1),
                Recovery(windows=1, below=1.0),
            )
            assert (known.seasons, known.important) == ([], [])
    finally:
        db.close()


def test_monitors_of_an_older_workspace_go_on_to_ring_at_once_on_sqlite(tmp_path):
    keeps_monitors(Database(f"sqlite:///{tmp_path / 'a.db'}"))


@pytest.mark.integration
def test_monitors_of_an_older_workspace_go_on_to_ring_at_once_on_postgresql(empty_postgres_url):
    keeps_monitors(Database(empty_postgres_url))
