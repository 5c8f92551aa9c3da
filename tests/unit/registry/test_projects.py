"""Models of a project: seen, changed and named there."""

import pytest

from meguru import errors
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.governance.roles import permissions_of
from meguru.kernel.principals import Principal
from meguru.registry.kind import ModelSpec
from meguru.registry.load import load_model
from meguru.registry.operations import (
    about,
    alias,
    alias_history,
    aliases,
    best,
    compare,
    list_models,
    register,
    show,
    specs,
    uses,
    versions,
)
from meguru.registry.show import newest


@pytest.fixture
def teams(workspace):
    for name in ("team", "other"):
        projects.declare(workspace, name=name, spec=ProjectSpec())
    return workspace


@pytest.fixture
def theirs(teams, put_tree):
    return register(teams, name="other/delay", tree=put_tree(1))


def member(workspace, role):
    return workspace.with_(principal=Principal(name="anna", grants={"team": permissions_of(role)}))


def test_a_bare_name_is_of_the_project_in_which_it_is_asked(teams, put_tree):
    here = member(teams, "data-scientist").with_(project="team")
    made = register(here, name="delay", tree=put_tree(0))
    assert (made.ref, made.name) == ("model/team/delay@1", "team/delay")
    alias(here, ref="delay@1", alias="best")
    assert show(here, ref="delay@best").ref == made.ref
    assert [each.version for each in versions(here, name="model/delay")] == [1]
    assert [each.alias for each in aliases(here, name="team/delay")] == ["best"]
    assert len(alias_history(here, name="delay")) == 1
    assert load_model(here, "delay").predictor


def test_anothers_is_not_there_nor_counted_nor_offered(teams, theirs, put_tree):
    anna = member(teams, "engineer")
    asks = [
        lambda: show(anna, ref=theirs.ref),
        lambda: versions(anna, name="other/delay"),
        lambda: aliases(anna, name="other/delay"),
        lambda: alias_history(anna, name="other/delay"),
        lambda: alias(anna, ref=theirs.ref, alias="best"),
        lambda: register(anna, name="other/delay", tree=theirs.tree_digest),
    ]
    told = set()
    for ask in asks:
        with pytest.raises(errors.NotFound) as missing:
            ask()
        told.add((missing.value.what, missing.value.why, missing.value.hint))
    assert told == {
        ("there is no model 'other/delay'", "", ""),  # who asks
        ("there is no project 'other'", "known: team", ""),  # who would change something
    }
    assert list_models(anna).items == []
    assert newest(anna, names=["other/delay"]) == []
    with pytest.raises(errors.NotFound) as missing:
        show(anna, ref="team/delay")
    assert "other" not in missing.value.why + missing.value.hint


def test_who_may_only_look_changes_nothing(teams, put_tree):
    made = register(teams, name="team/delay", tree=put_tree(0))
    viewer = member(teams, "viewer")
    assert [each.name for each in list_models(viewer).items] == ["team/delay"]
    with pytest.raises(errors.Forbidden):
        alias(viewer, ref=made.ref, alias="best")
    with pytest.raises(errors.Forbidden):
        register(viewer, name="team/delay", tree=made.tree_digest)


def test_nothing_is_registered_in_a_project_that_there_is_not(workspace, put_tree):
    with pytest.raises(errors.NotFound):
        register(workspace, name="nowhere/delay", tree=put_tree(0))


def test_a_group_is_of_its_project_and_anothers_is_neither_ranked_nor_offered(teams, theirs, put_tree):
    anna = member(teams, "data-scientist").with_(project="team")
    register(anna, name="delay", tree=put_tree(0))
    specs.declare(anna, name="delay", spec=ModelSpec(group="delays"))
    specs.declare(teams, name="other/delay", spec=ModelSpec(group="delays"))
    assert [each.version.name for each in best(anna, group="delays", metric="auc")] == ["team/delay"]
    assert [each.version.name for each in best(teams, group="other/delays", metric="auc")] == ["other/delay"]
    for group in ("other/delays", "other/delay"):
        with pytest.raises(errors.NotFound) as caught:
            best(anna, group=group, metric="auc")
        assert "other" not in caught.value.why
    for ask in (
        lambda: compare(anna, first="delay", second="other/delay"),
        lambda: uses(anna, ref="other/delay"),
        lambda: about(anna, name="other/delay"),
    ):
        with pytest.raises(errors.NotFound):
            ask()
