"""A small workspace with one of everything that has a page, made by operations as people would."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from meguru.alerts.follow import AlertFollower
from meguru.alerts.incidents.begin import open_incident
from meguru.alerts.notifications.follow import NotificationFollower
from meguru.alerts.notifications.kind import NotificationSpec
from meguru.alerts.notifications.operations import specs as notifications
from meguru.alerts.show import list_alerts
from meguru.artifacts.holds.operations import place as place_hold
from meguru.audit.checkpoints.take import take as take_checkpoint
from meguru.backfills.start import start as start_backfill
from meguru.business.create import create as create_metric
from meguru.cards.confirm import edit as edit_card
from meguru.cards.snapshots import write as write_card
from meguru.comments.write import add as add_comment
from meguru.costs.kind import BudgetSpec, PriceListSpec
from meguru.costs.operations import budgets, prices
from meguru.datasets.client import add_files
from meguru.datasets.personal.erase import erase
from meguru.features.kind import EntitySpec, FeatureServiceSpec, FeatureViewSpec
from meguru.features.operations import entity_specs, service_specs, view_specs
from meguru.governance.checklists.answer import answer as answer_item
from meguru.governance.checklists.kind import ChecklistSpec
from meguru.governance.checklists.operations import specs as checklists
from meguru.governance.checklists.types import ChecklistItem, ItemAnswer
from meguru.governance.grants.kind import GrantSpec
from meguru.governance.grants.operations import specs as grants
from meguru.governance.groups.kind import GroupSpec
from meguru.governance.groups.operations import specs as groups
from meguru.governance.principals import create_principal
from meguru.governance.release_policies.kind import ReleasePolicySpec
from meguru.governance.release_policies.operations import specs as policies
from meguru.governance.roles.kind import RoleSpec
from meguru.governance.roles.operations import specs as roles
from meguru.governance.sign_in.kind import IdentityProviderSpec
from meguru.governance.sign_in.operations import specs as providers
from meguru.governance.standing import standing
from meguru.governance.trusts.kind import TrustSpec
from meguru.governance.trusts.operations import specs as trusts
from meguru.governance.waivers.decide import grant as grant_waiver
from meguru.governance.waivers.request import request as request_waiver
from meguru.kernel.kinds import Urgency
from meguru.kernel.workspace import Workspace
from meguru.monitoring.create import create as create_monitor
from meguru.monitoring.run import run as run_monitor
from meguru.pipelines.load import register_file
from meguru.pipelines.runner import run_file
from meguru.predictions import ids, payload, store
from meguru.predictions.types import PredictionBatch
from meguru.registry.client import add_model
from meguru.releases import operations as releases
from meguru.serving.create import create as create_endpoint
from meguru.summaries.kind import ScheduledReportSpec
from meguru.summaries.operations import reports
from meguru.sweeps.start import start as start_sweep
from meguru.sweeps.types import Search, Whole
from meguru.testing.models import make_flights, make_model
from meguru.tracking import runs
from meguru.tracking.experiments.change import create_experiment
from meguru.tracking.types import MetricPoint
from meguru.triggers import operations as triggers

MARCH, APRIL = datetime(2013, 3, 1, tzinfo=UTC), datetime(2013, 4, 1, tzinfo=UTC)
PROJECT = """
from datetime import date

from meguru import Dataset, Model, approve, pipeline, step
from meguru.testing.models import make_model


@step
def features(flights: Dataset) -> int:
    print("reading", flights)
    return flights.frame().height


@step
def teach(seed: int, depth: int) -> Model:
    if depth > 8:
        raise ValueError(f"a depth of {depth} is too much")
    return make_model(seed=seed)


@pipeline(produces="delay")
def train(flights: Dataset, depth: int = 6):
    return teach(features(flights), depth)


@step
def count(day: date) -> int:
    return day.day


@pipeline
def daily(day: date):
    return count(day)


@pipeline
def careful(day: date):
    return approve("Go on?", counted=count(day))
"""


def fill(ws: Workspace, folder: Path) -> None:
    """Fill a workspace; `folder` gets the files that it is made from."""
    for month, seed in (("2013-01", 1), ("2013-02", 2)):
        make_flights(50, seed=seed).write_csv(folder / f"{month}.csv")
        add_files(ws, "flights", [folder / f"{month}.csv"], mode="append")
    entry = folder / "project.py"
    entry.write_text(PROJECT)
    create_endpoint(ws, name="delay", model="delay", gates=[{"gate": "champion"}])
    _models(ws, f"{entry}:train")
    _watch(ws)
    _tracked(ws)
    run_file(ws, f"{entry}:careful", {"day": "2024-01-01"})
    register_file(ws, f"{entry}:daily")
    start_backfill(ws, pipeline="daily", first="2024-01-01", last="2024-01-03")
    start_sweep(
        ws,
        pipeline="train",
        params={"flights": "flights@1"},
        space={"depth": Whole(low=2, high=5)},
        search=Search(metric="auc", trials=4),
    )
    _alerted(ws)
    _access(ws)
    _features(ws, folder)
    _governed(ws)


def _features(ws: Workspace, folder: Path) -> None:
    """Declare an entity, a view of it and a service that picks from the view."""
    file = folder / "weather.csv"
    file.write_text("origin,known_at,temp\nJFK,2013-01-01T10:00:00Z,39.0\n")
    add_files(ws, "weather", [file])
    entity_specs.declare(ws, name="origin", spec=EntitySpec(key=["origin"]))
    spec = FeatureViewSpec(entities=["origin"], sources={"weather": "weather"}, time="known_at", ttl="3h")
    view_specs.declare(ws, name="weather", spec=spec)
    service_specs.declare(ws, name="delay", spec=FeatureServiceSpec(views=["weather"]))


def _models(ws: Workspace, entry: str) -> None:
    """Make two versions by a pipeline and one by hand; the last is worse than the live one, and refused."""
    for flights, depth in (("flights@1", 6), ("flights@1", 9), ("flights@2", 6)):
        run_file(ws, entry, {"flights": flights, "depth": depth})
    add_model(ws, "delay", make_model(knows=("hour",)), note="by hand")
    for number in (1, 3):
        release = releases.create(ws, endpoint="delay", model=f"model/delay@{number}")
        if releases.check(ws, release=release.ref).state == "passed":
            releases.promote(ws, release=release.ref)


def _watch(ws: Workspace) -> None:
    rows = make_flights(400, seed=3)
    times = [MARCH + (APRIL - MARCH) / rows.height * index for index in range(rows.height)]
    content = payload.make(
        {"hour": "double", "wind": "double"},
        {name: rows[name].to_list() for name in ("hour", "wind")},
        [0.5] * rows.height,
        times,
        {},
    )
    batch = PredictionBatch(
        id=ids.new_batch_id(),
        endpoint="delay",
        model_ref="model/delay@1",
        release_ref="release/delay@1",
        received_at=APRIL,
        first_time=times[0],
        last_time=times[-1],
        n=rows.height,
        payload=payload.pack(content),
    )
    with ws.db.write() as tx:
        store.add(tx, [batch])
    create_monitor(ws, name="delay-watch", endpoint="delay", min_rows=100)
    run_monitor(ws, name="delay-watch", start=MARCH, end=APRIL)
    sql = "SELECT 300 * (1 - outcome) AS value FROM predictions WHERE score > 0.5"
    create_metric(ws, name="delay-cost", endpoint="delay", sql=sql, unit="JPY", direction="lower")
    triggers.create(
        ws,
        name="retrain",
        on={"monitor": "delay-watch"},
        action={"pipeline": "train", "params": {"flights": "flights@2"}},
        note="when the world has changed",
    )
    triggers.fire(ws, name="retrain", reason="to see it")


def _alerted(ws: Workspace) -> None:
    spec = NotificationSpec(to=["console"], severity=Urgency.INFO)
    notifications.declare(ws, name="oncall", spec=spec)
    AlertFollower(ws).step()
    open_incident(ws, alert=list_alerts(ws).items[0].id)
    add_comment(ws, about="endpoint/delay", text="**Why** so late, @anna?")
    NotificationFollower(ws).step()


def _tracked(ws: Workspace) -> None:
    for number in range(3):
        run = runs.start(ws, name=f"try-{number}", experiment="trial", params={"lr": str(number / 10)})
        points = [
            MetricPoint(key=f"{part}/m{which:02}", value=(1 + number) / step, step=step)
            for part in ("train", "val")
            for which in range(10)
            for step in range(1, 6)
        ]
        runs.log(ws, run=run.id, metrics=points)
        runs.add_artifact(ws, run=run.id, path="notes/a.txt", digest=ws.blobs.put_bytes(b"hello"))
        if number == 1:
            runs.finish(ws, run=run.id)
        if number == 2:
            runs.finish(ws, run=run.id, state="failed", error="it broke")
    create_experiment(ws, name="empty")


def _access(ws: Workspace) -> None:
    """Declare people, what they may do, and from where they come."""
    create_principal(ws, name="anna")
    roles.declare(ws, name="reviewer", spec=RoleSpec(allow=["model:read"]))
    groups.declare(ws, name="reviewers", spec=GroupSpec(members=["anna"]))
    grants.declare(ws, name="reviews", spec=GrantSpec(to="group/reviewers", role="reviewer"))
    providers.declare(
        ws, name="work", spec=IdentityProviderSpec(issuer="https://id.example.com", client_id="x")
    )
    trust = TrustSpec(issuer="https://ci.example.com", audience="x", claims={"sub": "x"}, role="viewer")
    trusts.declare(ws, name="ci", spec=trust)


def _governed(ws: Workspace) -> None:
    """Have people answer for a release of an endpoint of its own; what they write about it comes before."""
    create_principal(ws, name="ben", role="owner")
    with ws.read() as tx:
        ben = ws.with_(principal=standing(tx, "ben"))
    edit_card(ws, ref="model/delay@1", part="intended_use", text="For **planning**, not for passengers.")
    write_card(ws, ref="model/delay@1", reason="to see it")
    items = [
        ChecklistItem(id="tested", text="Was it tested on last year?", ja="去年のデータで試しましたか。"),
        ChecklistItem(id="owner", text="Who answers for it?", ja="責任者は誰ですか。", owner="ben"),
    ]
    checklists.declare(ws, name="high-risk", spec=ChecklistSpec(models=["delay"], items=items))
    answer_item(ws, checklist="high-risk", model="delay@1", item="tested", answer=ItemAnswer.YES)
    create_endpoint(ws, name="late", model="delay", gates=[{"gate": "metric", "metric": "auc", "value": 1}])
    policies.declare(ws, name="two-people", spec=ReleasePolicySpec(endpoints=["late"], approvals=2))
    release = releases.create(ws, endpoint="late", model="model/delay@1")
    releases.check(ws, release=release.ref)
    until = ws.clock.now() + timedelta(days=20)
    waiver = request_waiver(ws, release=release.ref, gate="metric", reason="until the autumn", until=until)
    grant_waiver(ben, waiver=waiver.ref, note="for so long")
    releases.check(ws, release=release.ref)
    releases.request(ws, release=release.ref, note="please look")
    releases.approve(ben, release=release.ref, note="looked at it")
    prices.declare(ws, name="default", spec=PriceListSpec(unit="JPY", cpu_hour=6.0, storage_gb_month=3.0))
    budgets.declare(ws, name="lab", spec=BudgetSpec(limit=1000.0))
    reports.declare(ws, name="board", spec=ScheduledReportSpec(to=["console"]))
    place_hold(ws, about="dataset/weather", why="a question of a court")
    erase(ws, who={"passenger": ["nobody-of-this-name"]}, reason="they asked for it")
    take_checkpoint(ws)
