"""Forms of runs and experiments: they need no script, and no other site can send them."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru.console.links import url_of
from meguru.console.routes import routes
from meguru.kernel import events
from meguru.kernel.principals import Principal
from meguru.pipelines.load import register_file
from meguru.pipelines.operations import pipeline_deployments
from meguru.tracking import runs, show
from meguru.tracking.experiments.change import create_experiment

SENT = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def run(workspace):
    return runs.start(workspace, experiment="churn/lightgbm", name="first", tags={"team": "blue"})


def send(browser, page, headers=SENT, **fields):
    """Send a form of a page as a browser does: to its relative address, and follow where it leads."""
    name = page.rpartition("/")[2]
    answer = browser.post(urljoin(page, f"{name}/edit"), data=fields, headers=headers, follow_redirects=False)
    if answer.status_code != 303:
        return answer
    return browser.get(urljoin(f"{page}/edit", answer.headers["location"]))


def test_a_run_is_edited_deleted_and_restored_by_its_page(browser, workspace, run):
    page = f"/ui/runs/{run.id}"
    assert "<h1>需要 &lt;b&gt;" in send(browser, page, do="rename", name="需要 <b>").text
    shown = send(browser, page, do="note", note="line 1\r\n<script>x</script>").text
    assert "line 1\n&lt;script&gt;x&lt;/script&gt;" in shown
    assert "本番" in send(browser, page, do="tag", key="段階", value="本番").text
    assert "team" not in send(browser, page, do="untag", key="team").text
    shown = send(browser, page, do="delete").text
    assert "This run is deleted" in shown
    assert 'value="rename"' not in shown
    assert run.id not in browser.get("/ui/runs").text
    assert run.id in browser.get("/ui/runs?deleted=1").text
    assert "This run is deleted" not in send(browser, page, do="restore").text
    found = show.show(workspace, run=run.id)
    assert (found.name, found.tags["段階"], found.deleted_at) == ("需要 <b>", "本番", None)
    assert found.tags["mlflow.note.content"] == "line 1\n<script>x</script>"


def test_an_experiment_of_any_name_has_a_page_and_forms(browser, workspace, run):
    made = create_experiment(workspace, name="churn/lightgbm")
    page = url_of(made.ref)
    assert "churn/lightgbm" in browser.get("/ui/experiments").text
    assert "experiment=churn%2Flightgbm" in browser.get(page).text
    assert browser.get("/ui/runs?experiment=churn%2Flightgbm").text.count(run.id)
    assert "来月の需要" in send(browser, page, do="note", note="来月の需要").text
    assert "<h1>需要予測" in send(browser, page, do="rename", name="需要予測").text
    assert "This experiment is deleted" in send(browser, page, do="delete").text
    assert run.id not in browser.get("/ui/runs").text
    assert "需要予測" in browser.get("/ui/experiments").text
    send(browser, page, do="restore")
    assert run.id in browser.get("/ui/runs").text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"},
    ],
)
def test_a_form_that_does_not_come_from_here_changes_nothing(browser, workspace, run, headers):
    answer = send(browser, f"/ui/runs/{run.id}", headers, do="delete")
    assert answer.status_code == 403
    assert show.show(workspace, run=run.id).deleted_at is None


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"do": "explode"}, 422, "can&#39;t &#39;explode&#39;"),
        ({}, 422, "this form can"),
        ({"do": "rename", "name": "x" * 251}, 422, "1 to 250"),
        ({"do": "tag", "key": "a%b", "value": "1"}, 422, "can&#39;t name a tag"),
        ({"do": "note", "note": "x" * 200_000}, 413, "too large"),
        ({f"f{index}": "1" for index in range(60)}, 422, "can&#39;t be read"),
    ],
)
def test_a_form_that_asks_for_what_cannot_be_is_answered_with_a_page(browser, run, fields, status, words):
    answer = send(browser, f"/ui/runs/{run.id}", **fields)
    assert (answer.status_code, words in answer.text) == (status, True)


def test_who_may_only_look_sees_no_forms_and_can_send_none(workspace, run):
    viewer = workspace.with_(principal=Principal(name="eve", permissions=frozenset({"*:read"})))
    with TestClient(Starlette(routes=routes(lambda _: viewer))) as browser:
        shown = browser.get(f"/ui/runs/{run.id}")
        assert (shown.status_code, "/edit" in shown.text) == (200, False)
        assert send(browser, f"/ui/runs/{run.id}", do="delete").status_code == 403
        assert show.show(workspace, run=run.id).deleted_at is None
    with workspace.read() as tx:
        assert [each.type for each in events.read(tx)][-1] == "access.denied"


def test_the_run_of_somebody_else_shows_no_forms(workspace, run):
    other = workspace.with_(principal=Principal(name="eve", permissions=frozenset({"*:read", "run:write"})))
    mine = runs.start(other)
    with TestClient(Starlette(routes=routes(lambda _: other))) as browser:
        assert "/edit" not in browser.get(f"/ui/runs/{run.id}").text
        assert send(browser, f"/ui/runs/{run.id}", do="delete").status_code == 403
        assert "This run is deleted" in send(browser, f"/ui/runs/{mine.id}", do="delete").text


def test_a_pipeline_is_deployed_and_rolled_back_on_the_page_of_its_version(browser, workspace, tmp_path):
    for number in (1, 2):
        (tmp_path / "train.py").write_text(
            f"from meguru import pipeline, step\n\n@step\ndef fit() -> int:\n    return {number}\n\n"
            "@pipeline\ndef train():\n    fit()\n"
        )
        register_file(workspace, f"{tmp_path}/train.py:train")
    page = "/ui/pipelines/versions/train"

    def ask(number, **fields):
        return browser.post(f"{page}/{number}", data=fields, headers=SENT)

    assert "No version is deployed." in browser.get(page).text
    assert "Deploy version 1" not in ask(1, do="deploy", reason="reviewed").text
    assert "reviewed" in ask(2, do="deploy").text
    assert ask(2, do="rollback").url.path == f"{page}/1"
    assert ask(9, do="deploy").status_code == 404
    assert [each.version for each in pipeline_deployments(workspace, name="train")] == [1, 2, 1]
