from __future__ import annotations

import math
import threading

import pytest

from meguru.app import open_workspace
from meguru.app.run_api import run
from meguru.base.ids import new_id
from meguru.errors import Conflict, InternalError, InvalidInput
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.tracking import session
from meguru.tracking.operations import artifacts, list_runs, metric, show
from meguru.tracking.replay import send_abandoned
from meguru.tracking.sender import Sender
from meguru.tracking.spool import RunSpool, Start


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("MEGURU_WORKSPACE", str(tmp_path / "ws"))
    monkeypatch.setenv("MEGURU_NO_CAPTURE", "true")
    with open_workspace() as ws:
        yield ws


def test_a_run_needs_no_server_and_ends_with_its_block(place):
    with run("train", params={"rate": 0.1, "kind": "tree"}, tags={"team": "blue"}) as r:
        r.log(auc=0.5)
        r.log({"auc": 0.84, "loss": 0.3}, step=3)
        r.log(auc=0.9)
        assert show(place, run=r.id).state == "running"
    found = show(place, run=r.id)
    assert (found.state, found.name, found.params) == ("succeeded", "train", {"rate": "0.1", "kind": "tree"})
    assert [(point.step, point.value) for point in metric(place, run=r.id, key="auc").items] == [
        (0, 0.5),
        (3, 0.84),
        (4, 0.9),
    ]


def test_an_exception_makes_the_run_failed_and_goes_on(place):
    with pytest.raises(ZeroDivisionError), run("train") as r:  # noqa: PT012 - the block is what is tested
        r.log(auc=0.5)
        _ = 1 / 0
    found = show(place, run=r.id)
    assert (found.state, found.metrics["auc"].value) == ("failed", 0.5)
    assert "ZeroDivisionError: division by zero" in found.error


def test_an_interrupt_makes_the_run_cancelled(place):
    with pytest.raises(KeyboardInterrupt), run("train") as r:
        raise KeyboardInterrupt
    assert show(place, run=r.id).state == "cancelled"


def test_a_value_that_is_no_number_is_kept_as_such(place):
    with run(strict=True) as r:
        r.log(loss=math.nan)
        with pytest.raises(InvalidInput, match="can't be 'x'"):
            r.log(loss="x")
    assert show(place, run=r.id).metrics["loss"].value is None


def test_files_and_folders_become_artifacts(place, tmp_path):
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "roc.svg").write_text("<svg/>")
    (tmp_path / "notes.txt").write_text("n")
    with run(strict=True) as r:
        r.artifact(tmp_path / "plots")
        r.artifact(tmp_path / "notes.txt", name="readme.txt")
        with pytest.raises(InvalidInput, match="there is no file"):
            r.artifact(tmp_path / "none")
    assert [item.path for item in artifacts(place, run=r.id)] == ["plots/roc.svg", "readme.txt"]


def test_points_are_sent_when_there_are_many_and_none_is_lost(place, monkeypatch):
    monkeypatch.setattr(session, "FLUSH_SECONDS", 1e9)
    sent = threading.Event()
    monkeypatch.setattr(session.RunSession, "_flush_quietly", lambda self: (self.flush(), sent.set()))
    with run() as r:
        for _ in range(4999):
            r.log(a=1.0)
        assert show(place, run=r.id).metrics == {}
        r.log(a=1.0)
        assert sent.wait(60)
        assert show(place, run=r.id).metrics["a"].count == 5000
        r.log(a=1.0)
    assert show(place, run=r.id).metrics["a"].count == 5001


def test_threads_share_a_run(place):
    with run() as r:
        threads = [threading.Thread(target=lambda: [r.log(a=1.0) for _ in range(300)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert show(place, run=r.id).metrics["a"].count == 1200
    assert len(list_runs(place).items) == 1


def test_what_can_not_be_logged_does_not_break_the_block(place, caplog):
    with run() as r:
        r.log(loss="x")
        r.log({"bad\nkey": 1.0})
        r.log(loss=1.0, step=2**70)
        r.artifact("no-such-file")
        r.param(depth=1)
        r.param(depth=2)
        r.log(loss=0.5)
    found = show(place, run=r.id)
    assert (found.state, found.params, found.metrics["loss"].count) == ("succeeded", {"depth": "1"}, 1)
    for said in ("can't be 'x'", "can't name a metric", "out of range", "no-such-file", "can't become '2'"):
        assert said in caplog.text


def test_a_strict_run_raises_where_a_param_would_change(place):
    with run(strict=True) as r:
        r.param(depth=1)
        with pytest.raises(Conflict, match="can't become '2'"):
            r.param(depth=2)
        r._session._sender.refused.clear()


def test_a_figure_becomes_an_artifact(place):
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([0, 1], [1, 0])
    with run(strict=True) as r:
        r.figure(figure, "plots/roc.png")
    (found,) = artifacts(place, run=r.id)
    assert (found.path, place.blobs.get_bytes(found.digest)[:4]) == ("plots/roc.png", b"\x89PNG")


def test_more_metrics_than_one_call_may_send_are_kept(place):
    with run(strict=True) as r:
        r.log({f"m{number}": float(number) for number in range(12_345)}, step=1)
    assert len(show(place, run=r.id).metrics) == 12_345


def test_nothing_is_left_on_disk_after_a_run(place, tmp_path):
    with run() as r:
        r.log(a=1.0)
    assert list((tmp_path / "ws" / "spool").iterdir()) == []


def test_a_run_can_be_started_again_under_its_own_id_and_no_other_under_it(place):
    from meguru.base.ids import new_id
    from meguru.tracking.operations import start

    identity = new_id("run")
    first = start(place, id=identity, name="a")
    assert start(place, id=identity, name="a") == first
    with pytest.raises(Conflict, match="belongs to another run"):
        start(place, id=identity, experiment="other")
    with pytest.raises(InvalidInput, match="can't be the id"):
        start(place, id="run-1")


def test_a_run_is_of_the_project_that_the_environment_names(place, monkeypatch):
    projects.declare(place, name="team", spec=ProjectSpec())
    with run("here", experiment="需要予測"):
        pass
    monkeypatch.setenv("MEGURU_PROJECT", "team")
    with run("there", experiment="需要予測") as r:
        r.log(auc=0.5)
        assert r.experiment == "team/需要予測"
    assert [each.name for each in list_runs(place, experiment="team/需要予測").items] == ["there"]
    assert [each.name for each in list_runs(place, experiment="需要予測").items] == ["here"]


def test_what_was_left_goes_to_the_project_that_it_was_begun_in(place, tmp_path):
    for name in ("team", "other"):
        projects.declare(place, name=name, spec=ProjectSpec())
    given = {"experiment": "a", "id": new_id("run"), "at": place.clock.now().isoformat()}
    RunSpool.create(tmp_path / "spool", Start(place="here", project="team", arguments=given)).close()
    (sent,) = send_abandoned(place.with_(project="other"), tmp_path / "spool", place="here")
    assert sent.state == "sent"
    assert show(place, run=sent.run).experiment == "team/a"


def test_a_run_over_which_the_server_stumbles_holds_back_no_other(place, tmp_path, monkeypatch):
    ids = [new_id("run"), new_id("run")]
    for each in ids:
        given = {"experiment": "a", "id": each, "at": place.clock.now().isoformat()}
        RunSpool.create(tmp_path / "spool", Start(place="here", arguments=given)).close()
    send = Sender.send

    def stumbling(sender):
        if sender._id == ids[0]:
            raise InternalError("a bug")
        send(sender)

    monkeypatch.setattr(Sender, "send", stumbling)
    found = send_abandoned(place, tmp_path / "spool", place="here")
    assert [(each.run, each.state) for each in found] == [(ids[0], "waiting"), (ids[1], "sent")]


def test_a_file_that_is_gone_keeps_nothing_else_of_a_run_from_being_sent(place, tmp_path):
    given = {"experiment": "a", "id": new_id("run"), "at": place.clock.now().isoformat()}
    spool = RunSpool.create(tmp_path / "spool", Start(place="here", arguments=given))
    spool.append(("a", {"path": "model.bin", "digest": "0" * 64}))
    spool.append(("m", 1, {"auc": (0.5, 0)}))
    spool.close()
    (sent,) = send_abandoned(place, tmp_path / "spool", place="here")
    assert sent.state == "sent"
    assert show(place, run=sent.run).metrics["auc"].count == 1
