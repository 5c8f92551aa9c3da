"""A checklist asks people about each version of a model; a gate lets no version live that is not through."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from meguru.alerts.follow import AlertFollower
from meguru.alerts.show import list_alerts
from meguru.app.open import open_local
from meguru.base.clock import FixedClock
from meguru.base.settings import Settings
from meguru.errors import Forbidden, InvalidInput, NotFound
from meguru.governance.checklists.evidence import EVIDENCE
from meguru.governance.checklists.kind import ChecklistSpec
from meguru.governance.checklists.operations import answer, list_checklists, list_templates, specs, standing
from meguru.governance.checklists.overdue import remind
from meguru.governance.checklists.templates import load_template, template_names
from meguru.governance.checklists.types import ChecklistItem
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.kernel.principals import Principal
from meguru.registry.client import add_model
from meguru.releases import operations as releases
from meguru.releases.types import ReleaseState
from meguru.serving import operations as endpoints
from meguru.testing.models import make_model

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SPEC = ChecklistSpec(
    title="Our own",
    owner="mori",
    due="2026-03-31",
    models=["delay"],
    items=[
        ChecklistItem(id="purpose", text="What is it for?", per="model"),
        ChecklistItem(id="bias", text="Was bias looked for?"),
        ChecklistItem(id="log", text="Is everything logged?", evidence=["log"]),
    ],
)


@pytest.fixture
def clock():
    return FixedClock(START)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A workspace with a model of one version, an endpoint that asks for the checklist, and the checklist."""
    place = tmp_path_factory.mktemp("checklists")
    with open_local(place, settings=Settings(sqlite_synchronous="NORMAL"), clock=FixedClock(START)) as ws:
        gate = {"gate": "checklist", "checklist": "own"}
        endpoints.create(ws, name="delay", model="delay", gates=[gate])
        add_model(ws, "delay", make_model())
        specs.declare(ws, name="own", spec=SPEC)
    return place


@pytest.fixture
def workspace(folder, tmp_path, clock):
    shutil.copytree(folder, tmp_path / "copy")
    with open_local(tmp_path / "copy", settings=Settings(sqlite_synchronous="NORMAL"), clock=clock) as ws:
        yield ws


def states(found):
    return {each.item.id: each.state.value for each in found.items}


def say(ws, item, model="delay@1", said="yes", **more):
    return answer(ws, checklist="own", model=model, item=item, answer=said, **more)


def test_a_version_that_is_not_through_does_not_go_live(workspace):
    made = releases.create(workspace, endpoint="delay", model="delay@1")
    done = releases.check(workspace, release=made.ref)
    assert done.state is ReleaseState.REFUSED
    assert done.reasons == [
        "checklist/own: 2 of 3 items are not settled for model/delay@1: purpose (open), bias (open)"
    ]
    say(workspace, "purpose", evidence="https://wiki.example/purpose")
    say(workspace, "bias", said="no", reason="not yet")
    assert "bias (no)" in check(workspace).reasons[0]
    say(workspace, "bias")
    done = check(workspace)
    assert done.state is ReleaseState.PASSED
    assert done.results[1].numbers == {"evident": 1, "yes": 2}
    assert [part.ref for part in done.content.documents] == ["checklist/own"]


def check(ws, model="delay@1"):
    made = releases.create(ws, endpoint="delay", model=model)
    return releases.check(ws, release=made.ref)


def test_another_answer_changes_what_was_approved(workspace):
    say(workspace, "purpose")
    say(workspace, "bias")
    before = check(workspace)
    say(workspace, "bias", said="not_applicable", reason="no people are concerned")
    after = check(workspace)
    assert before.content.documents[0].digest != after.content.documents[0].digest
    with pytest.raises(Exception, match="the world moved") as moved:
        releases.promote(workspace, release=before.ref)
    assert "document checklist/own" in moved.value.why


def test_answers_go_over_to_the_next_version_to_be_confirmed(workspace):
    say(workspace, "purpose")
    say(workspace, "bias", evidence="release/delay@1")
    add_model(workspace, "delay", make_model(seed=9))
    found = standing(workspace, checklist="own", model="delay")
    assert found.model == "model/delay@2"
    assert states(found) == {"purpose": "yes", "bias": "to_confirm", "log": "evident"}
    assert "bias (to confirm)" in check(workspace, "delay@2").reasons[0]
    done = answer(workspace, checklist="own", model="delay@2", item="bias")
    assert done.complete
    assert done.items[1].answer.evidence == "release/delay@1"
    with pytest.raises(InvalidInput, match="no answer of an earlier version"):
        answer(workspace, checklist="own", model="delay@1", item="log")


def test_what_is_answered_wrongly_is_refused(workspace):
    robot = workspace.with_(principal=Principal(name="ci", permissions=frozenset({"*"}), kind="service"))
    with pytest.raises(Forbidden, match="only a person"):
        say(robot, "bias")
    with pytest.raises(InvalidInput, match="why it does not apply"):
        say(workspace, "bias", said="not_applicable")
    with pytest.raises(NotFound, match="item of the checklist"):
        say(workspace, "bais")
    with pytest.raises(NotFound, match="model"):
        say(workspace, "bias", model="dely@1")
    with pytest.raises(InvalidInput):
        say(workspace, "bias", said="perhaps")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (ChecklistSpec(), "asks something"),
        (ChecklistSpec(template="eu-ai-act"), "eu-ai-act-high-risk"),
        (
            ChecklistSpec(items=[ChecklistItem(id="a", text="x"), ChecklistItem(id="a", text="y")]),
            "two items",
        ),
        (ChecklistSpec(items=[ChecklistItem(id="a b", text="x")]), "no id"),
        (ChecklistSpec(items=[ChecklistItem(id="a")]), "what does a ask"),
        (ChecklistSpec(items=[ChecklistItem(id="a", text="x", due="soon")]), "no day"),
        (ChecklistSpec(items=[ChecklistItem(id="a", text="x", due="20260331")]), "no day"),
        (ChecklistSpec(items=[ChecklistItem(id="a", text="x", evidence=["gut"])]), "no evidence"),
    ],
)
def test_a_checklist_that_makes_no_sense_is_refused(workspace, spec, said):
    with pytest.raises((InvalidInput, NotFound)) as refused:
        specs.declare(workspace, name="odd", spec=spec)
    assert said in f"{refused.value.what} {refused.value.why} {refused.value.hint}"


def test_shipped_checklists_name_their_articles_their_text_and_no_evidence_that_is_not_there(workspace):
    assert template_names() == ["eu-ai-act-high-risk", "eu-ai-act-limited-risk", "jp-ai-business"]
    for found in list_templates(workspace):
        assert found.follows
        assert "no legal advice" in found.note
        assert all(each.text and each.ja and each.source for each in found.items)
        assert len({each.id for each in found.items}) == len(found.items)
        assert {name for each in found.items for name in each.evidence} <= EVIDENCE.keys()
    assert len(load_template("jp-ai-business").items) == 10


def test_a_shipped_item_is_given_an_owner_and_a_day_and_ones_own_come_after(workspace):
    own = [
        ChecklistItem(id="art-10-bias", owner="mori", due="2026-05-01"),
        ChecklistItem(id="ours", text="Did the board agree?", per="model"),
    ]
    specs.declare(workspace, name="high", spec=ChecklistSpec(template="eu-ai-act-high-risk", items=own))
    found = {each.item.id: each for each in standing(workspace, checklist="high", model="delay@1").items}
    assert (found["art-10-bias"].item.owner, found["art-10-bias"].item.source) == (
        "mori",
        "Article 10(2)(f)–(g)",
    )
    assert list(found)[-1] == "ours"
    assert found["art-12-logs"].state == "evident"
    assert [each.title for each in list_checklists(workspace)] == ["EU AI Act: high-risk systems", "Our own"]
    assert (
        specs.plan(
            workspace, name="high", spec=ChecklistSpec(template="eu-ai-act-high-risk", items=own)
        ).change
        == "unchanged"
    )


def test_what_is_late_is_told_once_until_it_is_answered(workspace, clock):
    keeper = AlertFollower(workspace)
    say(workspace, "purpose")
    clock.set(datetime(2026, 3, 31, 23, tzinfo=UTC))
    assert remind(workspace) == 0
    clock.move(timedelta(hours=2))
    assert [remind(workspace), remind(workspace)] == [1, 0]
    keeper.step()
    (alert,) = list_alerts(workspace).items
    assert (alert.cause, alert.evidence["item"], alert.evidence["owner"]) == (
        "checklist.overdue",
        "bias",
        "mori",
    )
    say(workspace, "bias")
    keeper.step()
    assert list_alerts(workspace).items == []


def test_nobody_asks_about_a_model_that_they_may_not_see(workspace):
    there = Principal(name="tama", grants={"team": frozenset({"checklist:*", "model:read"})})
    with pytest.raises(NotFound):
        specs.declare(
            workspace.with_(principal=there), name="team/spy", spec=replace(SPEC, models=["default/delay"])
        )


def test_a_bare_name_in_a_checklist_is_of_its_project(workspace):
    projects.declare(workspace, name="team", spec=ProjectSpec())
    for models in (["delay", "default/delay"], ["team/delay", "default/delay"]):
        done = specs.declare(workspace, name="team/own", spec=replace(SPEC, models=models))
        assert done.spec["models"] == ["team/delay", "default/delay"]
