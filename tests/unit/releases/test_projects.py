"""A release is of its endpoint's project; its verdict holds for the gates that its endpoint has."""

import polars as pl
import pytest
from msgspec.structs import replace

from meguru import errors
from meguru.app.calls import why_show
from meguru.datasets.client import add_files
from meguru.datasets.types import ColumnSpec
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.governance.roles import permissions_of
from meguru.kernel.principals import Principal
from meguru.registry.client import add_model
from meguru.registry.operations import aliases
from meguru.releases import operations as releases
from meguru.releases.show import newest_releases, of_model
from meguru.releases.types import ReleaseState
from meguru.serving import operations as endpoints
from meguru.serving.kind import EndpointSpec
from meguru.testing.models import make_model

EASY = [{"gate": "metric", "metric": "auc", "op": ">=", "value": 0.5}]
HARD = [{"gate": "metric", "metric": "auc", "op": ">=", "value": 0.999999}]


@pytest.fixture
def teams(workspace):
    for name in ("team", "other"):
        projects.declare(workspace, name=name, spec=ProjectSpec())
        endpoints.create(workspace, name=f"{name}/delay", model=f"{name}/delay", gates=EASY)
    return workspace


@pytest.fixture
def anna(teams):
    return teams.with_(principal=Principal(name="anna", grants={"team": permissions_of("engineer")}))


@pytest.fixture
def theirs(teams):
    add_model(teams, "other/delay", make_model(seed=5))
    return releases.create(teams, endpoint="other/delay", model="other/delay@1")


def test_ones_own_goes_live_under_its_full_name(anna):
    add_model(anna, "team/delay", make_model(seed=5))
    here = anna.with_(project="team")
    made = releases.create(here, endpoint="delay", model="delay@1")
    assert made.ref == "release/team/delay@1"
    assert releases.check(here, release="delay@1").state is ReleaseState.PASSED
    done = releases.promote(here, release=made.ref)
    assert done.model == "model/team/delay@1"
    assert [each.alias for each in aliases(here, name="delay")] == ["champion"]
    assert "release.promoted" in {each.type for each in why_show(here, ref=made.ref).chain}


def test_anothers_is_not_there(anna, theirs):
    asks = [
        lambda: releases.show(anna, ref=theirs.ref),
        lambda: releases.list_releases(anna, endpoint="other/delay"),
        lambda: releases.check(anna, release=theirs.ref),
        lambda: releases.promote(anna, release=theirs.ref),
        lambda: releases.rollback(anna, endpoint="other/delay"),
        lambda: releases.create(anna, endpoint="other/delay", model="other/delay@1"),
    ]
    for ask in asks:
        with pytest.raises(errors.NotFound):
            ask()
    assert newest_releases(anna, endpoints=["other/delay", "team/delay"]) == []
    assert of_model(anna, model="other/delay@1") == []


def test_a_difference_to_anothers_is_not_told(anna, theirs):
    add_model(anna, "team/delay", make_model(seed=5))
    mine = releases.create(anna, endpoint="team/delay", model="team/delay@1")
    with pytest.raises(errors.NotFound):
        releases.diff(anna, before=mine.ref, after=theirs.ref)
    with pytest.raises(errors.NotFound, match="delay@7") as wrong:
        releases.show(anna, ref="team/delay@7")
    assert "other" not in wrong.value.hint + wrong.value.why


def test_who_may_only_look_may_not_promote(teams):
    ben = teams.with_(principal=Principal(name="ben", grants={"team": permissions_of("viewer")}))
    add_model(teams, "team/delay", make_model(seed=5))
    made = releases.create(teams, endpoint="team/delay", model="team/delay@1")
    assert releases.show(ben, ref=made.ref).ref == made.ref
    with pytest.raises(errors.Forbidden):
        releases.promote(ben, release=made.ref)


def test_serving_anothers_model_needs_the_right_to_see_it_and_leaves_its_alias(anna, theirs, teams):
    spec = EndpointSpec(model="other/delay")
    with pytest.raises(errors.Forbidden):
        endpoints.specs.declare(anna, name="team/borrowed", spec=spec)
    endpoints.specs.declare(teams, name="team/borrowed", spec=spec)
    made = releases.create(anna, endpoint="team/borrowed", model="other/delay@1")
    releases.check(anna, release=made.ref)
    assert releases.promote(anna, release=made.ref).state is ReleaseState.LIVE
    assert aliases(teams, name="other/delay") == []
    shown = [releases.review(ws, release=made.ref).content for ws in (teams, anna)]
    assert [bool(each.metrics) for each in shown] == [True, False]


def test_the_verdict_of_other_gates_is_void(teams):
    add_model(teams, "team/delay", make_model(seed=5))
    made = releases.create(teams, endpoint="team/delay", model="team/delay@1")
    passed = releases.check(teams, release=made.ref)
    assert passed.state is ReleaseState.PASSED
    spec = EndpointSpec(model="team/delay", gates=EASY)
    endpoints.specs.declare(teams, name="team/delay", spec=replace(spec, gates=[*EASY, *HARD]))
    with pytest.raises(errors.Conflict) as void:
        releases.promote(teams, release=made.ref)
    assert "it passed other gates than endpoint/team/delay has now" in void.value.why
    assert void.value.hint == f"meguru release check {made.ref}"
    again = releases.check(teams, release=made.ref)
    assert (again.state, again.content.policies) == (ReleaseState.REFUSED, [*EASY, *HARD])
    assert again.content_digest != passed.content_digest


def test_one_that_passes_the_new_gates_too_goes_live(teams):
    add_model(teams, "team/delay", make_model(seed=5))
    made = releases.create(teams, endpoint="team/delay", model="team/delay@1")
    releases.check(teams, release=made.ref)
    endpoints.specs.declare(teams, name="team/delay", spec=EndpointSpec(model="team/delay", gates=[]))
    with pytest.raises(errors.Conflict, match="check again"):
        releases.promote(teams, release=made.ref)
    releases.check(teams, release=made.ref)
    assert releases.promote(teams, release=made.ref).state is ReleaseState.LIVE


def test_groups_of_another_project_are_for_who_may_see_them_and_personal_ones_in_clear(teams, tmp_path):
    pl.DataFrame({"loan": [1, 2], "race": ["a", "b"]}).write_parquet(tmp_path / "rows.parquet")
    said = {"race": ColumnSpec(tags=["pii"])}
    add_files(teams, "other/protected", [tmp_path / "rows.parquet"], columns=said)
    groups = {"groups": "dataset/other/protected@1", "key": "loan", "columns": ["race"]}
    spec = EndpointSpec(model="team/delay", gates=[{"gate": "group_fairness"} | groups])

    def declare(**others):
        grants = {"team": permissions_of("engineer")} | {
            name: frozenset(each) for name, each in others.items()
        }
        anna = teams.with_(principal=Principal(name="anna", grants=grants))
        return endpoints.specs.declare(anna, name="team/loans", spec=spec, expect={})

    with pytest.raises(errors.NotFound):
        declare()
    with pytest.raises(errors.Forbidden) as refused:
        declare(other={"dataset:read"})
    assert "dataset:clear" in f"{refused.value.why} {refused.value.hint}"
    assert declare(other={"dataset:read", "dataset:clear"})
