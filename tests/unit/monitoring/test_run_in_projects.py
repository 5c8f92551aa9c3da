"""A monitor is run by who may do so in its project."""

from datetime import UTC, datetime

import pytest

from meguru import errors
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.governance.roles import permissions_of
from meguru.kernel.principals import Principal
from meguru.monitoring.operations import create, run
from meguru.serving.operations import create as make_endpoint

WINDOW = {"start": datetime(2026, 1, 1, tzinfo=UTC), "end": datetime(2026, 1, 2, tzinfo=UTC)}


@pytest.fixture
def teams(workspace):
    for name in ("team", "other"):
        projects.declare(workspace, name=name, spec=ProjectSpec())
        make_endpoint(workspace, name=f"{name}/delay", model=f"{name}/delay")
        create(workspace, name=f"{name}/watch", endpoint=f"{name}/delay")
    return workspace


def test_ones_own_is_run_and_anothers_is_not_there(teams):
    anna = teams.with_(principal=Principal(name="anna", grants={"team": permissions_of("engineer")}))
    assert run(anna.with_(project="team"), name="watch", **WINDOW).monitor == "team/watch"
    with pytest.raises(errors.NotFound):
        run(anna, name="other/watch", **WINDOW)


def test_who_may_only_look_does_not_run_it(teams):
    ben = teams.with_(principal=Principal(name="ben", grants={"team": permissions_of("viewer")}))
    with pytest.raises(errors.Forbidden):
        run(ben, name="team/watch", **WINDOW)


def test_watching_anothers_endpoint_needs_the_right_to_see_its_predictions(teams):
    anna = teams.with_(principal=Principal(name="anna", grants={"team": permissions_of("engineer")}))
    with pytest.raises(errors.Forbidden):
        create(anna, name="team/spy", endpoint="other/delay")
    with pytest.raises(errors.NotFound) as missing:
        run(anna, name="team/spy", **WINDOW)
    assert "other" not in missing.value.why + missing.value.hint
    assert create(teams, name="team/spy", endpoint="other/delay")
