"""What runs and endpoints cost, by prices that change, and budgets that warn and stop."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, update

from meguru.costs import usage
from meguru.costs.keeper import BudgetKeeper
from meguru.costs.kind import BudgetSpec, PriceListSpec
from meguru.costs.operations import budgets, prices
from meguru.costs.periods import begin_of, end_of
from meguru.costs.pricing import amount
from meguru.costs.show import list_budgets, report, show, show_budget
from meguru.costs.types import ResourceUse
from meguru.errors import Conflict, InvalidInput
from meguru.governance.grants.kind import GrantSpec
from meguru.governance.grants.operations import specs as grants
from meguru.governance.principals import create_principal
from meguru.governance.projects.operations import specs as projects
from meguru.governance.projects.spec import ProjectSpec
from meguru.governance.standing import standing
from meguru.kernel import events
from meguru.pipelines.schema import pipeline_run, step_run
from meguru.pipelines.start import start
from meguru.registry.schema import model_version
from meguru.serving import create as endpoints
from meguru.serving.traffic import store as traffic
from meguru.serving.traffic.types import TrafficCounts
from meguru.testing.pipelines import pipeline_test

CODE = """
import time
from meguru import pipeline, step

@step(cache=False)
def burn(seconds: float) -> float:
    end = time.process_time() + seconds
    kept = bytearray(50_000_000)
    while time.process_time() < end:
        pass
    return len(kept) * 1.0

@pipeline
def work(seconds: float = 0.05):
    burn(seconds)

@step(cache=False, timeout=0.2)
def endless() -> int:
    while True:
        pass

@pipeline
def long():
    endless()
"""
YEN = PriceListSpec(
    unit="JPY", cpu_hour=3600.0, gpu_hour=7200.0, memory_gb_hour=36.0, storage_gb_month=30.0,
    watts_cpu=1000.0, overhead=2.0, co2_kg_per_kwh=0.5,
)  # fmt: skip


def test_an_amount_is_what_the_list_says():
    use = ResourceUse(cpu_seconds=10, gpu_seconds=5, memory_gb_seconds=100, storage_gb_days=30)
    cost = amount(use, YEN)
    assert cost.money == pytest.approx(10 + 10 + 1 + 30)
    assert cost.kwh == pytest.approx(10 / 3600 * 2)
    assert cost.co2_kg == pytest.approx(10 / 3600)
    assert amount(use, PriceListSpec(unit="JPY")).kwh is None


def test_days_weeks_and_months_begin_when_people_think():
    moment = datetime(2026, 2, 28, 13, tzinfo=UTC)
    assert begin_of("day", moment) == datetime(2026, 2, 28, tzinfo=UTC)
    assert begin_of("week", moment) == datetime(2026, 2, 23, tzinfo=UTC)
    assert begin_of("month", moment) == datetime(2026, 2, 1, tzinfo=UTC)
    assert end_of("month", datetime(2026, 12, 1, tzinfo=UTC)) == datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def test(tmp_path, monkeypatch):
    """A workspace whose clock stands, with a pipeline that burns a fifth of a second."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "burn.py").write_text(CODE)
    with pipeline_test(tmp_path / "workspace") as made:
        yield made


def test_a_run_costs_what_its_steps_used(test):
    prices.declare(test.ws, name="default", spec=YEN)
    run = test.run("burn.py:work").run
    cost = show(test.ws, ref=f"pipeline_run/{run.id}")
    assert 0.05 <= cost.use.cpu_seconds < 5
    assert cost.use.memory_gb_seconds > 0.05 * 0.05
    # A yen a second of processor, and a hundredth of one for a gigabyte of memory and second.
    assert cost.money == pytest.approx(cost.use.cpu_seconds + cost.use.memory_gb_seconds / 100)
    assert cost.co2_kg == pytest.approx(cost.use.cpu_seconds / 3600)
    for by, name in (("pipeline", "pipeline/work"), ("person", "local"), ("project", "default")):
        (line,) = report(test.ws, by=by, until=test.clock.now() + timedelta(seconds=1)).lines
        assert (line.name, line.runs) == (name, 1)
        assert line.money == pytest.approx(cost.money)


def test_a_step_that_was_ended_from_outside_is_told_as_not_measured(test):
    test.run("burn.py:long")
    found = report(test.ws, by="pipeline", until=test.clock.now() + timedelta(seconds=1))
    assert (found.total.unmeasured, found.total.use.cpu_seconds) == (1, 0.0)
    assert any("1 steps could not be measured" in each for each in found.notes)


def test_a_run_that_made_two_versions_of_a_model_costs_once(workspace):
    end = workspace.clock.now()
    empty = {"VARCHAR": "", "TEXT": "", "INTEGER": 0, "BIGINT": 0, "BOOLEAN": False}
    known = {each.name: empty.get(str(each.type).partition("(")[0], {}) for each in model_version.c}
    made = {"name": "delay", "run_ref": "pipeline_run/one", "created_at": end - timedelta(hours=1)}
    optional = {each.name: None for each in model_version.c if each.nullable}
    with workspace.db.write() as tx:
        tx.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for version in (1, 2):
            tx.execute(insert(model_version).values(known | optional | made | {"version": version}))
        found = usage.training_runs(tx, end - timedelta(days=1), end, projects=None)
        tx.execute(delete(model_version))
    assert found == [("delay", "pipeline_run/one")]


def test_prices_hold_from_their_day_on(test):
    test.run("burn.py:work")
    first = test.clock.now()
    test.clock.move(timedelta(days=40))
    test.run("burn.py:work")
    prices.declare(test.ws, name="old", spec=PriceListSpec(unit="JPY", cpu_hour=3600.0))
    dear = PriceListSpec(unit="JPY", cpu_hour=36_000.0, since="2026-02-01")
    prices.declare(test.ws, name="new", spec=dear)
    second = timedelta(seconds=1)
    old = report(test.ws, since=first - second, until=first + second).total
    both = report(test.ws, since=first - second, until=test.clock.now() + second).total
    assert old.money == pytest.approx(old.use.cpu_seconds)
    assert both.money == pytest.approx(old.money + 10 * (both.use.cpu_seconds - old.use.cpu_seconds))


def test_without_prices_what_was_used_is_told_and_no_money(test):
    test.run("burn.py:work")
    found = report(test.ws, until=test.clock.now() + timedelta(seconds=1))
    assert (found.total.money, found.total.use.cpu_seconds > 0.05) == (None, True)
    assert "nothing has a price" in found.notes[0]


def test_an_endpoint_costs_so_much_for_a_thousand_predictions(workspace):
    endpoints.create(workspace, name="delay", model="delay")
    prices.declare(workspace, name="default", spec=YEN)
    now = workspace.clock.now()
    counts = TrafficCounts(start=now - timedelta(minutes=5), rows=4_000, requests=40, cpu=2.0, latencies={})
    with workspace.db.write() as tx:
        traffic.put(tx, "delay", "server", [counts])
    (line,) = report(workspace, by="endpoint").lines
    assert (line.name, line.predictions) == ("endpoint/delay", 4_000)
    assert line.per_thousand == pytest.approx(2.0 / 4)


def test_a_budget_warns_then_stops_and_begins_anew(test):
    run = test.run("burn.py:work")
    spent = show(test.ws, ref=f"pipeline_run/{run.run.id}").use.cpu_seconds / 3600
    for limit in (1.5 * spent, 0.9 * spent, 0.9 * spent):
        spec = BudgetSpec(limit=limit, of="cpu_hours", per="day", warn=0.5)
        budgets.declare(test.ws, name="lab", spec=spec)
        BudgetKeeper(test.ws).step()
    with test.ws.read() as tx:
        told = [each.type for each in events.read(tx, types=["budget.warned", "budget.exceeded"])]
    assert told == ["budget.warned", "budget.exceeded"]
    assert show_budget(test.ws, budget="lab").exceeded
    with pytest.raises(Conflict, match="budget/lab is used up"):
        start(test.ws, pipeline=run.version.ref, params={})
    test.clock.move(timedelta(days=1))
    BudgetKeeper(test.ws).step()
    assert not list_budgets(test.ws)[0].exceeded
    assert start(test.ws, pipeline=run.version.ref, params={}).state == "queued"


def test_a_budget_of_money_counts_what_had_a_price_when_some_had_none(test):
    test.run("burn.py:work")
    test.clock.move(timedelta(days=1))
    prices.declare(test.ws, name="new", spec=PriceListSpec(unit="JPY", cpu_hour=3600.0, since="2026-01-02"))
    budgets.declare(test.ws, name="lab", spec=BudgetSpec(limit=0.01))
    BudgetKeeper(test.ws).step()
    assert show_budget(test.ws, budget="lab").spent == 0.0
    run = test.run("burn.py:work")
    BudgetKeeper(test.ws).step()
    cost = show(test.ws, ref=f"pipeline_run/{run.run.id}")
    found = show_budget(test.ws, budget="lab")
    assert (found.spent, found.exceeded) == (pytest.approx(cost.money), True)
    with pytest.raises(Conflict):
        start(test.ws, pipeline=run.version.ref, params={})
    budgets.declare(test.ws, name="lab", spec=BudgetSpec(limit=1000.0))
    assert start(test.ws, pipeline=run.version.ref, params={}).state == "queued"


def test_a_run_under_way_is_paused_when_its_budget_is_used_up(test):
    first = test.run("burn.py:work")
    waiting = start(test.ws, pipeline=first.version.ref, params={"seconds": 0.1})
    budgets.declare(test.ws, name="lab", spec=BudgetSpec(limit=0.0, of="cpu_hours", pipelines=["wo*"]))
    BudgetKeeper(test.ws).step()
    with test.ws.read() as tx:
        (told,) = events.read(tx, types=["budget.exceeded"])
        (paused,) = events.read(tx, types=["pipeline_run.paused"])
    assert told.data["stopped"] == [waiting.ref]
    assert (paused.subject, paused.data["reason"]) == (waiting.ref, "budget/lab is used up")


def test_a_budget_is_of_its_project_its_pipelines_and_its_people(test):
    test.run("burn.py:work")
    for name, spec in {
        "others": BudgetSpec(limit=0.0, of="cpu_hours", people=["anna"]),
        "elsewhere": BudgetSpec(limit=0.0, of="cpu_hours", pipelines=["other"]),
    }.items():
        budgets.declare(test.ws, name=name, spec=spec)
    BudgetKeeper(test.ws).step()
    assert [each.exceeded for each in list_budgets(test.ws)] == [True, True]
    assert test.run("burn.py:work").run.state == "succeeded"


@pytest.mark.parametrize(
    "spec",
    [
        PriceListSpec(unit=""),
        PriceListSpec(unit="JPY", cpu_hour=-1.0),
        PriceListSpec(unit="JPY", overhead=0.5),
        PriceListSpec(unit="JPY", gpu_hour=float("nan")),
        PriceListSpec(unit="JPY", since="1 April"),
    ],
)
def test_prices_that_are_none_are_refused(workspace, spec):
    with pytest.raises(InvalidInput):
        prices.declare(workspace, name="default", spec=spec)


@pytest.mark.parametrize(
    "spec", [BudgetSpec(limit=-1.0), BudgetSpec(limit=1.0, warn=0.0), BudgetSpec(limit=float("inf"))]
)
def test_budgets_that_limit_nothing_are_refused(workspace, spec):
    with pytest.raises(InvalidInput):
        budgets.declare(workspace, name="lab", spec=spec)


def test_what_one_may_not_see_is_in_no_sum(workspace):
    for name in ("team/delay", "delay"):
        if "/" in name:
            projects.declare(workspace, name="team", spec=ProjectSpec())
        endpoints.create(workspace, name=name, model=name)
        counts = TrafficCounts(
            start=workspace.clock.now() - timedelta(minutes=5), rows=10, cpu=1.0, latencies={}
        )
        with workspace.db.write() as tx:
            traffic.put(tx, name, "server", [counts])
    create_principal(workspace, name="anna", role="guest")
    grant = GrantSpec(to="principal/anna", role="viewer", projects=["team"])
    grants.declare(workspace, name="anna-in-team", spec=grant)
    with workspace.read() as tx:
        anna = workspace.with_(principal=standing(tx, "anna"))
    assert [each.name for each in report(anna, by="endpoint").lines] == ["endpoint/team/delay"]
    assert report(workspace).total.predictions == 20


def test_a_budget_of_money_says_when_nothing_has_a_price(workspace):
    budgets.declare(workspace, name="lab", spec=BudgetSpec(limit=100.0))
    budgets.declare(workspace, name="hours", spec=BudgetSpec(limit=100.0, of="cpu_hours"))
    assert [(each.name, each.is_priced) for each in list_budgets(workspace)] == [
        ("hours", True),
        ("lab", False),
    ]
    prices.declare(workspace, name="default", spec=YEN)
    assert show_budget(workspace, budget="lab").is_priced


def test_what_budgets_spent_is_added_up_once_and_then_by_what_ended_since(test, monkeypatch):
    """The sums go on from where they were, and are those of a keeper that adds up everything."""
    asked, of_steps = [], usage.of_steps

    def spied(tx, since, until, **of):
        asked.append((since, until))
        return of_steps(tx, since, until, **of)

    monkeypatch.setattr(usage, "of_steps", spied)
    for name, spec in {
        "a": BudgetSpec(limit=9.0, of="cpu_hours"),
        "b": BudgetSpec(limit=9.0, of="cpu_hours", pipelines=["wo*"]),
        "c": BudgetSpec(limit=9.0, of="cpu_hours", people=["anna"]),
        "d": BudgetSpec(limit=9.0, of="cpu_hours", per="week"),
    }.items():
        budgets.declare(test.ws, name=name, spec=spec)
    keeper, spent = BudgetKeeper(test.ws), 0.0
    for _ in range(4):
        run = test.run("burn.py:work").run
        spent += show(test.ws, ref=f"pipeline_run/{run.id}").use.cpu_seconds / 3600
        del asked[:]
        keeper.step()
        found = {each.name: each.spent for each in list_budgets(test.ws)}
        assert found == {"a": pytest.approx(spent), "b": found["a"], "c": 0.0, "d": found["a"]}
        keeper.step()
        BudgetKeeper(test.ws).step()  # such as another server's, or the next after one was killed
        assert {each.name: each.spent for each in list_budgets(test.ws)} == found
        test.clock.move(timedelta(minutes=10))
    # Of the month and of the week: what is settled now and what is not; then that alone; then, by one who
    # does not know, both from the beginning on.
    settled = test.clock.now() - timedelta(minutes=25)
    begins = [since for since, _ in asked]
    assert begins[1::2][:2] == begins[4:6] == [settled] * 2
    assert {begins[6], begins[8]} == {begin_of("month", settled), begin_of("week", settled)}
    assert len(asked) == 10
    with test.ws.db.write() as tx:  # what is removed or written late is seen when all is added up again
        tx.execute(delete(step_run))
    keeper.step()
    assert show_budget(test.ws, budget="a").spent > 0
    test.clock.move(timedelta(minutes=20))
    keeper.step()
    assert show_budget(test.ws, budget="a").spent == 0


def test_a_step_that_is_tried_again_later_counts_once_and_so_does_one_that_a_cancelled_run_left(test):
    budgets.declare(test.ws, name="lab", spec=BudgetSpec(limit=9.0, of="cpu_hours"))
    keeper, run = BudgetKeeper(test.ws), test.run("burn.py:work").run

    def spent(hours, minutes, **values):
        test.clock.move(timedelta(minutes=minutes))
        with test.ws.db.write() as tx:
            row = update(step_run).where(step_run.c.run == run.id)
            tx.execute(row.values(cpu_seconds=hours * 3600, **values))
        keeper.step()
        return show_budget(test.ws, budget="lab").spent

    assert spent(1.0, 0, state="running", finished_at=test.clock.now()) == 1.0  # its first attempt failed
    assert spent(1.0, 20) == 1.0
    assert spent(3.0, 5, state="skipped", finished_at=test.clock.now() + timedelta(minutes=5)) == 3.0
    assert spent(3.0, 16) == 3.0
    with test.ws.db.write() as tx:  # it ended as a cancelled one does: before its step
        ended = test.clock.now() - timedelta(minutes=16, seconds=30)
        tx.execute(update(pipeline_run).where(pipeline_run.c.id == run.id).values(finished_at=ended))
    keeper = BudgetKeeper(test.ws)
    assert [spent(3.0, minutes) for minutes in (0, 1, 1)] == [3.0] * 3
    with test.ws.read() as tx:
        since, until = ended + timedelta(seconds=1), test.clock.now()
        (found,) = usage.of_steps(tx, since, until, projects=None)
        assert found.use.cpu_seconds == 3.0 * 3600


def test_prices_that_are_declared_of_late_count_from_their_day_on(test):
    prices.declare(test.ws, name="default", spec=PriceListSpec(unit="JPY", cpu_hour=3600.0))
    budgets.declare(test.ws, name="lab", spec=BudgetSpec(limit=1000.0))
    keeper = BudgetKeeper(test.ws)
    test.run("burn.py:work")
    test.clock.move(timedelta(days=2))
    run = test.run("burn.py:work").run
    keeper.step()
    before = show_budget(test.ws, budget="lab").spent
    since = f"{test.clock.now():%Y-%m-%d}"
    prices.declare(test.ws, name="new", spec=PriceListSpec(unit="JPY", cpu_hour=7200.0, since=since))
    keeper.step()
    more = show(test.ws, ref=f"pipeline_run/{run.id}").use.cpu_seconds
    assert show_budget(test.ws, budget="lab").spent == pytest.approx(before + more)
