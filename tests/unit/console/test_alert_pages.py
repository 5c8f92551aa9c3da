"""The pages of alerts and incidents: what needs a person, and forms that need no script."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from meguru.alerts.follow import AlertFollower
from meguru.alerts.incidents.show import list_incidents
from meguru.alerts.show import list_alerts
from meguru.alerts.types import Alert
from meguru.kernel.operations import Context, Operation
from meguru.kernel.workspace import Workspace

SITE = {"sec-fetch-site": "same-origin", "origin": "http://testserver"}
FIRED = {"firing": "f", "key": "k", "depth": 1, "root": "", "evidence": {}, "reason": "no such pipeline"}


@pytest.fixture
def alert(workspace: Workspace) -> Alert:
    def fail(ctx: Context) -> None:
        ctx.emit("trigger.failed", "trigger/nightly", data=FIRED)

    Operation(fail, "test.fail", "test:write", query=False, evented=True)(workspace)
    AlertFollower(workspace).step()
    return list_alerts(workspace).items[0]


def edit(browser: TestClient, alert: Alert, **form: str) -> str:
    answer = browser.post(f"/ui/alerts/{alert.id}/edit", data=form, headers=SITE)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_without_alerts_the_page_says_who_would_be_told(browser: TestClient):
    page = browser.get("/ui/alerts").text
    assert "Nothing needs a person" in page
    assert "meguru notification create" in page


def test_an_alert_is_looked_after_muted_and_over_by_forms(
    workspace: Workspace, browser: TestClient, alert: Alert
):
    page = browser.get("/ui/alerts").text
    assert "What nightly should have started did not start." in page
    shown = edit(browser, alert, do="acknowledge", back="list")
    assert "looked after" in shown
    shown = edit(browser, alert, do="mute", length="8h")
    assert "Nobody is told of it until" in shown
    assert "no such pipeline" in shown
    assert "Nobody is told" not in edit(browser, alert, do="unmute")
    assert "over" in edit(browser, alert, do="resolve", note="made it")
    assert list_alerts(workspace).items == []
    wrong = browser.post(f"/ui/alerts/{alert.id}/edit", data={"do": "dance"}, headers=SITE)
    assert wrong.status_code == 422


def test_what_somebody_looks_after_needs_nobody_else(workspace: Workspace, browser: TestClient, alert: Alert):
    assert "What needs you now" not in browser.get("/").text
    edit(browser, alert, do="acknowledge")
    assert "All is well" in browser.get("/").text


def test_an_incident_is_opened_written_to_and_closed_by_forms(
    workspace: Workspace, browser: TestClient, alert: Alert
):
    page = edit(browser, alert, do="incident")
    assert "How long it took" in page
    (incident,) = list_incidents(workspace).items
    path = f"/ui/incidents/{incident.id}/edit"
    noted = browser.post(
        path, data={"do": "note", "text": "it was renamed", "test": "tests/test_names.py"}, headers=SITE
    )
    assert "it was renamed" in noted.text
    edit(browser, alert, do="resolve")
    closed = browser.post(path, data={"do": "close", "conclusion": "names are checked"}, headers=SITE)
    assert "names are checked" in closed.text
    assert "tests/test_names.py" in browser.get("/ui/incidents").text


def test_the_pages_are_there_in_japanese(browser: TestClient, alert: Alert):
    page = browser.get("/ui/alerts", headers={"Accept-Language": "ja"}).text
    assert "nightlyが始めるはずだった処理が始まりませんでした。" in page
    assert "人の対応が必要なもの" in page


def test_a_form_of_another_site_changes_nothing(workspace: Workspace, browser: TestClient, alert: Alert):
    answer = browser.post(
        f"/ui/alerts/{alert.id}/edit", data={"do": "resolve"}, headers={"origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert list_alerts(workspace).items
