"""Roles, groups and grants: what they give, and that nobody gives more than they have."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from meguru import errors
from meguru.governance import owners, store
from meguru.governance.admission import RightsCache, principal_of
from meguru.governance.grants.kind import GrantSpec
from meguru.governance.grants.operations import list_grants
from meguru.governance.grants.operations import specs as grants
from meguru.governance.groups.kind import GroupSpec
from meguru.governance.groups.operations import list_groups
from meguru.governance.groups.operations import specs as groups
from meguru.governance.kind import PrincipalSpec
from meguru.governance.operations import specs as principals
from meguru.governance.principals import create_principal, set_role
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.members import grant as grant_member
from meguru.governance.projects.operations import specs as projects
from meguru.governance.rights import members_of, read_table
from meguru.governance.roles.kind import RoleSpec
from meguru.governance.roles.operations import list_roles
from meguru.governance.roles.operations import specs as roles
from meguru.governance.tokens import create_token, list_tokens
from meguru.governance.whoami import whoami
from meguru.kernel.principals import Principal

pytest_plugins = ["meguru.testing.fixtures"]


@pytest.fixture
def ws(workspace):
    projects.declare(workspace, name="risk", spec=ProjectSpec())
    create_principal(workspace, name="root", role="owner")
    create_principal(workspace, name="ana", role="guest")
    return workspace


@pytest.fixture
def ana(ws):
    """Ask as Ana does with a token: rights are looked up, and kept while nothing changes."""
    secret, cache = create_token(ws, principal="ana").secret, RightsCache()

    def ask() -> Principal:
        with ws.read() as tx:
            return principal_of(tx, secret, ws.clock.now(), cache)

    return ask


def group(ws, name, *members):
    groups.declare(ws, name=name, spec=GroupSpec(members=list(members)))


def give(ws, name, to, role, *places):
    return grants.declare(ws, name=name, spec=GrantSpec(to=to, role=role, projects=list(places)))


def test_a_grant_to_a_group_holds_for_its_members_in_its_project_at_once(ws, ana):
    assert ana().projects("run:write") == frozenset()
    group(ws, "approvers", "ana")
    give(ws, "risk/reviewers", "group/approvers", "engineer")
    assert ana().projects("run:write") == {"risk"}
    group(ws, "approvers")
    assert ana().projects("run:write") == frozenset()


def test_a_grant_holds_where_it_says_or_everywhere_until_it_is_taken_away(ws, ana):
    give(ws, "some", "ana", "viewer", "risk", "default")
    assert ana().projects("run:read") == {"risk", ""}
    give(ws, "some", "user/ana", "viewer", "*")
    assert ana().projects("run:read") is None
    grants.retire(ws, name="some")
    assert ana().projects("run:read") == frozenset()


def test_a_declared_role_gives_its_permissions_and_one_can_replace_a_built_in_one(ws, ana):
    roles.declare(ws, name="reviewer", spec=RoleSpec(allow=["release:*", "*:read"]))
    give(ws, "risk/r", "ana", "reviewer")
    assert ana().allows("release:promote", "risk")
    assert not ana().allows("run:write", "risk")
    roles.declare(ws, name="reviewer", spec=RoleSpec(allow=["*:read"]))
    assert not ana().allows("release:promote", "risk")
    set_role(ws, name="ana", role="data-scientist")
    assert ana().allows("dataset:write")
    roles.declare(ws, name="data-scientist", spec=RoleSpec(allow=["run:*"]))
    assert not ana().allows("dataset:write")
    roles.retire(ws, name="data-scientist")
    assert ana().allows("dataset:write")


@pytest.mark.parametrize("bad", ["releas:promote", "run", "run:wriet", "nothing:*", "*:fly", ""])
def test_a_permission_that_there_is_not_is_refused_with_what_looks_like_it(ws, bad):
    with pytest.raises(errors.InvalidInput) as caught:
        roles.declare(ws, name="r", spec=RoleSpec(allow=["run:*", bad]))
    assert caught.value.field == "allow[1]"
    assert bad[:4] in caught.value.what
    assert caught.value.hint


@pytest.mark.parametrize("name", ["owner", "guest"])
def test_what_owner_and_guest_mean_is_fixed(ws, name):
    with pytest.raises(errors.InvalidInput):
        roles.declare(ws, name=name, spec=RoleSpec(allow=["run:read"]))


def as_somebody(ws, *everywhere, **within):
    held = {project: frozenset(permissions) for project, permissions in within.items()}
    return ws.with_(principal=Principal(name="somebody", permissions=frozenset(everywhere), grants=held))


def test_nobody_gives_more_than_they_have(ws):
    group(ws, "staff", "ana")
    give(ws, "risk/staff", "group/staff", "engineer")
    some = as_somebody(
        ws, "grant:write", "role:write", "group:write", "principal:write", "token:write", "*:read",
        "comment:write",
    )  # fmt: skip
    for attempt in (
        lambda: give(some, "mine", "ana", "owner", "*"),
        lambda: give(some, "risk/mine", "ana", "engineer"),
        lambda: roles.declare(some, name="viewer", spec=RoleSpec(allow=["*:read", "run:write"])),
        lambda: groups.declare(some, name="staff", spec=GroupSpec(members=["ana", "root"])),
        lambda: groups.declare(some, name="staff", spec=GroupSpec(claims={"groups": "all"})),
        lambda: create_principal(some, name="new", role="owner"),
        lambda: set_role(some, name="ana", role="engineer"),
        lambda: create_token(some, principal="root"),
        lambda: create_token(some, principal="ana", scope=["run:write"]),
    ):
        with pytest.raises(errors.Forbidden) as caught:
            attempt()
        assert "has not" in caught.value.why
    assert give(some, "readers", "ana", "viewer", "*").change == "created"
    assert create_token(some, principal="root", scope=["run:read"]).token.principal == "root"


def test_who_owns_a_project_gives_roles_there_and_nowhere_else(ws):
    lead = as_somebody(ws, risk=["*"])
    assert give(lead, "risk/team", "ana", "engineer").change == "created"
    for name, places in (("other", []), ("risk/other", ["*"]), ("risk/other", ["default"])):
        with pytest.raises((errors.Forbidden, errors.NotFound)):
            give(lead, name, "ana", "viewer", *places)
    assert [each.name for each in list_grants(lead)] == ["risk/team"]
    give(ws, "risk/wide", "ana", "viewer", "*")
    with pytest.raises(errors.Forbidden):
        grants.retire(lead, name="risk/wide")


def test_to_have_what_one_gives_is_not_enough_to_give_it(ws):
    reader = as_somebody(ws, "*:read", "comment:write", risk=["grant:write"])
    assert give(reader, "risk/team", "ana", "viewer").change == "created"
    for name, places in (("risk/team", ["*"]), ("risk/more", ["default"]), ("more", [])):
        with pytest.raises(errors.Forbidden) as caught:
            give(reader, name, "ana", "viewer", *places)
        assert caught.value.lacks == "grant:write"
    give(ws, "risk/wide", "ana", "viewer", "risk", "default")
    for attempt in (
        lambda: give(reader, "risk/wide", "ana", "viewer"),
        lambda: grants.retire(reader, name="risk/wide"),
    ):
        with pytest.raises(errors.Forbidden):
            attempt()


def test_the_last_owner_stays_whatever_is_changed(ws):
    group(ws, "lords", "ana")
    give(ws, "lords", "group/lords", "owner", "*")
    set_role(ws, name="root", role="viewer")  # Ana is one, by her group
    for attempt in (
        lambda: grants.retire(ws, name="lords"),
        lambda: group(ws, "lords"),
        lambda: principals.retire(ws, name="ana"),
        lambda: give(ws, "lords", "group/lords", "viewer", "*"),
    ):
        with pytest.raises(errors.Conflict) as caught:
            attempt()
        assert "last owner" in caught.value.what
    with ws.read() as tx:
        assert owners.owners(tx, ws.clock.now()) == {"ana"}


def test_who_is_shut_out_is_refused_at_once_and_gets_nothing_back_by_the_name(ws, ana):
    grant_member(ws, name="risk", principal="principal/ana", role="engineer")
    assert ana().allows("run:write", "risk")
    group(ws, "approvers", "ana")
    give(ws, "risk/x", "ana", "viewer")
    principals.retire(ws, name="ana")
    with pytest.raises(errors.Unauthenticated):
        ana()
    with pytest.raises(errors.InvalidInput, match="shut out") as refused:
        create_principal(ws, name="ana", role="guest")
    assert "grant/risk/x, group/approvers" in refused.value.why
    group(ws, "approvers")
    grants.retire(ws, name="risk/x")
    create_principal(ws, name="ana", role="guest")
    with pytest.raises(errors.Unauthenticated):
        ana()
    assert all(each.revoked_at for each in list_tokens(ws, principal="ana").items)
    assert whoami(ws.with_(principal=Principal(name="ana"))).rights == []


def test_what_is_used_is_not_taken_away(ws):
    roles.declare(ws, name="r", spec=RoleSpec(allow=["run:read"]))
    group(ws, "g", "ana")
    give(ws, "risk/x", "group/g", "r")
    for specs, name in ((roles, "r"), (groups, "g")):
        with pytest.raises(errors.Conflict) as caught:
            specs.retire(ws, name=name)
        assert "grant/risk/x" in caught.value.why


def test_what_is_not_there_is_named_with_what_looks_like_it(ws):
    group(ws, "approvers", "ana")
    for to, role, place in (
        ("anna", "viewer", "risk"),
        ("group/aprovers", "viewer", "risk"),
        ("ana", "viewr", "risk"),
        ("ana", "viewer", "risc"),
    ):
        with pytest.raises(errors.NotFound) as caught:
            give(ws, "x", to, role, place)
        assert "did you mean" in caught.value.hint
    with pytest.raises(errors.NotFound):
        group(ws, "approvers", "nobody-here")


def test_whoami_tells_rights_by_project_and_through_what(ws, ana):
    group(ws, "approvers", "ana")
    give(ws, "risk/rev", "group/approvers", "viewer")
    me = whoami(ws.with_(principal=ana()))
    assert (me.name, me.groups) == ("ana", ["approvers"])
    assert [(each.project, each.roles, each.permissions) for each in me.rights] == [
        ("risk", ["viewer via group/approvers"], ["*:read", "comment:write"])
    ]
    assert whoami(ws).rights[0].permissions == ["*"]


def test_lists_show_what_is_declared_and_who_belongs(ws):
    group(ws, "approvers", "ana")
    roles.declare(ws, name="viewer", spec=RoleSpec(allow=["run:read"]))
    assert [(each.name, each.present) for each in list_groups(ws)] == [("approvers", ["ana"])]
    found = {each.name: each for each in list_roles(ws)}
    assert (found["viewer"].allow, found["viewer"].builtin) == (["run:read"], False)
    assert found["owner"].builtin


def test_a_principal_is_declared_changed_and_unchanged(ws):
    said = [
        principals.declare(ws, name="bo", spec=PrincipalSpec(role=role)).change
        for role in ("viewer", "viewer", "engineer")
    ]
    assert said == ["created", "unchanged", "updated"]
    with pytest.raises(errors.InvalidInput):
        principals.declare(ws, name="Bo", spec=PrincipalSpec())
    with pytest.raises(errors.InvalidInput):
        principals.declare(ws, name="cy", spec=PrincipalSpec(kind="robot"))


def test_groups_and_owners_are_asked_for_in_as_many_statements_however_many_people_there_are(ws):
    group(ws, "approvers", "ana")
    counts = []
    for number in range(2):
        create_principal(ws, name=f"p{number}")
        with ws.read() as tx:
            asked = []
            event.listen(tx, "after_cursor_execute", lambda *_, asked=asked: asked.append(1))
            assert owners.owners(tx, ws.clock.now()) == {"root"}
            table = read_table(tx)
            names = [who.name for who in store.list_principals(tx)]
            assert members_of(tx, names, table, ws.clock.now()) == {"approvers": ["ana"]}
            counts.append(len(asked))
    assert counts[0] == counts[1]
