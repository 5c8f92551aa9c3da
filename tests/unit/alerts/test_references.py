"""Secrets by reference: they stay names until a message is sent, and no step gets them."""

import pytest

from meguru.alerts.notifications.references import resolved
from meguru.compute.executors.variables import inherited
from meguru.errors import Conflict
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
    assert resolved("${MEGURU_NOTIFY_SLACK}", variables) == "https://example.com/x"
    for text in ("${MEGURU_NOTIFY_OTHER}", "${MEGURU_SECRET_KEY}", "${MEGURU_NOTIFY_}"):
        with pytest.raises(Conflict, match="not set") as refused:
            resolved(text, variables)
        assert "'k'" not in str(refused.value)


def test_steps_never_get_what_messages_are_sent_with(monkeypatch):
    monkeypatch.setenv("MEGURU_NOTIFY_SLACK", "https://example.com/x")
    monkeypatch.setenv("MEGURU_SMTP", "smtp://meguru:secret@mail.example.com")
    monkeypatch.setenv("MEGURU_STEP_VARIABLES", "*")
    assert not [name for name in inherited() if name.startswith(("MEGURU_NOTIFY_", "MEGURU_SMTP"))]
