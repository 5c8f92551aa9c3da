"""The labelling page: forms that need no script, and inputs for those alone who may see them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru.console.pages.labelling import _value
from meguru.console.routes import routes
from meguru.errors import InvalidInput
from meguru.kernel.principals import Principal
from meguru.labelling.operations import sample
from meguru.predictions import ids, payload, record, store
from meguru.predictions.operations import show
from meguru.predictions.types import PredictionBatch
from meguru.serving.operations import create
from meguru.tasks import task_of

SENT = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
PAGE = "/ui/labelling/delay"


@pytest.fixture
def drawn(workspace, monkeypatch):
    """Draw a sample of two predictions; return their ids."""
    create(workspace, name="delay", model="delay")
    monkeypatch.setattr(record, "_UNKNOWN", task_of({"task": "binary", "classes": ["on time", "<late>"]}))
    now = datetime.now(UTC)
    content = payload.make({"carrier": "string"}, {"carrier": ["<b>AA", None]}, [0.5, 0.9], [now] * 2)
    batch = PredictionBatch(
        id=ids.new_batch_id(), endpoint="delay", model_ref="model/delay@1", release_ref="release/delay@1",
        received_at=now, first_time=now, last_time=now, n=2, payload=payload.pack(content),
    )  # fmt: skip
    with workspace.db.write() as tx:
        store.add(tx, [batch])
    sample(workspace, endpoint="delay", strategy="uncertain")
    return [ids.join(batch.id, row) for row in range(2)]


def fields(text):
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text))


def send(browser, **given):
    return browser.post(f"{PAGE}/edit", data=given, headers=SENT)


def test_each_label_leads_to_the_next_prediction_until_none_is_left(browser, workspace, drawn):
    shown = browser.get(PAGE).text
    assert all(each in shown for each in ("&lt;b&gt;AA", "2 left for you", "&lt;late&gt;", 'data-key="2"'))
    assert "0.5" not in shown  # what was answered would lead who labels
    hidden = fields(shown)
    shown = send(browser, **hidden, value='"<late>"').text
    assert "1 left for you, 1 done" in shown
    found = show(workspace, id=drawn[0]).outcome
    assert (found.value, found.recorded_by) == (1.0, "local")
    shown = send(browser, **(fields(shown) | {"do": "skip"})).text
    assert "Nothing is left for you to label" in shown
    assert show(workspace, id=drawn[1]).outcome is None


def test_the_page_speaks_japanese_and_keeps_the_project(browser, drawn):
    shown = browser.get(PAGE, headers={"Accept-Language": "ja"}).text
    assert "実際はどうでしたか" in shown


def test_who_may_not_see_what_came_in_sees_nothing_of_it(workspace, drawn):
    for held in ({"labelling:label", "labelling:read"}, {"*:read"}):
        view = workspace.with_(principal=Principal(name="sato", permissions=frozenset(held)))
        with TestClient(Starlette(routes=routes(lambda _, view=view: view))) as client:
            answer = client.get(PAGE)
        assert (answer.status_code, "AA" in answer.text) == (403, False)


def test_a_form_that_is_wrong_or_from_elsewhere_changes_nothing(browser, workspace, drawn):
    hidden = fields(browser.get(PAGE).text)
    assert send(browser, **hidden).status_code == 422
    assert send(browser, **(hidden | {"place": "x"}), value="1").status_code == 422
    assert send(browser, **(hidden | {"do": "drop"}), value="1").status_code == 422
    assert send(browser, **(hidden | {"labelling": "lab-nothing"}), value="1").status_code == 404
    assert browser.post(f"{PAGE}/edit", data=hidden | {"value": "1"}).status_code == 403
    assert show(workspace, id=drawn[0]).outcome is None


def test_what_forms_say_is_read_as_it_is_meant():
    assert _value({"value": "1"}) == 1
    assert _value({"value": '"1"'}) == "1"
    assert _value({"value": "late"}) == "late"
    assert _value({"choice-0": '"a"', "choice-2": '"c"', "kind": "choices"}) == ["a", "c"]
    assert _value({"kind": "choices"}) == []
    with pytest.raises(InvalidInput):
        _value({"value": ""})
