"""Every operation, asked for by every role, with things of its own project and of another: over HTTP.

What is due is worked out from the reference (docs/reference/operations.md) and from the roles.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

import meguru
from meguru.app.nouns import load_operations
from meguru.governance.roles import ROLES
from meguru.kernel.operations import Context, registered
from meguru.testing.authorisation.doors import DOORS, DoorWalk
from meguru.testing.authorisation.fixtures import MAKERS
from meguru.testing.authorisation.operations import OperationWalk
from meguru.testing.authorisation.rules import rules

load_operations()
REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "operations.md"
PROMISED = dict(re.findall(r"^\| (\S+) \| `[^`]*` \| (\S+) \|", REFERENCE.read_text("utf-8"), re.MULTILINE))
OPERATIONS = {name: each for name, each in registered().items() if not each.door}
NOUNS = sorted({name.partition(".")[0] for name in OPERATIONS})
EVERYWHERE = {
    "audit.verify": "it is of the whole log",
    "checkpoint.heads": "they are of the whole log",
    "checkpoint.list": "they are of the whole log",
    "blob.list": "it tells which things of all projects refer to which blobs",
    "blob.verify": "it is of all blobs, which are of no project",
    "erasure.list": "erasures are of the whole workspace",
    "erasure.owed": "erasures are of the whole workspace",
    "hold.list": "holds are of the whole workspace",
    "retention.due": "it tells of records of all projects",
}
"""The queries that need their permission in every project, and why."""
OWN_LOOK = {
    "lineage.show": ("ref", "*"),
    "webhook.deliveries": ("webhook", "webhook"),
    "webhook.show": ("webhook", "webhook"),
    "why.show": ("ref", "*"),
}
"""Operations that look themselves whether what an argument names may be seen, with that and its kind."""
ELSEWHERE = {
    "approval.list": "the world asks nobody anything",
    "audit.in_force": "nothing is promoted in the world",
    "audit.person": "the people that the walk names did nothing",
    "audit.prove": "nobody signed the world's log",
    "component.impact": "the world's pipelines are of no components",
    "component.list": "the same",
    "component.show": "the same",
    "cost.report": "nothing ran or answered in the world: tests/unit/costs",
    "event.last_words": "it is asked for no type: tests/unit/kernel/test_events.py",
    "dataset.garbage": "nothing was removed from the world's datasets",
    "dataset.query": "what the world asks is no query",
    "mlflow.logged_model_files": "the world's runs log no model",
    "model.best": "the world's models have no metric",
    "step_run.check_result": "a step's result is looked up by what it was computed from",
    "release.awaiting": "no release of the world waits for people",
    "trigger.listeners": "no server listens in the world",
}
"""Queries that end at what one may see, of which the world has nothing, and why; their nouns have tests."""
UNFILTERED = {
    "apply.plan": "it asks for each thing that the file declares",
    "checklist.templates": "they come with Meguru",
    "event.wait": "it tells a number",
    "feature_view.choose": "it asks for each view that it names",
    "feature_view.get": "it asks for each view that it names",
    "group.list": "groups are of the whole workspace, and whoever may give a role must find them",
    "policy.attested": "policies, and what was told of commits, are of the whole workspace",
    "pool.list": "all projects share the pools",
    "principal.list": "principals are of the whole workspace, and whoever may give a role must find them",
    "principal.whoami": "it tells who asks of themselves",
    "release_policy.list": "release policies are of the whole workspace",
    "role.list": "roles are of the whole workspace, and whoever may give one must find it",
    "signing_key.list": "keys are of the whole workspace, and who checks a signature must find them",
    "subscription.inbox": "it tells who asks of themselves",
    "subscription.list": "the same",
    "signing_key.show": "the same",
    "token.asked_login": "it tells whoever was given a code of the command line that asks",
    "token.list": "tokens are of the whole workspace",
    "trigger.settled": "it tells a number",
}
"""The queries that touch and name no thing and filter nothing, each and why that is right."""
WHOLE = {
    "apply.start": "a file is applied where one works; each of its steps is asked for by itself",
    "checkpoint.take": "the log is one for all projects",
    "dataset.erase": "a person is erased from all projects",
    "hold.place": "holds are of the whole workspace",
    "erasure.again": "a person is erased from all projects",
    "dataset.free": "it frees what was removed in all projects",
    "mlflow.bring_experiment": "what is brought in may be anybody's",
    "mlflow.bring_logged_model": "what is brought in may be anybody's",
    "mlflow.bring_run": "what is brought in may be anybody's",
    "policy.attest": "a policy is of the whole workspace",
    "principal.create": "principals are of the whole workspace",
    "run.sweep": "it ends what was left of all projects",
    "signing_key.add": "everybody adds keys of their own",
    "signing_key.revoke": "everybody revokes keys of their own; another's is asked for within",
    "signing_key.rotate": "the server's key is of the whole workspace",
    "subscription.configure": "everybody has an inbox of their own",
    "subscription.read": "the same",
    "subscription.follow": "what one may not see one can't follow: tests/unit/comments",
    "subscription.unfollow": "the same",
    "token.answer_login": "who was given a code lets a command line in as oneself",
    "token.create": "tokens are of the whole workspace",
    "token.revoke": "tokens are of the whole workspace",
}
"""The changes that touch nothing of a project, and why."""
RULES = rules(OPERATIONS, PROMISED, subjects=OWN_LOOK, everywhere=EVERYWHERE)

UNSEEN = {
    "dataset.browse", "dataset.checks", "dataset.keep_measurement", "dataset.last_measurement",
    "dataset.measurements", "dataset.thumbnail", "feedback.add", "labelling.decide", "labelling.label",
    "outcome.add",
}  # fmt: skip
"""What the world has nothing for, so that only the tests of its noun look."""
ASKED_TWICE = {"card.export", "card.history", "card.show"}
"""What asks for its subject also as for any reference: without the one, the other is left."""
WITHIN = "tests/unit/governance/test_asked_within.py"
ASKED_ELSEWHERE = {
    "alerts/spec": WITHIN,
    "applies/carry_out": "tests/unit/project/test_apply.py",
    "applies/plan": "tests/unit/project/test_apply.py",
    "business/spec": WITHIN,
    "collections/collect": WITHIN,
    "datasets/operations": "tests/unit/datasets/personal/test_personal.py",
    "governance/owners": "tests/unit/governance/test_grants.py",
    "governance/spec": "tests/unit/governance/test_grants.py",
    "governance/people": "tests/unit/governance/test_signing_keys.py",
    "labelling/label": WITHIN,
    "monitoring/spec": WITHIN,
    "pipelines/register": "the name is its subject: it was asked for before",
    "quarantine/accept": "tests/unit/quarantine/test_quarantine.py",
    "registry/alias_moves": "tests/unit/registry/test_alias.py",
    "registry/register": "tests/unit/registry/test_code.py",
    "registry/stages": "tests/unit/registry/test_spec.py",
    "releases/receive": "it needs a whole release: tests/unit/releases/test_sending.py",
    "serving/spec": WITHIN,
    "summaries/spec": WITHIN,
    "triggers/call_webhook": "tests/unit/triggers/test_projects.py",
    "webhooks/manage": "the project is its subject: it was asked for before",
}
"""What needs arguments that the walk does not make, and where it is tested."""
SAMPLE = sorted(OPERATIONS.keys() - UNSEEN)[5::20]


@pytest.fixture(scope="module")
def walk(matrix):
    matrix.restore()
    return OperationWalk(*matrix)


@pytest.fixture
def shared_walk(shared_matrix):
    return OperationWalk(*shared_matrix)


def found(walk, names):
    return [fault for name in names for fault in walk.faults(OPERATIONS[name], RULES[name])]


@pytest.mark.xdist_group("matrix")
@pytest.mark.parametrize("noun", NOUNS)
def test_everybody_is_answered_what_is_due(walk, noun):
    assert found(walk, [name for name in OPERATIONS if name.startswith(f"{noun}.")]) == []


@pytest.mark.integration
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "names", [sorted(OPERATIONS)[::20], pytest.param(sorted(OPERATIONS), marks=pytest.mark.soak)], ids=len
)
def test_on_a_database_server_too(shared_walk, shared_matrix, names):
    assert found(shared_walk, names) == []
    walk = DoorWalk(*shared_matrix)  # pages and forms: see test_doors
    doors = [each for each in DOORS if "stream" not in each.path]  # it would go on after its database
    assert [fault for door in doors for fault in walk.faults(door)] == []


@pytest.mark.xdist_group("matrix")
def test_what_touches_no_single_thing_filters_or_has_a_reason(walk):
    silent = {name for name, rule in RULES.items() if not rule.on}
    lists = {name for name in silent if RULES[name].filters}
    for name in sorted(lists):
        assert list(walk.faults(OPERATIONS[name], RULES[name])) == []
    named = {
        name for name in lists if OPERATIONS[name].refers
    }  # they are asked for another's beside one's own
    assert lists - named - walk.filtered == {*ELSEWHERE, *UNFILTERED}
    assert silent - lists == {*EVERYWHERE, *WHOLE}


def is_found(walk, name):
    return next(walk.faults(OPERATIONS[name], RULES[name]), None) is not None


def free(monkeypatch, name):
    """Have everybody hold what one operation needs."""
    for role, held in ROLES.items():
        monkeypatch.setitem(ROLES, role, held | {"everybody:may"})
    monkeypatch.setattr(OPERATIONS[name], "permission", "everybody:may")


@pytest.mark.xdist_group("matrix")
@pytest.mark.parametrize("name", SAMPLE)
def test_an_operation_that_everybody_may_do_is_found(walk, monkeypatch, name):
    free(monkeypatch, name)
    assert is_found(walk, name)


@pytest.mark.xdist_group("matrix")
@pytest.mark.parametrize("name", [name for name in SAMPLE if OPERATIONS[name].on and not RULES[name].shared])
def test_an_operation_that_forgets_its_subject_is_found(walk, monkeypatch, name):
    monkeypatch.setattr(OPERATIONS[name], "on", "")
    assert is_found(walk, name)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_each_operation_without_its_authorisation_is_found(walk):
    missed = []
    for name, each in OPERATIONS.items():
        with pytest.MonkeyPatch.context() as patch:
            free(patch, name)
            missed += [] if is_found(walk, name) or name in UNSEEN else [f"{name} for everybody"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(each, "on", "")
            alike = RULES[name].shared or not RULES[name].on or name in {*OWN_LOOK, *UNSEEN, *ASKED_TWICE}
            missed += [] if alike or is_found(walk, name) else [f"{name} without a subject"]
    assert " ".join(missed) == ""


def sites():
    """Return where operations ask for more than their own permission: the package, the file and the line."""
    source = Path(meguru.__file__).parent
    for file in sorted(source.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "ctx.require":
                yield file.relative_to(source).parts[0], file, node.lineno


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_each_permission_that_operations_ask_for_within_is_missed_when_it_is_gone(walk):
    asked, missed = Context.require, []
    for package, file, line in sites():

        def forgetful(ctx, permission, *, file=file, line=line, **more):
            caller = sys._getframe(1)
            if (caller.f_code.co_filename, caller.f_lineno) != (str(file), line):
                asked(ctx, permission, **more)

        nouns = {n.partition(".")[0] for n, each in OPERATIONS.items() if f".{package}." in each.__module__}
        names = [name for name in OPERATIONS if name.partition(".")[0] in nouns]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Context, "require", forgetful)
            if not any(is_found(walk, name) for name in names):
                missed.append(f"{package}/{file.stem}")
    assert sorted(set(missed)) == sorted(ASKED_ELSEWHERE)


def test_the_reference_promises_a_permission_for_every_operation():
    assert set(PROMISED) >= set(OPERATIONS)


def test_a_thing_of_every_kind_is_in_the_world_but_of_those_made_otherwise():
    from meguru.app.kinds import all_kinds

    no_maker = {
        "approval", "blob", "component", "erasure", "event", "evidence", "feedback", "file", "labelling",
        "logged_model", "outcome", "project", "signing_key", "subscription", "token",
    }  # fmt: skip
    assert {each.name for each in all_kinds()} == {*MAKERS, *no_maker}
