"""A prediction and its outcome are of the project of their endpoint."""

from datetime import UTC, datetime

import pytest

from meguru import errors
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.governance.roles import permissions_of
from meguru.kernel.principals import Principal
from meguru.predictions.operations import record, show, window
from meguru.predictions.types import OutcomeInput

SPAN = {"start": datetime(2013, 3, 1, tzinfo=UTC), "end": datetime(2013, 3, 2, tzinfo=UTC)}


@pytest.fixture
def teams(workspace, answered):
    """One answered prediction in each of two projects and in the default one, by project."""
    for name in ("team", "other"):
        projects.declare(workspace, name=name, spec=ProjectSpec())
    return {name: f"{answered(endpoint=f'{name}/delay').id}.0" for name in ("team", "other")} | {
        "": f"{answered().id}.0"
    }


@pytest.fixture
def member(workspace):
    return lambda role: workspace.with_(
        principal=Principal(name="anna", grants={"team": permissions_of(role)})
    )


def outcome(prediction):
    return [OutcomeInput(prediction_id=prediction, value=1.0)]


def test_a_prediction_of_another_project_is_not_there(teams, member):
    anna = member("viewer")
    assert show(anna, id=teams["team"]).endpoint == "team/delay"
    assert show(anna, id=f"prediction/{teams['team']}").endpoint == "team/delay"
    said = []
    for id in (teams["other"], teams[""], teams["other"].removesuffix(".0"), "pred-nothing.0"):
        with pytest.raises(errors.NotFound) as refused:
            show(anna, id=id)
        said.append(str(refused.value.as_dict()).replace(id, "ID"))
    assert len(set(said)) == 1


def test_a_window_counts_the_own_project_alone(teams, member, workspace):
    anna = member("viewer")
    assert window(anna, endpoint="team/delay", **SPAN).predictions == 1
    assert window(anna.with_(project="team"), endpoint="delay", **SPAN).endpoint == "team/delay"
    assert window(workspace, endpoint="delay", **SPAN).predictions == 1
    for hidden in ("other/delay", "delay"):
        with pytest.raises(errors.NotFound):
            window(anna, endpoint=hidden, **SPAN)


def test_outcomes_are_recorded_at_the_own_project_alone(teams, member):
    shop = member("service")
    assert record(shop, endpoint="team/delay", outcomes=outcome(teams["team"])).count == 1
    within = shop.with_(project="team")
    assert record(within, endpoint="delay", outcomes=outcome(teams["team"])).endpoint == "team/delay"
    with pytest.raises(errors.NotFound):
        record(shop, endpoint="other/delay", outcomes=outcome(teams["other"]))
    with pytest.raises(errors.Forbidden) as refused:
        record(member("viewer"), endpoint="team/delay", outcomes=outcome(teams["team"]))
    assert refused.value.lacks == "outcome:write"


def test_an_outcome_of_anothers_prediction_does_not_tell_whose_it_is(teams, member, workspace):
    with pytest.raises(errors.InvalidInput) as refused:
        record(member("service"), endpoint="team/delay", outcomes=outcome(teams["other"]))
    assert "other" not in str(refused.value.as_dict())
    with pytest.raises(errors.InvalidInput) as refused:
        record(workspace, endpoint="team/delay", outcomes=outcome(teams["other"]))
    assert "'other/delay' did" in refused.value.why
