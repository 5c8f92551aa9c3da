import pytest

from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.kernel import events
from meguru.monitoring.checks.performance import Performance
from meguru.monitoring.kind import CHECKS
from meguru.monitoring.operations import create, list_monitors, show
from meguru.monitoring.types import Severity
from meguru.registry.client import add_model
from meguru.registry.lookups import KnownModel
from meguru.tasks import task_of
from meguru.testing.models import make_regression


def test_a_new_monitor_is_listed_and_its_event_tells_its_settings(workspace, monitor):
    assert [each.monitor for each in list_monitors(workspace)] == [monitor]
    assert show(workspace, name="delay-watch").monitor == monitor
    with workspace.read() as tx:
        event = events.latest(tx, subject="monitor/delay-watch")
    assert event.type == "monitor.created"
    assert event.data["alert_on"] == ["data_break", "performance_drop", "business_miss", "service_trouble"]
    assert event.used == ("endpoint/delay",)


def test_the_same_again_changes_nothing_and_something_else_is_a_conflict(workspace, monitor):
    again = create(workspace, name="delay-watch", endpoint="endpoint/delay", min_rows=200)
    assert again == monitor
    with pytest.raises(Conflict) as caught:
        create(workspace, name="delay-watch", endpoint="delay", min_rows=300)
    assert "min_rows" in caught.value.why


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"checks": []}, "checks"),
        ({"checks": [{"floor": 1}]}, "checks[0].check"),
        ({"checks": [{"check": "psy"}]}, "checks[0].check"),
        ({"checks": [{"check": "psi"}, {"check": "ks", "flor": 0.1}]}, "checks[1].flor"),
        ({"checks": [{"check": "psi", "floor": "much"}]}, "checks[0].floor"),
        ({"checks": [{"check": "psi", "floor": -1}]}, "checks[0].floor"),
        ({"checks": [{"check": "ks", "alpha": 2}]}, "checks[0].alpha"),
        ({"checks": [{"check": "performance", "tolerance": -0.1}]}, "checks[0].tolerance"),
        ({"checks": [{"check": "performance", "tolerance": 1}]}, "checks[0].tolerance"),
        ({"checks": [{"check": "performance", "tolerance": 0.6, "reference": 0.6}]}, "checks[0].tolerance"),
        ({"checks": [{"check": "ks", "floor": 1}]}, "checks[0].floor"),
        ({"checks": [{"check": "psi"}], "alert_on": ["performance_drop"]}, "alert_on[0]"),
        ({"min_rows": 0}, "min_rows"),
        ({"min_drift_share": 1.5}, "min_drift_share"),
        ({"alert_on": ["drift"]}, "alert_on[0]"),
        ({"name": "No Name"}, "name"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name_and_nothing_is_kept(
    workspace, endpoint, options, field
):
    with pytest.raises(InvalidInput) as caught:
        create(workspace, **{"name": "watch", "endpoint": "delay"} | options)
    assert caught.value.field == field
    assert list_monitors(workspace) == []


def test_an_unknown_check_or_endpoint_is_answered_with_what_looks_like_it(workspace, endpoint):
    with pytest.raises(InvalidInput) as check:
        create(workspace, name="watch", endpoint="delay", checks=[{"check": "psy"}])
    assert "psi" in check.value.hint
    with pytest.raises(NotFound) as unknown:
        create(workspace, name="watch", endpoint="dealy")
    assert "delay" in unknown.value.hint


def test_an_unknown_monitor_is_answered_with_what_looks_like_it(workspace, monitor):
    with pytest.raises(NotFound) as caught:
        show(workspace, name="delay-wacht")
    assert "delay-watch" in caught.value.hint


def test_the_order_of_severities_does_not_matter(workspace, endpoint):
    made = create(workspace, name="w", endpoint="delay", alert_on=[Severity.INPUT_DRIFT, Severity.DATA_BREAK])
    assert made.alert_on == [Severity.DATA_BREAK, Severity.INPUT_DRIFT]
    again = create(
        workspace, name="w", endpoint="delay", alert_on=[Severity.DATA_BREAK, Severity.INPUT_DRIFT]
    )
    assert again == made


def test_a_metric_that_does_not_measure_the_model_is_refused_by_name(workspace, endpoint):
    add_model(workspace, "delay", make_regression())
    by_auc = {"check": "performance", "metric": "auc"}
    with pytest.raises(InvalidInput, match="is a regression model, which auc does not measure") as refused:
        create(workspace, name="w", endpoint="delay", checks=[{"check": "psi"}, by_auc])
    assert refused.value.field == "checks[1].metric"
    made = create(workspace, name="w", endpoint="delay")
    assert made.checks == CHECKS
    assert create(workspace, name="w", endpoint="delay") == made


def test_a_task_without_metrics_is_not_watched_by_one():
    free = KnownModel(ref="model/text@1", task=task_of({"task": "generic", "outputs": []}), metrics={})
    with pytest.raises(InvalidInput, match="no metric is known for such"):
        Performance().check_declaration(free)


def test_what_no_check_of_a_monitor_finds_is_not_waited_for(workspace, endpoint):
    made = create(workspace, name="w", endpoint="delay", checks=[{"check": "psi"}])
    assert made.alert_on == [Severity.DATA_BREAK]
