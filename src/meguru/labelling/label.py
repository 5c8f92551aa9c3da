"""Label: take the next prediction of a sample, say what happened, settle disputes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row

from meguru.base import refs
from meguru.errors import Conflict, InvalidInput, NotFound
from meguru.kernel.operations import Context, operation
from meguru.labelling import store
from meguru.labelling.types import ItemState, LabelForm, LabelItem, Labelling
from meguru.predictions import ids, outcome_store, payload
from meguru.predictions import store as predictions
from meguru.predictions.record import tasks_of
from meguru.predictions.types import OutcomeValue
from meguru.tasks import Task

_MAX_DISPUTES = 50


@operation(
    "labelling.next",
    permission="labelling:label",
    query=True,
    on="endpoint",
    refers={"endpoint": "endpoint"},
)
def next_item(ctx: Context, *, endpoint: str) -> LabelItem | None:
    """Return the next prediction for whoever asks to label; None when there is none left for them."""
    name = refs.parse(endpoint, kind="endpoint").name
    ctx.require("prediction:read", project=refs.project_of(name), why="a labeller sees what came in")
    turn = store.next_turn(ctx.tx, name, ctx.principal.name)
    if turn is None:
        return None
    open_, done = store.progress_of(ctx.tx, name, ctx.principal.name)
    return _item(ctx.tx, turn, left=open_, done=done)


@operation("labelling.label", permission="labelling:label", on="id")
def label(
    ctx: Context, *, id: str, place: int, value: OutcomeValue | None = None, skip: bool = False
) -> Labelling:
    """Say what really happened to a prediction of a sample, or that one can't say.

    When all who are to label it agree, that is its outcome, recorded by them. When they differ it has none
    until somebody decides. Who said something else before corrects it.

    Raises
    ------
    Conflict
        When it is nobody's turn that one could take.
    InvalidInput
        When the value is no outcome of the model's task.
    """
    found, turns, task, now = *_place(ctx, id, place), ctx.now()
    turn = _turn_of(turns, ctx.principal.name)
    if turn is None:
        raise Conflict(
            "this prediction is not yours to label",
            why="others have it, or it is labelled",
            hint="take the next",
        )
    kept = None if skip else _checked(task, value)
    state = ItemState.SKIPPED if skip else ItemState.LABELLED
    text = None if skip else msgspec.json.encode(kept, order="sorted").decode()
    store.set_label(ctx.tx, turn, state=state, label=text, by=ctx.principal.name, at=now)
    prediction = ids.join(turn.batch_id, turn.row)
    data = {"endpoint": found.endpoint, "prediction": prediction, "skipped": skip}
    event = ctx.emit("labelling.labelled", refs.make("labelling", found.id), data=data)
    _settle(ctx.with_(cause=event.id), found, place, now)
    return store.get(ctx.tx, found.id)


@operation("labelling.decide", permission="labelling:decide", on="id")
def decide(ctx: Context, *, id: str, place: int, value: OutcomeValue) -> Labelling:
    """Decide what a prediction is on which people differ; what they said is kept."""
    found, turns, task, now = *_place(ctx, id, place), ctx.now()
    if not turns[0].disputed:
        raise Conflict("nobody differs on this prediction")
    kept = _checked(task, value)
    store.mark(ctx.tx, found.id, place, disputed=False, decided_by=ctx.principal.name)
    prediction = ids.join(turns[0].batch_id, turns[0].row)
    data = {"endpoint": found.endpoint, "prediction": prediction}
    event = ctx.emit("labelling.decided", refs.make("labelling", found.id), data=data)
    _record(ctx.with_(cause=event.id), found.endpoint, turns[0], kept, now, ctx.principal.name)
    return store.get(ctx.tx, found.id)


@operation(
    "labelling.disputes",
    permission="labelling:decide",
    query=True,
    on="endpoint",
    refers={"endpoint": "endpoint"},
)
def disputes(ctx: Context, *, endpoint: str) -> list[LabelItem]:
    """List the predictions of an endpoint on which people differ, with who said what; at most 50."""
    name = refs.parse(endpoint, kind="endpoint").name
    ctx.require("prediction:read", project=refs.project_of(name), why="who decides sees what came in")
    found = []
    for row in store.disputed(ctx.tx, name, _MAX_DISPUTES):
        turns = store.turns(ctx.tx, row.labelling, row.place)
        found.append(msgspec.structs.replace(_item(ctx.tx, turns[0]), labels=store.labels_of(turns)))
    return found


@operation(
    "labelling.list", permission="labelling:read", query=True, on="endpoint", refers={"endpoint": "endpoint"}
)
def list_samples(ctx: Context, *, endpoint: str) -> list[Labelling]:
    """List the samples of an endpoint with how far they are, newest first."""
    return store.page(ctx.tx, refs.parse(endpoint, kind="endpoint").name)


def form_of(task: Task) -> LabelForm:
    """Return how a label of a task is given."""
    classes = list(getattr(task, "classes", ()))
    if task.key in {"binary", "multiclass"} and classes:
        return LabelForm(kind="choice", choices=classes)
    if task.key == "multilabel" and classes:
        return LabelForm(kind="choices", choices=classes)
    return LabelForm(kind="number" if task.has_number else "text")


def _place(ctx: Context, id: str, place: int) -> tuple[Labelling, list[Row[Any]], Task]:
    name = refs.parse(id, kind="labelling").name
    labelling = store.get(ctx.tx, name)
    ctx.require(
        "prediction:read", project=refs.project_of(labelling.endpoint), why="a labeller sees what came in"
    )
    turns = store.turns(ctx.tx, labelling.id, place)
    if not turns:
        raise NotFound(f"{labelling.id} has no place {place}", why=f"it has 0 to {labelling.size - 1}")
    batch = predictions.find_batches(ctx.tx, [turns[0].batch_id]).get(turns[0].batch_id)
    if batch is None:  # retention removed it
        raise NotFound.of("prediction", ids.join(turns[0].batch_id, turns[0].row))
    return labelling, turns, tasks_of(ctx.tx, [batch.model_ref])[batch.model_ref]


def _turn_of(turns: Sequence[Row[Any]], who: str) -> Row[Any] | None:
    mine = [turn for turn in turns if turn.by == who]
    if mine:
        return mine[0]
    free = [turn for turn in turns if turn.state == ItemState.OPEN.value and turn.labeller in {who, ""}]
    return free[0] if free else None


def _settle(ctx: Context, found: Labelling, place: int, now: datetime) -> None:
    """Make the labels an outcome once all have labelled and agree; else say that they differ."""
    turns = store.turns(ctx.tx, found.id, place)
    if any(turn.state == ItemState.OPEN.value for turn in turns) or turns[0].decided_by:
        return
    said = [turn for turn in turns if turn.label is not None]
    differ = len({turn.label for turn in said}) > 1
    if differ != turns[0].disputed:
        store.mark(ctx.tx, found.id, place, disputed=differ)
    if differ:
        place_of = (turns[0].batch_id, turns[0].row)
        # An earlier agreement became an outcome; who corrected their label took it back.
        outcome_store.withdraw(ctx.tx, found.endpoint, _of_labels(ctx, place_of))
        data = {"endpoint": found.endpoint, "prediction": ids.join(*place_of)}
        ctx.emit("labelling.disputed", refs.make("labelling", found.id), data=data)
    elif said:
        by = ", ".join(turn.by for turn in said)[:200]
        _record(ctx, found.endpoint, said[0], msgspec.json.decode(said[0].label), now, by)


def _of_labels(ctx: Context, place: outcome_store.RowId) -> list[outcome_store.RowId]:
    """Return the prediction if its outcome came of labels: what is known otherwise stays."""
    labellers = {turn.by for turn in store.turns_of(ctx.tx, place)}
    present = outcome_store.current(ctx.tx, [place])
    return [each for each, row in present.items() if set(row["recorded_by"].split(", ")) <= labellers]


def _record(ctx: Context, endpoint: str, turn: Row[Any], value: Any, now: datetime, by: str) -> None:
    row = outcome_store.row_of((turn.batch_id, turn.row), value, now, now, by)
    done = outcome_store.record(ctx.tx, endpoint, [row])
    if not done.repeated:
        data = {"endpoint": endpoint, "count": 1} | ({"corrected": 1} if done.corrected else {})
        ctx.emit("outcomes.recorded", refs.make("endpoint", endpoint), data=data)


def _checked(task: Task, value: Any) -> Any:
    if value is None:
        raise InvalidInput("say what happened, or skip it", field="value")
    return task.outcome(value)


def _item(tx: Connection, turn: Row[Any], *, left: int = 0, done: int = 0) -> LabelItem:
    batch = predictions.get(tx, turn.batch_id)
    if batch is None:
        raise NotFound.of("prediction", ids.join(turn.batch_id, turn.row))
    task = tasks_of(tx, [batch.model_ref])[batch.model_ref]
    row = payload.frame_of(batch.payload).row(turn.row, named=True)
    features = {
        name: row.get(name, row.get(f"feature:{name}")) for name in payload.features_of(batch.payload)
    }
    return LabelItem(
        labelling=turn.labelling,
        place=turn.place,
        prediction=ids.join(turn.batch_id, turn.row),
        features=features,
        form=form_of(task),
        left=left,
        done=done,
    )
