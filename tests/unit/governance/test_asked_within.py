"""What an operation asks for beyond its own permission: who lacks only that is refused, and told of it."""

from contextlib import suppress

import pytest

from meguru import errors
from meguru.alerts.notifications.kind import NotificationSpec
from meguru.alerts.notifications.operations import specs as notifications
from meguru.business.kind import BusinessMetricSpec
from meguru.business.operations import specs as metrics
from meguru.collections.collect import collect
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.kernel.principals import Principal
from meguru.labelling.label import disputes, next_item
from meguru.monitoring.kind import MonitorSpec
from meguru.monitoring.operations import specs as monitors
from meguru.serving.kind import EndpointSpec
from meguru.serving.operations import create
from meguru.serving.operations import specs as endpoints
from meguru.summaries.kind import ScheduledReportSpec
from meguru.summaries.operations import reports

SQL = "SELECT time, count(*) AS value FROM predictions GROUP BY time"


@pytest.fixture
def teams(workspace):
    for name in ("team", "other"):
        projects.declare(workspace, name=name, spec=ProjectSpec())
        create(workspace, name=f"{name}/delay", model=f"{name}/delay")
    return workspace


def as_ann(ws, *rights):
    return ws.with_(principal=Principal(name="ann", permissions=frozenset(rights)))


def declaring(specs, name, spec):
    return lambda ann: specs.declare(ann, name=name, spec=spec)


CONSOLE = {"to": ["console"]}
DELAY = {"endpoint": "delay", "sql": SQL}
CODE = [{"gate": "python", "code": "0" * 64}]
ASKED = {
    "to tell of all projects": (
        "event:read",
        ["notification:*"],
        declaring(notifications, "team/all", NotificationSpec(**CONSOLE, projects=["*"])),
    ),
    "to tell of another project": (
        "event:read",
        ["notification:*"],
        declaring(notifications, "team/all", NotificationSpec(**CONSOLE, projects=["other"])),
    ),
    "to measure another's endpoint": (
        "prediction:read",
        ["business_metric:*", "endpoint:read"],
        declaring(metrics, "team/m", BusinessMetricSpec(endpoint="other/delay", sql=SQL)),
    ),
    "to measure by another's dataset": (
        "dataset:read",
        ["business_metric:*", "endpoint:read"],
        declaring(metrics, "team/m", BusinessMetricSpec(**DELAY, datasets=["other/costs"])),
    ),
    "to watch another's dataset": (
        "dataset:read",
        ["monitor:*"],
        declaring(monitors, "team/m", MonitorSpec(dataset="other/flights")),
    ),
    "to serve another's model": (
        "model:read",
        ["endpoint:*"],
        declaring(endpoints, "team/e", EndpointSpec(model="other/delay")),
    ),
    "to have code of a gate run": (
        "pipeline:write",
        ["endpoint:*", "model:read"],
        declaring(endpoints, "team/e", EndpointSpec(model="delay", gates=CODE)),
    ),
    "to have a summary sent": (
        "summary:read",
        ["scheduled_report:*"],
        declaring(reports, "team/s", ScheduledReportSpec(**CONSOLE)),
    ),
    "to collect what came in": (
        "prediction:read",
        ["collection:*", "endpoint:read", "dataset:read", "dataset:write"],
        lambda ann: collect(ann, endpoint="other/delay", dataset="team/seen"),
    ),
    "to write what is collected": (
        "dataset:write",
        ["collection:*", "endpoint:read", "dataset:read", "prediction:read"],
        lambda ann: collect(ann, endpoint="other/delay", dataset="team/seen"),
    ),
    "to be given something to label": (
        "prediction:read",
        ["labelling:*", "endpoint:read"],
        lambda ann: next_item(ann, endpoint="other/delay"),
    ),
    "to see on what people differ": (
        "prediction:read",
        ["labelling:*", "endpoint:read"],
        lambda ann: disputes(ann, endpoint="other/delay"),
    ),
}


@pytest.mark.parametrize("case", ASKED)
def test_who_lacks_only_that_is_refused_and_told_so(teams, case):
    needed, rights, ask = ASKED[case]
    with pytest.raises(errors.Forbidden) as refused:
        ask(as_ann(teams, *rights))
    assert needed in refused.value.why
    # There is nothing to collect, and no such code; but the right is enough.
    with suppress(errors.NotFound, errors.InvalidInput, errors.Conflict):
        ask(as_ann(teams, *rights, needed))
