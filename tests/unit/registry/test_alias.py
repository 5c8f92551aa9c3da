"""An alias moves, and remembers where it was."""

from datetime import timedelta

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.errors import Forbidden, InvalidInput, NotFound
from meguru.governance.roles import permissions_of
from meguru.kernel import events
from meguru.kernel.principals import Principal
from meguru.registry.operations import alias, alias_history, aliases, register, show


@pytest.fixture
def workspace(tmp_path, clock):
    settings = Settings(sqlite_synchronous="NORMAL")
    with open_local(tmp_path / "workspace", settings=settings, clock=clock) as ws:
        yield ws


@pytest.fixture
def models(workspace, put_tree):
    register(workspace, name="delay", tree=put_tree(0))
    register(workspace, name="delay", tree=put_tree(1))


def test_an_alias_points_at_a_version(workspace, models):
    alias(workspace, ref="delay@1", alias="champion", reason="it won")
    assert show(workspace, ref="delay@champion").version == 1
    assert show(workspace, ref="delay@1").aliases == ["champion"]
    assert show(workspace, ref="delay@2").aliases == []


def test_moving_keeps_the_history(workspace, models, clock):
    alias(workspace, ref="delay@1", alias="champion")
    clock.move(timedelta(days=1))
    before = clock.now()
    clock.move(timedelta(days=1))
    alias(workspace, ref="delay@2", alias="champion")
    assert [each.model for each in aliases(workspace, name="delay")] == ["model/delay@2"]
    assert [each.model for each in aliases(workspace, name="delay", as_of=before)] == ["model/delay@1"]
    assert aliases(workspace, name="delay", as_of=before - timedelta(days=9)) == []
    moves = alias_history(workspace, name="delay", alias="champion")
    assert [each.model for each in moves] == ["model/delay@2", "model/delay@1"]
    assert moves[1].until == moves[0].since


def test_moving_to_where_it_is_changes_nothing(workspace, models):
    first = alias(workspace, ref="delay@1", alias="champion")
    assert alias(workspace, ref="delay@1", alias="champion") == first
    with workspace.read() as tx:
        assert len(events.read(tx, types=("model_alias.moved",))) == 1


@pytest.mark.parametrize(
    ("role", "scope"), [("data-scientist", None), ("engineer", frozenset({"model:*", "*:read"}))]
)
def test_champion_follows_releases_and_is_moved_by_hand_only_by_who_may_promote(
    workspace, models, role, scope
):
    alias(workspace, ref="delay@1", alias="champion")
    limited = workspace.with_(principal=Principal(name="ada", permissions=permissions_of(role), scope=scope))
    with pytest.raises(Forbidden, match="ada may not do model") as caught:
        alias(limited, ref="delay@2", alias="champion")
    assert "release:promote" in caught.value.why
    assert show(workspace, ref="delay@champion").version == 1
    with workspace.read() as tx:
        told = events.latest(tx)
    assert (told.type, told.operation, told.actor) == ("access.denied", "model.alias", "ada")
    assert alias(limited, ref="delay@2", alias="challenger").moved_by == "ada"
    engineer = workspace.with_(principal=Principal(name="eva", permissions=permissions_of("engineer")))
    assert alias(engineer, ref="delay@2", alias="champion").moved_by == "eva"


@pytest.mark.parametrize(("project", "may"), [("", True), ("other", False)])
def test_who_may_promote_in_a_project_moves_champion_there(workspace, models, project, may):
    alias(workspace, ref="delay@1", alias="champion")
    grants = {project: permissions_of("engineer")}
    lead = Principal(name="lea", permissions=permissions_of("data-scientist"), grants=grants)
    if may:
        assert alias(workspace.with_(principal=lead), ref="delay@2", alias="champion").moved_by == "lea"
    else:
        with pytest.raises(Forbidden):
            alias(workspace.with_(principal=lead), ref="delay@2", alias="champion")


def test_an_alias_moves_by_another_alias(workspace, models):
    alias(workspace, ref="delay@1", alias="champion")
    assert alias(workspace, ref="delay@champion", alias="previous").model == "model/delay@1"


@pytest.mark.parametrize("name", ["latest", "Latest", "3", "３", "a b", ""])
def test_a_name_that_reads_as_a_version_is_no_alias(workspace, models, name):
    with pytest.raises(InvalidInput) as caught:
        alias(workspace, ref="delay@1", alias=name)
    assert caught.value.field == "alias"


def test_an_unknown_alias_gets_the_near_miss(workspace, models):
    alias(workspace, ref="delay@1", alias="champion")
    with pytest.raises(NotFound) as caught:
        show(workspace, ref="delay@chmpion")
    assert "'champion'" in caught.value.hint


def test_an_alias_of_nothing_is_refused(workspace):
    with pytest.raises(NotFound):
        alias(workspace, ref="delay@1", alias="champion")
