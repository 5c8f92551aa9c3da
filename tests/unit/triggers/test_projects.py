"""A trigger sees its own project, and what it names."""

import pytest

from meguru import errors
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.kernel.principals import Principal
from meguru.monitoring.operations import create as make_monitor
from meguru.serving.operations import create as make_endpoint
from meguru.triggers.kind import TriggerSpec
from meguru.triggers.operations import create, list_triggers, show, specs
from meguru.webhooks.manage import create as make_webhook

ENGINEER = frozenset({"trigger:*", "monitor:*", "endpoint:read", "release:*", "*:read"})


@pytest.fixture
def teams(workspace):
    for name in ("team", "other"):
        projects.declare(workspace, name=name, spec=ProjectSpec())
        make_endpoint(workspace, name=f"{name}/delay", model=f"{name}/delay")
        make_monitor(workspace, name=f"{name}/watch", endpoint=f"{name}/delay")
    return workspace


@pytest.fixture
def anna(teams):
    return teams.with_(principal=Principal(name="anna", grants={"team": ENGINEER}))


def test_bare_names_are_of_the_triggers_project(anna):
    made = create(anna, name="team/again", on={"monitor": "watch"}, action={"endpoint": "delay"})
    assert (made.on, made.action) == ({"monitor": "team/watch"}, {"endpoint": "team/delay"})
    assert [each.name for each in list_triggers(anna)] == ["team/again"]


def test_a_thing_of_another_project_needs_the_right_there(anna, teams):
    with pytest.raises(errors.Forbidden):
        create(anna, name="team/spy", on={"monitor": "other/watch"}, action={"endpoint": "delay"})
    with pytest.raises(errors.Forbidden):
        create(anna, name="team/push", on={"monitor": "watch"}, action={"endpoint": "other/delay"})
    assert create(teams, name="team/spy", on={"monitor": "other/watch"}, action={"endpoint": "delay"})


def test_who_may_only_see_a_webhook_has_no_trigger_call_it(anna, teams):
    hook = make_webhook(
        teams, name="chat", url="https://example.com/hook", project="team", events=["release.*"]
    )
    watching = {"name": "team/tell", "on": {"monitor": "watch"}, "action": {"webhook": hook.id}}
    with pytest.raises(errors.Forbidden) as refused:
        create(anna, **watching)
    assert "'webhook:write' is missing: the trigger would call" in refused.value.why
    assert create(teams, **watching)


def test_a_trigger_of_another_project_is_not_there(anna, teams):
    create(teams, name="other/again", on={"monitor": "watch"}, action={"endpoint": "delay"})
    for ask in (lambda: show(anna, name="other/again"), lambda: specs.retire(anna, name="other/again")):
        with pytest.raises(errors.NotFound):
            ask()


def test_a_wide_pattern_sees_only_the_triggers_own_project(workspace, say, teams):
    from meguru.kernel.events import read
    from meguru.triggers.index import TriggerIndex

    create(teams, name="team/all", on={"event": "*"}, action={"endpoint": "delay"})
    create(teams, name="all", on={"event": "*"}, action={"endpoint": "other/delay"})
    for subject in ("endpoint/team/delay", "endpoint/other/delay", "endpoint/delay"):
        say("note.first", subject)
    with workspace.read() as tx:
        told = read(tx, types=("note.first",), limit=10)
        index = TriggerIndex()
        index.refresh(tx)
    woken = {each.subject: [one.trigger.name for one in index.matching(each)] for each in told}
    assert woken == {
        "endpoint/team/delay": ["team/all"],
        "endpoint/other/delay": [],
        "endpoint/delay": ["all"],
    }


def test_a_trigger_is_changed_and_retired_and_waits_anew_when_its_condition_changes(teams):
    spec = TriggerSpec(on={"monitor": "team/watch"}, action={"endpoint": "team/delay"})
    assert specs.declare(teams, name="team/again", spec=spec).change == "created"
    before = show(teams, name="team/again").created_seq
    slower = TriggerSpec(on=spec.on, action=spec.action, cooldown=60)
    assert [each.field for each in specs.declare(teams, name="team/again", spec=slower).fields] == [
        "cooldown"
    ]
    assert show(teams, name="team/again").created_seq == before
    yearly = TriggerSpec(on={"cron": "0 2 1 1 *"}, action=spec.action)
    specs.declare(teams, name="team/again", spec=yearly)
    after = show(teams, name="team/again")
    assert after.created_seq > before
    assert after.due_at is not None
    specs.retire(teams, name="team/again")
    assert list_triggers(teams) == []


def test_what_it_names_of_the_default_project_is_the_same_when_it_is_declared_again(teams):
    make_endpoint(teams, name="delay", model="delay")
    make_monitor(teams, name="watch", endpoint="delay")
    spec = TriggerSpec(on={"monitor": "default/watch"}, action={"endpoint": "default/delay"})
    assert specs.declare(teams, name="team/again", spec=spec).change == "created"
    made = show(teams, name="team/again")
    assert (made.on, made.action) == ({"monitor": "watch"}, {"endpoint": "delay"})
    planned = specs.declare(teams, name="team/again", spec=spec)
    assert planned.change == "unchanged"
    assert show(teams, name="team/again") == made
    assert specs.declare(teams, name="team/again", spec=planned.spec).change == "unchanged"
