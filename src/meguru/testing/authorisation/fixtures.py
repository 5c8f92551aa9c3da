"""How a thing of each kind is made in a project, by the operations that people use."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from meguru.alerts.follow import AlertFollower
from meguru.alerts.incidents.begin import open_incident
from meguru.alerts.notifications.kind import NotificationSpec
from meguru.alerts.notifications.operations import specs as notification_specs
from meguru.alerts.show import list_alerts
from meguru.applies.carry_out import start as start_apply
from meguru.artifacts import trees
from meguru.artifacts.holds.operations import place as place_hold
from meguru.artifacts.retention.kind import RetentionSpec
from meguru.artifacts.retention.operations import specs as retention_rules
from meguru.audit.checkpoints.kind import CheckpointSpec
from meguru.audit.checkpoints.operations import specs as checkpoints
from meguru.backfills.start import start as start_backfill
from meguru.base import digests, refs
from meguru.business.create import create as create_metric
from meguru.cards.confirm import edit as edit_card
from meguru.collections.kind import CollectionSpec
from meguru.collections.operations import specs as collections
from meguru.datasets.client import add_files
from meguru.datasets.kind import DatasetSpec
from meguru.datasets.operations import specs as dataset_specs
from meguru.datasets.sources.spec import SourceSpec
from meguru.features.kind import EntitySpec, FeatureServiceSpec, FeatureViewSpec
from meguru.features.materialization.start import start as start_materialization
from meguru.features.operations import entity_specs, service_specs, view_specs
from meguru.flavors import ColumnType, SignatureColumn
from meguru.kernel.operations import Context, Operation
from meguru.monitoring.create import create as create_monitor
from meguru.monitoring.run import run as run_monitor
from meguru.pipelines.load import register_file
from meguru.pipelines.pools.operations import set_pool
from meguru.pipelines.start import start as start_pipeline
from meguru.predictions import ids as prediction_ids
from meguru.predictions import payload
from meguru.predictions import store as predictions
from meguru.predictions.types import PredictionBatch
from meguru.quarantine.add import add as add_pickle
from meguru.registry.client import add_model
from meguru.releases.create import create as create_release
from meguru.serving.contracts.create import create as create_contract
from meguru.serving.create import create as create_endpoint
from meguru.sweeps.start import start as start_sweep
from meguru.sweeps.types import Search, Whole
from meguru.testing.authorisation import access, accounts
from meguru.testing.authorisation.making import Making
from meguru.testing.authorisation.promises import make_checklist, make_waiver
from meguru.testing.models import make_flights, make_model
from meguru.tracking import runs
from meguru.tracking.experiments.change import create_experiment
from meguru.tracking.types import MetricPoint
from meguru.triggers.create import create as create_trigger
from meguru.triggers.fire import fire
from meguru.webhooks.manage import create as create_webhook

MARCH, APRIL = datetime(2013, 3, 1, tzinfo=UTC), datetime(2013, 4, 1, tzinfo=UTC)
PIPELINE = """
from meguru import pipeline, step


@step
def count(day: int) -> int:
    return day


@pipeline
def {mark}(day: int = 1):
    return count(day)
"""


def _dataset(of: Making) -> str:
    file = of.folder / f"{of.mark}.csv"
    make_flights(20).write_csv(file)
    add_files(of.ws, of.mark, [file])
    source = SourceSpec(address=f"https://data.example/{of.mark}.csv")
    dataset_specs.declare(of.ws, name=of.mark, spec=DatasetSpec(description=of.mark, source=source))
    return of.mark


def _entity(of: Making) -> str:
    entity_specs.declare(of.ws, name=of.mark, spec=EntitySpec(key=["carrier"], description=of.mark))
    return of.mark


def _feature_view(of: Making) -> str:
    said = FeatureViewSpec(entities=[of.mark], sources={"rows": of.mark}, description=of.mark)
    view_specs.declare(of.ws, name=of.mark, spec=said)
    return of.mark


def _materialization(of: Making) -> str:
    return start_materialization(of.ws, view=of.mark).id


def _feature_service(of: Making) -> str:
    service_specs.declare(of.ws, name=of.mark, spec=FeatureServiceSpec(views=[of.mark], owner=of.mark))
    return of.mark


def _experiment(of: Making) -> str:
    return create_experiment(of.ws, name=of.mark).name


def _run(of: Making) -> str:
    run = runs.start(of.ws, name=of.mark, experiment=of.mark, params={"lr": of.mark}, tags={"t": of.mark})
    runs.log(of.ws, run=run.id, metrics=[MetricPoint(key="loss", value=1.0, step=1)])
    digest = of.ws.blobs.put_bytes(of.mark.encode())
    runs.add_artifact(of.ws, run=run.id, path=f"{of.mark}.txt", digest=digest)
    return run.id


def _model(of: Making) -> str:
    add_model(of.ws, of.mark, make_model(), note=of.mark)
    return of.mark


def _pipeline(of: Making) -> str:
    file = of.folder / f"{of.mark}.py"
    file.write_text(PIPELINE.format(mark=of.mark))
    register_file(of.ws, f"{file}:{of.mark}")
    return of.mark


def _pipeline_run(of: Making) -> str:
    return start_pipeline(of.ws, pipeline=of.mark).id


def _step_run(of: Making) -> str:
    return f"{of.made['pipeline_run']}.count"


def _backfill(of: Making) -> str:
    return start_backfill(of.ws, pipeline=of.mark, param="day", values=["1", "2"]).id


def _sweep(of: Making) -> str:
    search = Search(metric="loss", trials=2)
    return start_sweep(of.ws, pipeline=of.mark, space={"day": Whole(low=1, high=3)}, search=search).id


def _endpoint(of: Making) -> str:
    create_endpoint(of.ws, name=of.mark, model=of.mark, description=of.mark)
    return of.mark


def _collection(of: Making) -> str:
    collections.declare(of.ws, name=of.mark, spec=CollectionSpec(endpoint=of.mark, dataset=of.mark))
    return of.mark


def _contract(of: Making) -> str:
    columns = [SignatureColumn(name="hour", type=ColumnType.DOUBLE)]
    return create_contract(of.ws, endpoint=of.mark, columns=columns, note=of.mark).ref.removeprefix(
        "contract/"
    )


def _release(of: Making) -> str:
    return create_release(of.ws, endpoint=of.mark, model=f"{of.mark}@1").ref.removeprefix("release/")


def _monitor(of: Making) -> str:
    create_monitor(of.ws, name=of.mark, endpoint=of.mark)
    return of.mark


def _business_metric(of: Making) -> str:
    sql = f"SELECT score AS value, '{of.mark}' AS slice FROM predictions"
    create_metric(of.ws, name=of.mark, endpoint=of.mark, sql=sql, unit=of.mark)
    return of.mark


def _card(of: Making) -> str:
    return edit_card(of.ws, ref=f"model/{of.mark}", part="intended_use", text=of.mark).name


def _report(of: Making) -> str:
    return run_monitor(of.ws, name=of.mark, start=MARCH, end=APRIL).id


def _prediction(of: Making) -> str:
    """Have an endpoint have answered one row in March, as its data plane writes it down."""
    name = refs.within(of.ws.project, of.mark)
    content = payload.make({"hour": "long"}, {"hour": [17]}, [0.5], [MARCH])
    batch = PredictionBatch(
        id=prediction_ids.new_batch_id(),
        endpoint=name,
        model_ref=f"model/{name}@1",
        release_ref=f"release/{name}@1",
        received_at=MARCH,
        first_time=MARCH,
        last_time=MARCH,
        n=1,
        payload=payload.pack(content),
    )
    with of.ws.db.write() as tx:
        predictions.add(tx, [batch])
    return prediction_ids.join(batch.id, 0)


def _trigger(of: Making) -> str:
    create_trigger(of.ws, name=of.mark, on={"monitor": of.mark}, action={"endpoint": of.mark}, note=of.mark)
    return of.mark


def _firing(of: Making) -> str:
    return fire(of.ws, name=of.mark, reason=of.mark, subject=f"model/{of.mark}@1").id


def _webhook(of: Making) -> str:
    url = f"https://{of.mark}.example.com"
    return create_webhook(of.ws, name=of.mark, url=url, topics=["registered_model.created"]).id


def _alert(of: Making) -> str:
    def fail(ctx: Context) -> None:
        ctx.emit("webhook.failed", f"webhook/{of.made['webhook']}", data={"topic": of.mark, "why": of.mark})

    Operation(fail, "test.fail", "webhook:write", query=False, evented=True)(of.ws)
    AlertFollower(of.ws).step()
    return next(each.id for each in list_alerts(of.ws).items if each.evidence["topic"] == of.mark)


def _incident(of: Making) -> str:
    return open_incident(of.ws, alert=of.made["alert"]).id


def _notification(of: Making) -> str:
    spec = NotificationSpec(to=[f"mailto:{of.mark}@example.com"])
    notification_specs.declare(of.ws, name=of.mark, spec=spec)
    return of.mark


def _quarantine(of: Making) -> str:
    folder = of.folder / f"{of.mark}-kept"
    folder.mkdir()
    (folder / "object").write_bytes(pickle.dumps({of.mark: 1}))
    tree = trees.put_folder(of.ws.blobs, folder)
    return add_pickle(of.ws, model=of.mark, tree=tree, file=of.mark).id


def _pool(of: Making) -> str:
    return set_pool(of.ws, name=of.mark, slots=2).name


def _apply(of: Making) -> str:
    return start_apply(of.ws, owner=of.mark, digest=digests.of_value(of.mark), actions=[of.mark]).id


def _checkpoint(of: Making) -> str:
    checkpoints.declare(of.ws, name=of.mark, spec=CheckpointSpec(to=[f"file:{of.folder / 'vault'}"]))
    return of.mark


def _retention(of: Making) -> str:
    retention_rules.declare(of.ws, name=of.mark, spec=RetentionSpec(description=of.mark))
    return of.mark


def _hold(of: Making) -> str:
    return place_hold(of.ws, about=f"pipeline/{of.made['pipeline']}", why=of.mark).id


MAKERS: Mapping[str, Callable[[Making], str]] = {
    "dataset": _dataset,
    "entity": _entity,
    "feature_view": _feature_view,
    "feature_service": _feature_service,
    "materialization": _materialization,
    "experiment": _experiment,
    "run": _run,
    "model": _model,
    "pipeline": _pipeline,
    "pipeline_run": _pipeline_run,
    "step_run": _step_run,
    "backfill": _backfill,
    "sweep": _sweep,
    "endpoint": _endpoint,
    "collection": _collection,
    "contract": _contract,
    "release": _release,
    "prediction": _prediction,
    "business_metric": _business_metric,
    "card": _card,
    "monitor": _monitor,
    "report": _report,
    "trigger": _trigger,
    "firing": _firing,
    "webhook": _webhook,
    "alert": _alert,
    "incident": _incident,
    "notification": _notification,
    **accounts.MAKERS,
    "pool": _pool,
    "quarantine": _quarantine,
    "waiver": make_waiver,
    "checklist": make_checklist,
    "apply": _apply,
    "checkpoint": _checkpoint,
    **access.MAKERS,
    "retention": _retention,
    "hold": _hold,
}
"""In the order in which they need each other; each returns the name, or the id, of what it made."""
NEEDS = {"firing": "model", "release": "model", "step_run": "pipeline_run"}
"""What a thing is made from, beside what its own operations name."""
