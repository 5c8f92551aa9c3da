"""Questions of an auditor, about a story whose every day is known."""

from datetime import UTC, datetime, timedelta

import pytest

from meguru.audit.answers.cef import line
from meguru.audit.answers.operations import audit_events, changes, in_force, person, who_could
from meguru.errors import Forbidden, InvalidInput, MeguruError, NotFound
from meguru.governance.grants.kind import GrantSpec
from meguru.governance.grants.operations import specs as grants
from meguru.governance.groups.kind import GroupSpec
from meguru.governance.groups.operations import specs as groups
from meguru.governance.kind import PrincipalSpec
from meguru.governance.operations import specs as principals
from meguru.governance.principals import create_principal
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.members import grant, revoke
from meguru.governance.projects.operations import specs as projects
from meguru.governance.roles.kind import RoleSpec
from meguru.governance.roles.operations import specs as roles
from meguru.governance.tokens import create_token, revoke_token
from meguru.kernel import events
from meguru.kernel.event import Event
from meguru.kernel.principals import Principal
from meguru.testing.events import sample
from meguru.tracking.operations import create_experiment


@pytest.fixture
def ws(workspace, clock):
    workspace.clock = clock
    return workspace


@pytest.fixture
def days(ws, clock):
    """Eight days; what happened on each is told where it is asked."""
    found = []

    def on(*work):
        found.append(clock.now())
        for each in work:
            each()
        clock.move(timedelta(days=1))

    def declared(specs, name, spec):
        return lambda: specs.declare(ws, name=name, spec=spec)

    on(
        lambda: projects.declare(ws, name="risk", spec=ProjectSpec()),
        lambda: create_principal(ws, name="ana", role="guest"),
        lambda: create_principal(ws, name="bo", role="viewer"),
    )
    on(lambda: grant(ws, name="risk", principal="ana", role="engineer"))
    on(declared(roles, "reviewer", RoleSpec(allow=["model:read", "release:promote"])))
    on(
        declared(groups, "reviewers", GroupSpec(members=["bo"])),
        declared(grants, "risk/reviewers", GrantSpec(to="group/reviewers", role="reviewer")),
    )
    on(declared(roles, "reviewer", RoleSpec(allow=["model:read"])))
    on(lambda: revoke(ws, name="risk", principal="ana"))
    on(lambda: principals.retire(ws, name="bo"))
    found.append(clock.now())
    return found


def could(ws, ref, verb, at):
    found = who_could(ws, ref=ref, verb=verb, at=at)
    return {each.principal: [role.via for role in each.roles] for each in found.who}


def test_who_could_is_told_as_it_stood_on_that_day(ws, days):
    ends = [each + timedelta(hours=23) for each in days]
    model = "model/risk/churn@3"
    assert could(ws, model, "read", days[0] - timedelta(days=1)) == {}
    assert could(ws, model, "read", ends[0]) == {"bo": [""]}
    assert could(ws, model, "read", ends[1]) == {"ana": ["project/risk"], "bo": [""]}
    assert could(ws, "model/churn", "read", ends[1]) == {"bo": [""]}
    assert could(ws, model, "write", ends[1]) == {"ana": ["project/risk"]}
    assert could(ws, "release/risk/x@1", "promote", ends[2]).keys() == {"ana"}
    assert could(ws, "release/risk/x@1", "promote", ends[3])["bo"] == ["group/reviewers"]
    assert could(ws, "release/risk/x@1", "promote", ends[4]).keys() == {"ana"}
    assert could(ws, model, "read", ends[4])["bo"] == ["", "group/reviewers"]
    assert could(ws, model, "read", ends[5]) == {"bo": ["", "group/reviewers"]}
    assert could(ws, model, "read", ends[7]) == {}
    assert "built-in roles" in who_could(ws, ref=model).unknown[-1]


def test_tokens_count_while_they_were_valid_and_only_for_their_scope(ws, clock):
    create_principal(ws, name="ana", role="engineer")
    made = create_token(ws, principal="ana", days=3).token
    narrow = create_token(ws, principal="ana", days=30, scope=["run:read"]).token
    start = clock.now()

    def tokens(verb, days):
        (who,) = who_could(ws, ref="model/churn", verb=verb, at=start + timedelta(days=days)).who
        return who.tokens

    assert (tokens("read", 1), tokens("run:read", 1)) == ([made.id], [made.id, narrow.id])
    assert (tokens("read", 4), tokens("run:read", 4)) == ([], [narrow.id])
    clock.move(timedelta(days=5))
    revoke_token(ws, id=narrow.id)
    assert (tokens("run:read", 4), tokens("run:read", 6)) == ([narrow.id], [])


def test_who_changed_a_thing_is_told_with_before_and_after(ws, days):
    found = changes(ws, ref="role/reviewer").items
    assert [(each.event.type, each.event.actor) for each in found] == [
        ("role.created", "local"),
        ("role.updated", "local"),
    ]
    (step,) = found[1].fields
    assert (step.field, step.before, step.after) == (
        "allow", ["model:read", "release:promote"], ["model:read"],
    )  # fmt: skip
    assert changes(ws, ref="role/reviewer", until=days[3]).items == found[:1]
    assert changes(ws, ref="role/reviewer", limit=1).next_cursor == str(found[0].event.seq)


def test_everything_that_a_person_did_is_told_refusals_and_second_accounts_included(ws, days):
    principals.declare(ws, name="ana-ci", spec=PrincipalSpec(role="engineer", person="ana"))
    ana = ws.with_(principal=Principal(name="ana", permissions=frozenset({"experiment:write"})))
    create_experiment(ana, name="mine")
    with pytest.raises(MeguruError):
        create_token(ana, principal="bo")
    create_experiment(ws.with_(principal=Principal(name="ana-ci", permissions=frozenset({"*"}))), name="ours")
    with ws.db.write() as tx:
        told = {"operation": "o", "at": ws.clock.now()}
        events.append(
            tx,
            **told,
            type="release.approved",
            actor="link",
            subject="release/x@1",
            data=sample("release.approved") | {"by": "ana", "approval": "a"},
        )
        events.append(
            tx,
            **told,
            type="release.approved",
            actor="link",
            subject="release/x@1",
            data=sample("release.approved") | {"by": "anabel", "approval": "b"},
        )
    found = person(ws, name="ana")
    assert (found.accounts, found.denied) == (["ana", "ana-ci"], 1)
    assert (found.counts["experiment.created"], found.counts["release.approved"]) == (2, 1)
    assert (found.total, found.last) == (len(found.events), ws.clock.now())
    assert person(ws, name="nobody").total == 0
    with pytest.raises(InvalidInput):
        person(ws, name=" ")


def test_releases_in_force_are_those_of_that_day_with_who_had_agreed(ws, clock):
    def tell(type, subject, **data):
        with ws.db.write() as tx:
            events.append(
                tx, type=type, at=clock.now(), actor="ana", operation="o", subject=subject,
                data=sample(type) | data,
            )  # fmt: skip
        clock.move(timedelta(hours=1))

    start = clock.now()
    for number, digest in ((1, "d1"), (2, "d2")):
        subject, more = (
            f"release/churn@{number}",
            {"endpoint": "endpoint/churn", "model": f"model/churn@{number}"},
        )
        tell("release.approved", subject, **more, digest=digest, approval=f"a{number}", by="bo", key="k")
        tell("release.approved", subject, **more, digest="older", approval=f"b{number}", by="eve")
        tell("release.promoted", subject, **more, digest=digest, reason="better", before=None)
    tell(
        "release.rolled_back",
        "release/churn@1",
        endpoint="endpoint/churn",
        model="model/churn@1",
        before=None,
    )
    tell("endpoint.retired", "endpoint/churn")

    def at(hours):
        found = in_force(ws, at=start + timedelta(hours=hours, minutes=1)).releases
        return [(each.release, each.how, [who.by for who in each.approvals]) for each in found]

    assert at(1) == []
    assert at(2) == [("release/churn@1", "promoted", ["bo"])]
    assert at(5) == [("release/churn@2", "promoted", ["bo"])]
    assert [each[:2] for each in at(6)] == [("release/churn@1", "rolled_back")]
    assert at(7) == []


def test_what_is_exported_is_filtered_and_paged(ws, days):
    whole = audit_events(ws).items
    assert [each.seq for each in whole] == list(range(1, len(whole) + 1))
    page = audit_events(ws, limit=2)
    assert [
        each.seq for each in (page.items + audit_events(ws, after=int(page.next_cursor), limit=2).items)
    ] == [1, 2, 3, 4]
    assert {each.type for each in audit_events(ws, type="role.*").items} == {"role.created", "role.updated"}
    assert audit_events(ws, since=days[1], until=days[1]).items == whole[3:4]


def test_an_auditor_of_one_project_is_told_nothing_of_another(ws, days):
    auditor = ws.with_(principal=Principal(name="aud", grants={"risk": frozenset({"event:audit"})}))
    assert {each.project for each in audit_events(auditor).items} == {"risk"}
    assert who_could(auditor, ref="model/risk/churn").project == "risk"
    for ref in ("model/churn", "role/reviewer", "principal/ana"):
        with pytest.raises(NotFound):
            who_could(auditor, ref=ref)
        with pytest.raises(NotFound):
            changes(auditor, ref=ref)
    reader = ws.with_(principal=Principal(name="r", permissions=frozenset({"*:read"})))
    for ask in (lambda: audit_events(reader), lambda: in_force(reader), lambda: person(reader, name="ana")):
        with pytest.raises(Forbidden):
            ask()


def test_cef_escapes_what_would_break_a_line_or_a_field():
    told = Event(
        seq=7, id="evt-1", type="no|such\\type", at=datetime(2026, 3, 1, 12, tzinfo=UTC), actor="a=b\\c|d",
        operation="o", subject="s\nt\r\n", data={"x": 'a=b|c\n"'}, hash="h",
    )  # fmt: skip
    head, _, rest = line(told, "1.0").partition("|3|")
    assert head == "CEF:0|Meguru|Meguru|1.0|no\\|such\\\\type|no\\|such\\\\type"
    assert rest.startswith(
        "rt=1772366400000 externalId=evt-1 suser=a\\=b\\\\c|d act=o outcome=success cn1=7 "
    )
    assert "cs1=s\\nt\\r\\n cs2=default cs3=h msg=" in rest
    assert 'msg={"x":"a\\=b|c\\\\n\\\\""}' in rest
    assert "\n" not in rest
    assert "cs4" not in rest
