"""Languages and time zones of pages."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import nodes
from starlette.testclient import TestClient

import meguru
from meguru.app.nouns import load_operations
from meguru.console.labels import BAD, BUSY, GOOD, ODD, STATES, tone_of
from meguru.console.templating import TEMPLATES, environment
from meguru.kernel.kinds import event_types
from meguru.kernel.workspace import Workspace
from meguru.tracking import runs

PACKAGE = Path(meguru.__file__).parent
CATALOGUE = json.loads((PACKAGE / "locale" / "ja.json").read_text("utf-8"))
CALLS = {"say", "text", "mark", "point"}


def messages_of_templates() -> Iterator[str]:
    for path in TEMPLATES.glob("*.html"):
        for call in environment().parse(path.read_text("utf-8")).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "_":
                assert isinstance(call.args[0], nodes.Const), f"{path.name}:{call.lineno} is not translatable"
                yield call.args[0].value


def messages_of_code() -> Iterator[str]:
    said = ("console", "sentences", "monitoring/evidence", "monitoring/report_page", "cards")
    for path in (path for each in said for path in (PACKAGE / each).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                if name in CALLS and isinstance(node.args[0].value, str):
                    yield node.args[0].value


def messages_of_kinds() -> Iterator[str]:
    """What the kinds declare: labels and sentences of events."""
    load_operations()
    for declared in event_types().values():
        if declared.payload.__module__.startswith("meguru.testing"):
            continue  # of another test in this process
        yield from (declared.label, declared.sentence)


MESSAGES = sorted({*messages_of_templates(), *messages_of_code(), *messages_of_kinds()})


def test_every_message_has_a_japanese_entry():
    assert len(MESSAGES) > 200
    assert [message for message in MESSAGES if not CATALOGUE.get(message)] == []


@pytest.mark.parametrize("message", [each for each in MESSAGES if "{" in each])
def test_a_translation_fills_in_the_same_values(message: str):
    names = re.compile(r"\{(\w+)\}")
    assert sorted(names.findall(message)) == sorted(names.findall(CATALOGUE[message]))


def test_templates_hold_no_text_that_is_not_translated():
    """What stands between tags is a message, a number, a mark, or a name that is the same everywhere."""
    same = {"Meguru", "巡る", "English", "日本語", "AUC", "Python", "SVG", "PNG"}
    for path in TEMPLATES.glob("*.html"):
        text = re.sub(
            r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}|<[^>]*>", " ", path.read_text("utf-8"), flags=re.DOTALL
        )
        words = set(re.findall(r"[A-Za-z぀-ヿ一-鿿]{2,}", text)) - same
        assert not words, f"{path.name}: {words}"


def test_the_address_wins_over_the_cookie_and_the_cookie_over_the_browser(browser: TestClient):
    def language(path: str, **headers: str) -> str:
        found = re.search(r'<html lang="(\w+)"', browser.get(path, headers=headers).text)
        assert found
        return found[1]

    assert language("/ui/events", **{"Accept-Language": "fr, ja;q=0.8, en;q=0.5"}) == "ja"
    assert language("/ui/events", **{"Accept-Language": "fr"}) == "en"
    assert language("/ui/events?lang=ja", **{"Accept-Language": "en"}) == "ja"
    assert language("/ui/events", **{"Accept-Language": "en"}) == "ja"  # the cookie was kept
    assert language("/ui/events?lang=en", **{"Accept-Language": "ja"}) == "en"
    assert language("/ui/events?lang=%3Cscript%3E", **{"Accept-Language": "ja"}) == "en"


def test_times_are_in_the_readers_zone_and_say_so(browser: TestClient, workspace: Workspace):
    runs.start(workspace)
    assert '<span class="zone">UTC</span>' in browser.get("/ui/events").text
    browser.cookies.set("meguru_tz", "Asia/Tokyo")
    assert '<span class="zone">JST</span>' in browser.get("/ui/events").text
    browser.cookies.set("meguru_tz", "../../etc/passwd")
    assert browser.get("/ui/events").status_code == 200


def test_tones_are_those_of_states_and_every_event_has_one_of_its_own():
    assert (GOOD | BAD | BUSY | ODD) - set(STATES) == set()
    assert len(GOOD | BAD | BUSY | ODD) == sum(map(len, (GOOD, BAD, BUSY, ODD)))
    assert tone_of("release.refused") == "bad"
