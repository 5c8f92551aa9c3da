"""Every kind keeps the promises of declarations, and names only what is there."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from meguru.app.kinds import all_kinds
from meguru.app.nouns import load_operations
from meguru.console.routes import all_pages
from meguru.errors import InternalError
from meguru.governance.roles import ROLES
from meguru.kernel.declarations import store_of
from meguru.kernel.kinds.kind import load
from meguru.testing.authorisation.world import DEFAULT, OWN

load_operations()
KINDS = {each.name: each for each in all_kinds()}
DECLARED = sorted(name for name, each in KINDS.items() if each.spec is not None)
NOTHING_SAID = {
    "model": "nothing is said of the world's models",
    "pipeline": "no pipeline of the world is deployed",
}
"""Kinds of which the world has no thing that a file would declare; their nouns have tests of this."""


@pytest.mark.parametrize("name", sorted(KINDS))
def test_what_a_kind_names_is_there(name):
    kind = KINDS[name]
    factories = (each.factory for each in kind.services)
    hooks = (kind.qualify, kind.prepare, kind.upload, kind.project_of)
    for place in (*kind.tables, *kind.operations, *factories, *kind.jobs.values(), *kind.provides.values()):
        assert load(place) is not None
    for place in filter(None, hooks):
        assert callable(load(place))
    for each in kind.members:
        assert load(each.family) is not None
    assert {*kind.grants} <= {*ROLES}
    pages = {re.sub(r"\{(id|key)\}", "{name}", path) for path in all_pages()}
    for page in filter(None, (kind.page, kind.newest_page)):
        assert page.partition("#")[0].partition("?")[0].replace("{run}", "{name}") in pages
    if kind.spec is not None:
        assert store_of(kind)


def test_a_store_of_specs_that_is_not_whole_is_told_by_what_lacks():
    half = SimpleNamespace(name="half", spec_store="meguru.base.refs")  # a real kind would be there for all
    with pytest.raises(InternalError, match=r"half: meguru\.base\.refs has no find, names, check"):
        store_of(half)


class Declaring:
    """The four operations of one kind, asked for over HTTP by an owner."""

    def __init__(self, matrix, kind):
        self.client, self.kind = matrix.client, kind
        self.token = next(each.token for each in matrix.world.people if each.name == "any-owner")

    def ask(self, verb, **given):
        return self.client.ask("POST", f"/api/v1/{self.kind}/{verb}", token=self.token, json=given)

    def change(self, verb, **given):
        answer = self.ask(verb, **given)
        assert answer.status == 200, answer.text
        return answer.json["change"]


@pytest.mark.parametrize("kind", [name for name in DECLARED if name not in NOTHING_SAID])
def test_what_is_declared_is_planned_declared_retired_and_declared_again(matrix, kind):
    declaring = Declaring(matrix, kind)
    present = matrix.client.ask("POST", "/api/v1/apply/present", token=declaring.token, json={}).json
    mine = matrix.world.thing(DEFAULT, kind) if kind != "project" else OWN
    found = next(each for each in present if each["kind"] == kind and each["name"] == mine)
    thing = {"name": found["name"], "spec": found["spec"]}
    try:
        assert declaring.change("plan", **thing) == "unchanged"
        assert declaring.change("declare", **thing) == "unchanged"
        assert declaring.ask("plan", name=mine, spec={**found["spec"], "nonsense": 1}).status == 422
        assert declaring.ask("plan", name=mine, spec="nonsense").status == 422
        for name in ("", "a//b", "x" * 300, "a\nb"):
            assert declaring.ask("plan", name=name, spec=found["spec"]).status == 422, name
        for verb, given in (("declare", thing), ("retire", {"name": mine})):
            assert declaring.ask(verb, **given, expect={"something": "else"}).status == 409
        gone = declaring.ask("retire", name=mine)
        if gone.status == 409:  # something else needs it, and is named
            assert gone.error["why"] or gone.error["where"]
            return
        assert gone.json["change"] == "retired", gone.text
        assert declaring.ask("retire", name=mine).status == 404
        assert declaring.change("plan", **thing) == "created"
        assert declaring.change("declare", **thing) == "created"
        assert declaring.change("plan", **thing) == "unchanged"
        held = declaring.ask("specs", name=mine).json
        assert [each["retired"] for each in held][:2] == [False, True]
        assert [each["number"] for each in held] == sorted((each["number"] for each in held), reverse=True)
    finally:
        matrix.restore()
