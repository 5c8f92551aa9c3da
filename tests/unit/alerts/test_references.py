"""Secrets by reference: they stay names until a message is sent, and no step gets them."""

import pytest

from meguru.base.server_variables import NOTIFICATIONS
from meguru.compute.executors.variables import step_variables
from meguru.errors import Conflict, InvalidInput
from meguru.project.read import read_project

FILE = """
[project]
name = "shop"

[notification.oncall]
to = ["slack:${MEGURU_NOTIFY_SLACK}", "mailto:${ONCALL}@example.com"]
secret = "${MEGURU_NOTIFY_SECRET}"
"""


def test_a_project_file_keeps_the_names_of_secrets(tmp_path, monkeypatch):
    monkeypatch.setenv("MEGURU_NOTIFY_SLACK", "https://hooks.slack.com/services/T/B/xyz")
    monkeypatch.setenv("ONCALL", "anna")
    (tmp_path / "meguru.toml").write_text(FILE)
    (wanted,) = read_project(tmp_path / "meguru.toml").wanted
    assert wanted.spec["to"] == ["slack:${MEGURU_NOTIFY_SLACK}", "mailto:anna@example.com"]
    assert wanted.spec["secret"] == "${MEGURU_NOTIFY_SECRET}"


def test_a_name_is_read_when_it_is_needed_and_only_one_that_is_for_it():
    variables = {"MEGURU_NOTIFY_SLACK": " https://example.com/x\n", "MEGURU_SECRET_KEY": "k"}
    assert NOTIFICATIONS.fill("${MEGURU_NOTIFY_SLACK}", environment=variables) == "https://example.com/x"
    with pytest.raises(Conflict, match="not set"):
        NOTIFICATIONS.fill("${MEGURU_NOTIFY_OTHER}", environment=variables)
    for text in ("${MEGURU_SECRET_KEY}", "${MEGURU_NOTIFY_}", "${meguru_notify_slack}", "${}"):
        with pytest.raises(InvalidInput, match="can't be named"):
            NOTIFICATIONS.fill(text, environment=variables)


def test_steps_never_get_what_messages_are_sent_with(monkeypatch):
    monkeypatch.setenv("MEGURU_NOTIFY_SLACK", "https://example.com/x")
    monkeypatch.setenv("MEGURU_SMTP", "smtp://meguru:secret@mail.example.com")
    monkeypatch.setenv("MEGURU_STEP_VARIABLES", "*")
    assert not [name for name in step_variables() if name.startswith(("MEGURU_NOTIFY_", "MEGURU_SMTP"))]
