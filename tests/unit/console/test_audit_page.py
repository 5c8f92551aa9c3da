"""The page of the audit: each question is a form, each answer a table, in English and Japanese."""

import pytest

from meguru.audit.checkpoints.kind import CheckpointSpec
from meguru.audit.checkpoints.operations import specs as checkpoints
from meguru.governance.principals import create_principal, set_role
from meguru.kernel.principals import Principal


@pytest.fixture
def ask(browser):
    def get(**asked):
        return browser.get("/ui/audit", params=asked).text

    return get


def test_each_question_is_answered_by_a_table(ask, workspace, tmp_path):
    create_principal(workspace, name="ana", role="viewer")
    set_role(workspace, name="ana", role="engineer")
    checkpoints.declare(workspace, name="vault", spec=CheckpointSpec(to=[f"file:{tmp_path / 'vault'}"]))
    page = ask()
    assert page.count('<form method="get"') >= 5
    assert f"file:{tmp_path / 'vault'}" in page
    page = ask(ask="who-could", ref="model/churn", verb="write")
    assert "Who held model:write on model/churn" in page
    assert '<tr data-key="ana">' in page
    assert "What the log does not tell" in page
    page = ask(ask="changes", ref="principal/ana")
    assert "viewer" in page
    assert "engineer" in page
    page = ask(ask="person", name="ana")
    assert "2 entries" in page
    assert "principal/ana" in page
    assert "None was." in ask(ask="in-force", at="2026-03-01")
    assert "The log is whole." in ask(ask="verify")


def test_what_is_no_question_is_told_on_the_page(ask):
    page = ask(ask="who-could", ref="zebra/<b>x")
    assert "is of no kind that there is" in page
    assert "<b>x" not in page
    assert "is no moment" in ask(ask="in-force", at="yesterday")
    assert "is no moment" not in ask(ask="nonsense", at="yesterday")


def test_it_is_there_in_japanese(browser, workspace):
    create_principal(workspace, name="ana", role="viewer")
    page = browser.get("/ui/audit?ask=who-could&ref=model/churn", headers={"Accept-Language": "ja"}).text
    assert "監査" in page
    assert "ログから分からないこと" in page
    assert "built-in" not in page


def test_who_may_not_ask_is_told_which_right_it_takes(browser, workspace):
    workspace.principal = Principal(name="reader", permissions=frozenset({"*:read"}))
    page = browser.get("/ui/audit").text
    assert "event:audit" in page
    assert 'id="who-could"' not in page
