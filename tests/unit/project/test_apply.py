"""A plan says what differs; applying it leaves nothing to do, and nothing of others is touched."""

from __future__ import annotations

import json
from contextlib import suppress

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meguru.app import calls
from meguru.app.kinds import all_kinds
from meguru.app.open import open_local
from meguru.applies.types import ApplyPlan
from meguru.errors import Conflict, Forbidden, InvalidInput
from meguru.kernel import events
from meguru.kernel.declarations import Change
from meguru.kernel.kinds import kinds
from meguru.kernel.principals import Principal
from meguru.project.plan_apply import apply_plan, check_same, plan_project
from meguru.project.read import read_project
from meguru.project.write import written_out

pytest_plugins = ["meguru.testing.fixtures"]

HEAD = '[project]\nname = "shop"\n'
ENDPOINT = '[endpoint.delay]\nmodel = "delay"\n'
MONITOR = '[monitor.delay-watch]\nendpoint = "delay"\n'


@pytest.fixture(autouse=True)
def _kinds():
    all_kinds()


@pytest.fixture
def project(tmp_path):
    """Write and read a project file of this text."""

    def read(text, name="shop"):
        path = tmp_path / "meguru.toml"
        path.write_text(HEAD.replace("shop", name) + text)
        return read_project(path)

    return read


def steps(plan):
    return [(each.change.value, each.ref) for each in plan.actions]


def applied(ws, file):
    return apply_plan(ws, plan_project(ws, file), file)


def test_what_is_declared_is_created_once_and_each_step_is_caused_by_the_apply(workspace, project):
    file = project(ENDPOINT + MONITOR)
    found = plan_project(workspace, file)
    assert steps(found) == [("created", "endpoint/delay"), ("created", "monitor/delay-watch")]
    assert found.actions[1].pending == "there is no endpoint 'delay'"
    done = apply_plan(workspace, found, file)
    again = plan_project(workspace, file)
    assert (again.actions, again.adopts, again.unchanged) == ([], [], 2)
    with workspace.read() as tx:
        told = events.read(tx, types=("endpoint.created", "monitor.created"))
        assert {each.cause for each in told} == {done.event}
        assert events.verify(tx).intact


def test_a_change_is_told_field_by_field_and_what_the_file_drops_is_retired(workspace, project):
    applied(workspace, project(ENDPOINT + MONITOR))
    calls.endpoint_create(workspace, name="other", model="other")
    file = project(ENDPOINT + 'description = "late or not"\n')
    found = plan_project(workspace, file)
    assert steps(found) == [("updated", "endpoint/delay"), ("retired", "monitor/delay-watch")]
    assert [(one.field, one.before, one.after) for one in found.actions[0].fields] == [
        ("description", "", "late or not")
    ]
    apply_plan(workspace, found, file)
    assert [each.name for each in calls.endpoint_list(workspace).items] == ["delay", "other"]
    assert calls.monitor_list(workspace) == []


def test_what_was_changed_past_the_file_is_out_of_sync_with_who_and_when(workspace, project):
    file = project(ENDPOINT)
    applied(workspace, file)
    spec = msgspec.convert({"model": "delay", "record": False}, kinds()["endpoint"].spec)
    calls.endpoint_declare(workspace, name="delay", spec=spec)
    (action,) = plan_project(workspace, file).actions
    assert (action.change, action.out_of_sync.by) == (Change.UPDATED, "local")
    calls.endpoint_retire(workspace, name="delay")
    (action,) = plan_project(workspace, file).actions
    assert (action.change, action.out_of_sync.retired) == (Change.CREATED, True)


def test_what_was_there_before_the_file_becomes_the_file_s(workspace, project):
    calls.endpoint_create(workspace, name="delay", model="delay")
    file = project(ENDPOINT)
    found = plan_project(workspace, file)
    assert (found.actions, found.adopts) == ([], ["endpoint/delay"])
    apply_plan(workspace, found, file)
    assert steps(plan_project(workspace, project(""))) == [("retired", "endpoint/delay")]


def test_two_files_do_not_take_each_other_s_things(workspace, project):
    applied(workspace, project(ENDPOINT))
    for changed in ("", 'description = "theirs"\n'):
        with pytest.raises(InvalidInput, match="another file") as caught:
            applied(workspace, project(ENDPOINT + changed, name="other"))
        assert caught.value.why == "the file 'shop' owns it"
    assert calls.endpoint_list(workspace).items[0].description == ""
    assert steps(plan_project(workspace, project("", name="other"))) == []


def test_of_two_who_apply_at_once_one_wins_and_the_other_is_told(workspace, project):
    file = project(ENDPOINT + 'description = "mine"\n')
    mine = plan_project(workspace, file)
    done = applied(workspace, project(ENDPOINT + 'description = "theirs"\n'))
    with pytest.raises(Conflict, match="was applied meanwhile") as caught:
        apply_plan(workspace, mine, file)
    assert done.ref in caught.value.why
    assert caught.value.exit_code == 6
    with pytest.raises(Conflict, match="not what would be done now") as caught:
        check_same(mine, plan_project(workspace, file))
    assert "endpoint/delay" in caught.value.why
    assert [each.state for each in calls.apply_list(workspace).items] == ["succeeded"]


def test_an_apply_that_is_overtaken_does_nothing_more(workspace, project):
    file = project(ENDPOINT + MONITOR)
    slow = calls.apply_start(workspace, owner="shop", digest="a" * 64, actions=[])
    calls.apply_step(workspace, apply=slow.ref, ref="pool/gpu", spec={"slots": 1})
    applied(workspace, file)
    with pytest.raises(Conflict, match="has ended") as caught:
        calls.apply_step(workspace, apply=slow.ref, ref="pool/cpu", spec={"slots": 1})
    assert caught.value.why == "a later apply of the file began"
    assert calls.pool_list(workspace) == []


def test_a_step_refuses_a_thing_that_was_changed_since_the_plan(workspace, project):
    file = project(ENDPOINT + 'description = "mine"\n')
    applied(workspace, project(ENDPOINT))
    spec = msgspec.convert({"model": "delay", "record": False}, kinds()["endpoint"].spec)
    for text in (ENDPOINT + 'description = "mine"\n', ""):
        file = project(text)
        found = plan_project(workspace, file)
        calls.endpoint_declare(workspace, name="delay", spec=spec)
        with pytest.raises(Conflict, match="not as it was when you looked"):
            apply_plan(workspace, found, file)
        spec = msgspec.structs.replace(spec, record=True)
    assert calls.apply_list(workspace).items[0].state == "failed"


def test_what_commands_declared_is_written_as_a_file_that_changes_nothing(workspace, project, tmp_path):
    gates = [{"gate": "metric", "metric": "auc", "value": 0.6}]
    calls.endpoint_create(workspace, name="delay", model="delay", gates=gates)
    calls.monitor_create(workspace, name="watch", endpoint="delay", min_rows=7)
    calls.project_declare(workspace, name="team", spec=kinds()["project"].spec())
    calls.pool_set(workspace, name="gpu", slots=2)
    path = tmp_path / "written.toml"
    path.write_text(written_out(workspace, "shop"))
    found = plan_project(workspace, read_project(path))
    assert (found.actions, found.unchanged) == ([], 4)
    assert found.owned == ["endpoint/delay", "monitor/watch", "pool/gpu", "project/team"]


ACCESS = """
[projects.risk]
[role.scorer]
allow = ["run:read", "model:read"]
[principal.ana]
role = "viewer"
[principal.ben]
role = "viewer"
[group.approvers]
members = ["ana", "ben"]
[grant."risk/ana"]
to = "principal/ana"
role = "scorer"
projects = ["risk"]
[grant.all]
to = "group/approvers"
role = "viewer"
projects = ["risk"]
[release_policy.two]
approvals = 2
breakglass = 1
[trust.ci]
issuer = "https://ci.example.org"
audience = "meguru"
claims = { repo = "shop/models" }
role = "scorer"
[identity_provider.home]
issuer = "https://id.example.org"
client_id = "meguru"
[policy.hours]
clean = true
"""


def test_who_was_shut_out_is_declared_again_with_what_names_them_in_one_apply(workspace, project):
    file = project(ACCESS)
    applied(workspace, file)
    assert plan_project(workspace, file).actions == []
    calls.principal_retire(workspace, name="ana")
    # Not by taking the name: something else that the file does not declare would give its rights.
    alone = project('[principal.ana]\nrole = "viewer"\n', name="other")
    with pytest.raises(InvalidInput, match="would get the rights of somebody who was shut out"):
        plan_project(workspace, alone)
    found = plan_project(workspace, project(ACCESS))
    assert steps(found) == [
        ("retired", "grant/risk/ana"),
        ("updated", "group/approvers"),
        ("created", "principal/ana"),
        ("updated", "group/approvers"),
        ("created", "grant/risk/ana"),
    ]
    assert found.unchanged == len(found.owned) - 3
    apply_plan(workspace, found, file)
    again = plan_project(workspace, file)
    assert (again.actions, again.adopts) == ([], [])


def test_what_is_declared_of_access_is_written_out_and_applied_elsewhere_and_nothing_is_left_to_do(
    workspace, project, tmp_path
):
    applied(workspace, project(ACCESS))
    (tmp_path / "written.toml").write_text(written_out(workspace, "shop"))
    written = read_project(tmp_path / "written.toml")
    here = plan_project(workspace, written)
    assert here.actions == []
    with open_local(tmp_path / "elsewhere") as fresh:
        applied(fresh, written)
        there = plan_project(fresh, written)
        assert (there.actions, there.adopts, there.owned) == ([], [], here.owned)


def test_what_uses_a_thing_is_retired_before_it(workspace, project):
    applied(workspace, project(ENDPOINT + '[monitor.a-watch]\nendpoint = "delay"\n' + MONITOR))
    order = [ref for _, ref in steps(plan_project(workspace, project("")))]
    assert sorted(order) == ["endpoint/delay", "monitor/a-watch", "monitor/delay-watch"]
    assert order[-1] == "endpoint/delay"


def test_what_a_file_owns_in_a_project_is_not_shown_to_who_may_not_see_it(workspace, project):
    calls.project_declare(workspace, name="team", spec=kinds()["project"].spec())
    applied(workspace, project('[endpoint."team/delay"]\nmodel = "team/delay"\n'))
    reader = workspace.with_(principal=Principal(name="anna", grants={"": frozenset({"*:read"})}))
    with pytest.raises(Forbidden) as caught:
        plan_project(reader, project(""))
    assert "team" not in str(caught.value)


def test_a_saved_plan_is_the_plan(workspace, project):
    found = plan_project(workspace, project(ENDPOINT + MONITOR))
    saved = msgspec.json.decode(msgspec.json.encode(found), type=ApplyPlan)
    check_same(saved, found)


def test_every_fault_is_told_with_its_place_and_nothing_is_changed(workspace, project):
    file = project(
        ENDPOINT + 'gates = [{ gate = "nosuch" }]\n[monitor.w]\nendpoint = "nobody"\nmin_rows = 0\n'
    )
    with pytest.raises(InvalidInput) as caught:
        plan_project(workspace, file)
    assert caught.value.where.endswith("meguru.toml:5:12")
    assert "meguru.toml:8:1: min_rows must be at least 1" in caught.value.why
    assert calls.endpoint_list(workspace).items == []


class Killed(BaseException):
    """Nothing of ours runs after a kill; Ctrl-C, which can be answered, is another thing."""


def killed_after(steps):
    """Stop as a kill would, after so many steps."""
    done = []

    def look(action):
        done.append(action)
        if len(done) == steps:
            raise Killed

    return look


def test_what_another_thing_of_the_file_needs_is_not_dropped(workspace, project):
    applied(workspace, project(ENDPOINT + MONITOR))
    with pytest.raises(InvalidInput, match="needs endpoint/delay, which the file does not declare") as caught:
        plan_project(workspace, project(MONITOR))
    assert caught.value.where.endswith("meguru.toml:4:1")


def test_a_name_that_nothing_has_is_told_where_it_stands_with_the_one_that_was_meant(workspace, project):
    file = project(ENDPOINT + '[monitor.w]\nendpoint = "dely"\n')
    with pytest.raises(InvalidInput, match="no endpoint 'dely'") as caught:
        plan_project(workspace, file)
    assert caught.value.where.endswith("meguru.toml:6:1")
    assert caught.value.hint == "did you mean 'delay'?"


def test_an_apply_that_stops_in_the_middle_goes_on(workspace, project):
    file = project(ENDPOINT + MONITOR + "[pool.gpu]\nslots = 2\n")
    found = plan_project(workspace, file)
    with pytest.raises(Killed):
        apply_plan(workspace, found, file, killed_after(1))
    rest = plan_project(workspace, file)
    assert (len(rest.actions), rest.adopts) == (2, [])
    assert [each.state for each in calls.apply_list(workspace).items] == ["running"]
    apply_plan(workspace, rest, file)
    assert [each.state for each in calls.apply_list(workspace).items] == ["succeeded", "failed"]
    assert plan_project(workspace, file).actions == []
    assert len(plan_project(workspace, project("")).actions) == 3


NAMES = st.sampled_from(["a", "b"])
THINGS = st.fixed_dictionaries(
    {
        "endpoint": st.dictionaries(
            NAMES, st.fixed_dictionaries({"model": st.just("m"), "description": st.sampled_from(["", "x"])})
        ),
        "monitor": st.dictionaries(NAMES, st.fixed_dictionaries({"min_rows": st.integers(1, 2)})),
        "pool": st.dictionaries(NAMES, st.fixed_dictionaries({"slots": st.integers(0, 1)})),
    }
)


def as_file(project, things):
    endpoints = set(things["endpoint"])
    text = ""
    for kind, named in things.items():
        for name, fields in named.items():
            if kind == "monitor" and name not in endpoints:
                continue
            watched = {"endpoint": name} if kind == "monitor" else {}
            lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in (watched | fields).items())
            text += f"[{kind}.{name}]\n{lines}"
    return project(text)


def present(ws):
    return {f"{each.kind}/{each.name}": each.spec for each in calls.apply_present(ws)}


@given(before=THINGS, past=THINGS, after=THINGS, steps=st.integers(1, 6))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_killed_anywhere_a_second_apply_ends_as_the_file_says(workspace, project, before, past, after, steps):
    applied(workspace, as_file(project, before))
    mine = set(plan_project(workspace, as_file(project, before)).owned)
    for kind in ("endpoint", "pool"):  # others change and declare things past the file
        for name, fields in past[kind].items():
            spec = msgspec.convert(fields, kinds()[kind].spec)
            getattr(calls, f"{kind}_declare")(workspace, name=name, spec=spec)
    others = {ref: spec for ref, spec in present(workspace).items() if ref not in mine}
    file = as_file(project, after)
    with suppress(Killed):
        apply_plan(workspace, plan_project(workspace, file), file, killed_after(steps))
    applied(workspace, file)
    left = plan_project(workspace, file)
    assert (left.actions, left.adopts) == ([], [])
    there, wanted = present(workspace), set(left.owned)
    assert set(there) == wanted | (set(others) - (mine - wanted))
    assert all(there[ref] == spec for ref, spec in others.items() if ref not in wanted)
    for ref in sorted(set(there) - wanted, reverse=True):  # what the file never owned it never deleted
        getattr(calls, f"{ref.partition('/')[0]}_retire")(workspace, name=ref.partition("/")[2])
    applied(workspace, project(""))
    assert present(workspace) == {}


def test_a_file_shows_and_owns_only_what_its_author_may_read_and_write(workspace, project):
    def may(*permissions):
        return workspace.with_(principal=Principal(name="ada", permissions=frozenset(permissions)))

    file = project(ENDPOINT)
    applied(workspace, file)
    with pytest.raises(Forbidden) as refused:
        plan_project(may("apply:*", "model:read"), file)
    assert refused.value.lacks == "endpoint:read"
    reader = may("apply:*", "*:read")
    assert plan_project(reader, file).unchanged == 1
    begun = calls.apply_start(reader, owner="mine", digest="a" * 64, actions=["endpoint/delay"])
    with pytest.raises(Forbidden) as refused:
        calls.apply_finish(reader, apply=begun.ref, owned=["endpoint/delay"])
    assert refused.value.lacks == "endpoint:write"


def test_an_apply_that_is_interrupted_is_not_shown_as_running(workspace, project):
    def interrupt(step):
        raise KeyboardInterrupt

    file = project(ENDPOINT + MONITOR)
    with pytest.raises(KeyboardInterrupt):
        apply_plan(workspace, plan_project(workspace, file), file, interrupt)
    (last,) = calls.apply_list(workspace).items
    assert (last.state, last.reason) == ("failed", "KeyboardInterrupt")
    assert steps(plan_project(workspace, file)) == [("created", "monitor/delay-watch")]
