"""A store is hostile until it is read: it is bounded, and nothing outside of it is touched."""

import os
import sqlite3
from contextlib import closing
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from meguru.app.nouns import load_operations
from meguru.errors import InternalError, InvalidInput, NotFound, UsageError
from meguru.mlflow.exchange import documents
from meguru.mlflow.exchange.import_tracking import import_experiment
from meguru.mlflow.exchange.replies import as_float, number
from meguru.mlflow.exchange.roots import Roots
from meguru.mlflow.exchange.sources import open_source
from meguru.mlflow.exchange.targets.server import MODEL, ServerTarget
from meguru.mlflow.exchange.transfer import import_store
from meguru.mlflow.exchange.types import MlflowExperiment, MlflowLoggedModel
from meguru.tracking.operations import create_experiment

RUN = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def store(tmp_path):
    """Make a file store with one run by hand."""
    load_operations()
    run = tmp_path / "mlruns" / "7" / RUN
    for name in ("params", "tags", "metrics", "artifacts"):
        (run / name).mkdir(parents=True)
    (run.parent / "meta.yaml").write_text("{experiment_id: '7', name: e, lifecycle_stage: active}")
    (run / "meta.yaml").write_text("{run_id: x, run_name: r, status: 3, start_time: 1, end_time: 2}")
    return tmp_path / "mlruns"


def run_of(store):
    return store / "7" / RUN


def test_a_link_to_a_file_outside_is_told_and_not_followed(store, workspace, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (run_of(store) / "artifacts" / "a").symlink_to(tmp_path / "secret")
    (run_of(store) / "params" / "p").symlink_to(tmp_path / "secret")
    (run_of(store) / "artifacts" / "folder").symlink_to(tmp_path)
    report = import_store(workspace, str(store))
    assert report.counts["files"].read == 0
    assert [problem.what.split(" is ")[0] for problem in report.problems] == ["'p'", "'a'", "'folder'"]
    assert not report.same


def test_a_location_outside_of_the_store_is_not_read(store, workspace, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("secret")
    (run_of(store) / "artifacts").rmdir()
    meta = f"{{run_name: r, status: 3, start_time: 1, artifact_uri: '{tmp_path / 'outside'}'}}"
    (run_of(store) / "meta.yaml").write_text(meta)
    first = import_store(workspace, str(store))
    assert first.counts["files"].read == 0
    assert first.problems[0].where == str(tmp_path / "outside")
    named = import_store(workspace, str(store), artifacts=[tmp_path / "outside"])
    assert named.counts["files"].added == 1


@pytest.mark.parametrize("location", ["../outside", "mlflow-artifacts:/../outside", "file:///etc", "/etc"])
def test_no_location_leads_out_of_the_roots(tmp_path, location):
    (tmp_path / "outside").mkdir()
    (tmp_path / "root").mkdir()
    assert Roots([tmp_path / "root"]).find(location, "../outside") == ""


def test_a_document_that_is_too_large_is_refused(store, workspace):
    (run_of(store) / "meta.yaml").write_bytes(b"a" * (documents.MAX_DOCUMENT + 1))
    report = import_store(workspace, str(store))
    assert report.counts.get("runs") is None
    assert "too large" in report.problems[0].what


@pytest.mark.parametrize("text", ["[" * 100_000, "!!python/object/apply:os.system ['true']", "- 1", "\x00"])
def test_a_document_that_is_no_plain_mapping_is_refused(tmp_path, text):
    (tmp_path / "meta.yaml").write_text(text)
    with pytest.raises(InvalidInput):
        documents.document(tmp_path / "meta.yaml")


def test_a_pipe_in_the_place_of_a_file_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInput):
        documents.text(tmp_path / "pipe")


def test_lines_that_are_no_points_are_told_and_the_others_kept(store, workspace):
    (run_of(store) / "metrics" / "m").write_text(
        "1 0.5 0\nnonsense\n2 0.25 1\n2 0.25 1\n3 nan 2\n\n4 0.5\n" + "9" * 30 + " 1 1\n"
    )
    report = import_store(workspace, str(store))
    assert report.counts["points"].found == 4
    assert "2 lines of the metric 'm'" in report.problems[0].what


def test_a_run_that_can_not_be_brought_does_not_stop_the_others(store, workspace):
    other = store / "7" / "fedcba9876543210fedcba9876543210"
    (other / "params").mkdir(parents=True)
    (other / "meta.yaml").write_text("{run_name: bad, status: 3, start_time: -99999999999999999}")
    report = import_store(workspace, str(store))
    assert (report.counts["runs"].read, report.counts["runs"].found) == (2, 1)
    assert "-99999999999999999" in report.problems[0].what


def test_new_points_of_a_run_that_is_here_are_added(store, workspace):
    metric = run_of(store) / "metrics" / "m"
    metric.write_text("1 0.5 0\n5 0.5 9\n")
    import_store(workspace, str(store))
    metric.write_text("1 0.5 0\n3 0.5 4\n5 0.5 9\n")
    report = import_store(workspace, str(store))
    assert report.counts["points"].added == 1
    assert report.same


def test_more_points_than_one_batch_holds_come_over_in_order(store, workspace):
    lines = "".join(f"{step} {step / 7} {step}\n" for step in range(12_345))
    (run_of(store) / "metrics" / "m").write_text(lines)
    report = import_store(workspace, str(store))
    assert report.same
    assert report.counts["points"].found == 12_345


@pytest.mark.parametrize(
    ("where", "error"),
    [("s3://bucket/x", UsageError), ("nowhere", NotFound), ("sqlite:///nowhere.db", NotFound)],
)
def test_what_is_no_store_is_refused(where, error):
    with pytest.raises(error):
        open_source(where, on_error=print)


def test_a_database_of_something_else_is_refused(tmp_path):
    (tmp_path / "x.db").write_text("hello" * 1000)
    with pytest.raises(InvalidInput):
        open_source(f"sqlite:///{tmp_path / 'x.db'}", on_error=print)


def test_an_experiment_is_that_of_its_folder_whatever_its_file_says(store, workspace):
    run_of(store).rename(store.parent / RUN)
    (store / "7" / "meta.yaml").write_text("{experiment_id: '..', name: e, lifecycle_stage: active}")
    assert "runs" not in import_store(workspace, str(store)).counts


def test_a_document_that_grows_when_it_is_written_out_is_not(store):
    folder = run_of(store) / "inputs" / "a"
    folder.mkdir(parents=True)
    (store / "7" / "datasets" / "d").mkdir(parents=True)
    (store / "7" / "datasets" / "d" / "meta.yaml").write_text("{name: d, digest: x}")
    lines = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else 'x'] * 10)}]" for n in range(5)]
    (folder / "meta.yaml").write_text("\n".join([*lines, "source_id: d", "tags: {t: *a4}"]))
    (experiment,) = (source := open_source(str(store), on_error=print)).experiments()
    (run,) = source.runs(experiment)
    assert run.datasets[0].tags == {"t": ""}


def test_no_number_is_taken_behind_which_there_is_none_for_the_next_experiment(workspace):
    load_operations()
    number = import_experiment(workspace, name="a", number=str(2**63 - 1), created=1, updated=1)
    assert create_experiment(workspace, name="b").number == number + 1


@pytest.mark.parametrize(
    ("value", "read"), [("-7", -7), ("--7", 0), (7.5, 7), (10**30, 0), (float("nan"), 0), (None, 0)]
)
def test_a_number_of_a_reply_is_one_that_a_store_can_hold(value, read):
    assert number({"step": value}, "step") == read


def test_a_list_of_models_that_broke_off_is_asked_for_again():
    of = MlflowExperiment(id="1", name="e", stage="active", created=1, updated=1)
    sent = MlflowLoggedModel(
        id="m-9", experiment="1", name="m", model_type="", run="", status="", created=1, updated=1
    )
    breaks = [True, False]

    def listed(_):
        if breaks.pop(0):
            raise InternalError("a bug")
        yield replace(sent, tags={MODEL: "m-1"})

    target = ServerTarget(SimpleNamespace(where="there"), on_error=print)
    target._experiments["1"], target._source = of, SimpleNamespace(logged_models=listed)
    with pytest.raises(InternalError):
        target.find_model(of, "m-1")
    assert target.find_model(of, "m-1").id == "m-1"
    assert target.find_model(of, "m-2") is None


def test_a_value_of_a_reply_that_no_double_holds_is_none():
    assert as_float(10**400) is None
    assert as_float("7.5") == 7.5


def test_rows_of_a_model_that_are_no_points_are_told_and_end_nothing(tmp_path):
    with closing(sqlite3.connect(tmp_path / "x.db")) as database:
        database.executescript("""
            CREATE TABLE experiments (experiment_id);
            CREATE TABLE runs (run_uuid);
            CREATE TABLE metrics (key);
            CREATE TABLE logged_models (model_id, experiment_id, status, creation_timestamp_ms);
            CREATE TABLE logged_model_metrics
                (model_id, metric_name, metric_timestamp_ms, metric_step, metric_value);
            INSERT INTO logged_models VALUES ('m-1', '1', 2, 1e999);
            INSERT INTO logged_model_metrics VALUES
                ('m-1', 'k', 5, 1, 0.5), ('m-1', 'k', 5, 2, 'x'), ('m-1', 'k', 5, 1e30, 0.5);
        """)
    told = []
    source = open_source(f"sqlite:///{tmp_path / 'x.db'}", on_error=told.append)
    of = MlflowExperiment(id="1", name="e", stage="active", created=1, updated=1)
    (model,) = source.logged_models(of)
    assert (model.created, [(each.step, each.value) for each in model.points]) == (0, [(1, 0.5)])
    assert [each.what for each in told] == ["a row of the metric 'k' is no point"] * 2


def test_an_alias_of_a_number_that_no_version_has_is_none(store):
    aliases = store / "models" / "m" / "aliases"
    aliases.mkdir(parents=True)
    (aliases.parent / "meta.yaml").write_text("{name: m}")
    (aliases / "long").write_text("9" * 5000)
    (aliases / "best").write_text("2\n")
    (found,) = open_source(str(store), on_error=print).registered()
    assert found.aliases == {"best": 2}
