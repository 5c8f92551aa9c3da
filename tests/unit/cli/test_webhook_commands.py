"""Webhooks from a terminal."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from meguru.cli.root import root


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MEGURU_WEBHOOK_PRIVATE", "true")

    def run(*words, given=None, code=0):
        done = CliRunner().invoke(root, ["webhook", *words], input=given)
        assert done.exit_code == code, done.output
        return json.loads(done.stdout) if "--json" in words else done.stdout

    return run


def test_a_webhook_is_made_shown_changed_tried_and_removed(call):
    url = "http://127.0.0.1:1/hook"
    made = call("create", "deploy", url, "--topic", "model_version.created", "--json")
    assert (made["topics"], made["has_secret"]) == (["model_version.created"], False)
    changed = call("update", "deploy", "--secret-file", "-", "--disable", "--json", given="a secret\n")
    assert (changed["has_secret"], changed["state"], changed["url"]) == (True, "disabled", url)
    assert [each["name"] for each in call("list", "--json")["items"]] == ["deploy"]
    shown = call("show", "deploy")
    assert "signed  yes" in shown
    assert "a secret" not in shown
    tried = call("test", "deploy", "--json", code=1)
    assert "Refused" in tried["error"]
    (told,) = call("deliveries", "deploy", "--json")["items"]
    assert (told["status"], told["is_taken"], told["topic"]) == (0, False, "model_version.created")
    assert "is gone" in call("delete", made["id"])
    assert call("list", "--json") == {"items": []}


def test_by_default_a_webhook_is_told_of_all_and_can_be_off_from_the_start(call):
    made = call("create", "all", "https://93.184.216.34/", "--disabled", "--json")
    assert (made["events"], made["topics"]) == (["*"], [])
    assert made["state"] == "disabled"
