"""Why and lineage walk the log."""

from unittest.mock import Mock

import pytest

from meguru import errors
from meguru.artifacts import lineage as lineages
from meguru.artifacts.lineage import show as lineage
from meguru.artifacts.log import list_events
from meguru.artifacts.sight import Sight
from meguru.artifacts.why import show as why
from meguru.audit.verify import verify
from meguru.kernel import events


def add(ws, type, subject, cause=None, **more):
    with ws.db.write() as tx:
        return events.append(
            tx, type=type, at=ws.clock.now(), actor="a", operation="o", subject=subject, cause=cause, **more
        ).id


ALERT = {
    "report": "report/r", "endpoint": "endpoint/delay", "model": "model/delay@1", "verdict": "alert",
    "start": "2026-03-01", "end": "2026-04-01", "reasons": ["temp drifted", "auc fell"],
    "rows": 9, "outcomes": 9, "drifted": ["temp"], "drift_share": 1.0, "auc": None, "reference": None,
}  # fmt: skip

FIRED = {"firing": "firing-1", "key": "k", "depth": 1, "root": "evt-1", "evidence": {}}
REGISTERED = {
    "model": "delay", "version": 2, "tree": "t", "digest": "d", "flavor": "sklearn", "task": "classification",
    "metrics": {}, "run": "", "summary": "",
}  # fmt: skip

SIGNED = {"key": "k", "owner": "", "tree": "t"}
PROMOTED = {"endpoint": "delay", "model": "model/delay@2", "before": None, "digest": "d", "reason": ""}


@pytest.fixture
def story(workspace):
    alert = add(workspace, "monitor.alerted", "monitor/watch", data=ALERT)
    fired = add(workspace, "trigger.fired", "trigger/retrain", alert, data=FIRED)
    model = add(
        workspace,
        "model_version.registered",
        "model/delay@2",
        fired,
        data=REGISTERED,
        used=["dataset/f@2"],
        produced=["model/delay@2"],
    )
    promoted = add(
        workspace,
        "release.promoted",
        "release/delay@2",
        model,
        data=PROMOTED,
        used=["model/delay@2"],
        produced=["release/delay@2"],
    )
    switch = {"model": "model/delay@2", "release": "release/delay@2", "before": None}
    add(workspace, "endpoint.switched", "endpoint/delay", promoted, data=switch)
    return workspace


def test_the_live_state_of_an_endpoint_is_explained_from_the_first_cause(story):
    found = why(story, ref="endpoint/delay")
    assert [link.type for link in found.chain] == [
        "monitor.alerted",
        "trigger.fired",
        "model_version.registered",
        "release.promoted",
    ]
    assert found.chain[0].says == "monitor/watch raised an alert: temp drifted; auc fell"
    assert all(link.event and link.at for link in found.chain)


def test_a_name_without_version_means_its_newest(story):
    assert why(story, ref="model/delay").chain[-1].subject == "model/delay@2"


def test_an_unknown_reference_offers_near_misses(story):
    with pytest.raises(errors.NotFound) as caught:
        why(story, ref="endpoint/dely")
    assert "delay" in caught.value.hint


def test_an_alias_of_a_known_name_is_not_said_to_be_a_slip_of_that_name(story):
    with pytest.raises(errors.NotFound, match="nothing is known of 'champion' of model 'delay'") as caught:
        why(story, ref="model/delay@champion")
    assert "model/delay@1" in caught.value.hint
    with pytest.raises(errors.NotFound, match="nothing is known of '99' of model 'delay'") as caught:
        why(story, ref="model/delay@99")
    assert caught.value.hint == ""  # it was named by its number


def test_lineage_reaches_both_ways(story):
    up = lineage(story, ref="release/delay@2", direction="up")
    assert [(edge.source, edge.target) for edge in up.edges] == [
        ("dataset/f@2", "model/delay@2"),
        ("model/delay@2", "release/delay@2"),
    ]
    assert len(lineage(story, ref="dataset/f@2", direction="down").edges) == 2
    with pytest.raises(errors.NotFound):
        lineage(story, ref="model/none@1")


def test_the_log_pages_and_verifies(story):
    first = list_events(story, limit=3)
    second = list_events(story, limit=3, after=int(first.next_cursor))
    assert [event.seq for event in first.items + second.items] == [1, 2, 3, 4, 5]
    assert second.next_cursor == ""
    assert verify(story).intact


def test_an_endpoint_is_explained_to_whether_it_answers(story):
    with story.read() as tx:
        switched = events.latest(tx, types=("endpoint.switched",))
    told = {"model": "model/delay@2", "release": "release/delay@2", "server": "here:1:s-1"}
    data = told | {"why": "no skops", "fault": {"what": "no skops"}, "answering": "model/delay@1"}
    add(story, "endpoint.failed", "endpoint/delay", switched.id, data=data)
    found = why(story, ref="endpoint/delay")
    assert [link.type for link in found.chain][-2:] == ["release.promoted", "endpoint.failed"]
    assert found.state == (
        "release/delay@2 was promoted; endpoint/delay could not answer with model/delay@2, "
        "and model/delay@1 still answered: no skops"
    )
    add(story, "endpoint.serving", "endpoint/delay", switched.id, data=told)
    assert why(story, ref="endpoint/delay").state.endswith(
        "; endpoint/delay began to answer with model/delay@2"
    )
    later = add(story, "release.promoted", "release/delay@3", data=PROMOTED | {"model": "model/delay@3"})
    switch = {"model": "model/delay@3", "release": "release/delay@3", "before": None}
    add(story, "endpoint.switched", "endpoint/delay", later, data=switch)
    assert why(story, ref="endpoint/delay").state == "release/delay@3 was promoted"


def test_an_id_alone_is_read_by_its_kind(story):
    with story.read() as tx:
        promoted = events.latest(tx, types=("release.promoted",))
    assert why(story, ref=promoted.id).chain[-1].event == promoted.id


def test_of_a_thing_that_many_were_made_from_a_page_is_read_at_a_time(workspace, monkeypatch):
    monkeypatch.setattr(lineages, "_PAGE", 3)
    made = [f"model/m{number}@1" for number in range(10)]
    for ref in made:
        add(workspace, "model_version.signed", ref, data=SIGNED, used=["dataset/f@1"], produced=[ref])
    few, all_ = (lineage(workspace, ref="dataset/f@1", limit=limit) for limit in (4, 100))
    assert (few.cut, [each.target for each in few.edges]) == (True, made[:4])
    assert (all_.cut, [each.target for each in all_.edges]) == (False, made)


def test_what_a_caller_may_not_see_is_passed_over_by_one_statement(workspace, monkeypatch):
    monkeypatch.setattr(lineages, "_PAGE", 3)
    for number in range(10):
        ref = f"model/m{number}@1"
        add(workspace, "model_version.signed", ref, data=SIGNED, used=["dataset/f@1"], produced=[ref])
    with workspace.read() as tx:
        counted = Mock(wraps=tx)
        assert lineages._walk(counted, "dataset/f@1", "down", 4, Sight(tx, set())) == {}
    assert counted.execute.call_count == 1
