"""Draw a sample of predictions for people to label."""

import hashlib
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import Connection, func, select

from meguru.base import refs
from meguru.base.ids import new_id
from meguru.errors import InvalidInput, TooLarge
from meguru.kernel.operations import Context, operation
from meguru.labelling import store
from meguru.labelling.types import (
    MAX_CANDIDATES,
    MAX_LABELLERS,
    MAX_SAMPLE,
    ItemState,
    Labelling,
    Strategy,
)
from meguru.labelling.uncertainty import uncertainty
from meguru.predictions import ids
from meguru.predictions.outcome_store import RowId
from meguru.predictions.record import tasks_of
from meguru.predictions.schema import prediction_batch
from meguru.predictions.store import within
from meguru.predictions.types import ID_COLUMN, MODEL_COLUMN, OUTCOME_COLUMN
from meguru.predictions.window import frame
from meguru.serving import store as endpoints

DEFAULT_SPAN = timedelta(days=30)


@operation("labelling.sample", permission="labelling:write", on="endpoint", refers={"endpoint": "endpoint"})
def sample(
    ctx: Context,
    *,
    endpoint: str,
    size: int = 50,
    strategy: Strategy = "uncertain",
    seed: int = 0,
    start: datetime | None = None,
    end: datetime | None = None,
    labellers: list[str] = [],  # noqa: B006 - copied by the kernel
    each: int = 1,
) -> Labelling:
    """Draw predictions of an endpoint that have no outcome, for people to label; by default of 30 days.

    With `labellers` the turns are dealt out to them one after another, so that each prediction is labelled by
    `each` different people; without, whoever may takes the next. The same seed draws the same of the same.

    Raises
    ------
    InvalidInput
        If there is nothing to label, or the answers don't tell of which the model was unsure.
    """
    _check(size, labellers, each)
    name, now = refs.parse(endpoint, kind="endpoint").name, ctx.now()
    until = end or now
    since = start or until - DEFAULT_SPAN
    with ctx.ws.read() as tx:
        endpoints.get(tx, name)
        chosen = _chosen(tx, name, since, until, size=size, strategy=strategy, seed=seed)
    if not chosen:
        why = f"all from {since:%Y-%m-%d} to {until:%Y-%m-%d %H:%M} have an outcome or are in a sample"
        raise InvalidInput(f"there is nothing of {name} to label", why=why, hint="say --start and --end")
    made = Labelling(
        id=new_id("lab"),
        endpoint=name,
        strategy=strategy,
        seed=seed,
        size=len(chosen),
        labellers=list(dict.fromkeys(labellers)),
        labels_per_row=each,
        created_at=now,
        created_by=ctx.principal.name,
        open=len(chosen) * each,
    )
    store.add(ctx.tx, made, _turns(made, chosen))
    data = {
        "endpoint": name, "size": made.size, "strategy": strategy, "seed": seed, "labellers": made.labellers,
        "each": each,
    }  # fmt: skip
    ctx.emit("labelling.started", refs.make("labelling", made.id), data=data)
    return made


def _check(size: int, labellers: Sequence[str], each: int) -> None:
    if not 1 <= size <= MAX_SAMPLE:
        raise InvalidInput(f"a sample has 1 to {MAX_SAMPLE:,} predictions", field="size")
    if len(labellers) > MAX_LABELLERS:
        raise InvalidInput(f"at most {MAX_LABELLERS} people label a sample", field="labellers")
    if not 1 <= each <= (len(set(labellers)) or MAX_LABELLERS):
        why = f"{len(set(labellers))} people were named" if labellers else ""
        raise InvalidInput(f"{each} people can't label each prediction", field="each", why=why)


def _chosen(
    tx: Connection, endpoint: str, start: datetime, end: datetime, *, size: int, strategy: Strategy, seed: int
) -> list[RowId]:
    table = prediction_batch.c
    count = tx.execute(select(func.sum(table.n)).where(*within(endpoint, start, end))).scalar() or 0
    if count > MAX_CANDIDATES:
        why = f"{int(count):,} predictions are in it, at most {MAX_CANDIDATES:,} are looked through"
        raise TooLarge("the span is too long", why=why, hint="say a shorter one: --start, --end")
    window = frame(tx, endpoint, start, end, features=())
    # By id, so that the same seed draws the same of the same rows, in whatever order the database gave them.
    window = window.filter(pl.col(OUTCOME_COLUMN).is_null()).sort(ID_COLUMN)
    order = _by_chance if strategy == "random" else _by_doubt
    found = [ids.split(each) for each in order(tx, window, seed)]
    places = [place for place in found if place]
    known = store.sampled_among(tx, places)
    return [place for place in places if place not in known][:size]


def _by_chance(tx: Connection, window: pl.DataFrame, seed: int) -> list[str]:
    del tx
    names: list[str] = window.get_column(ID_COLUMN).to_list()
    random.Random(seed).shuffle(names)  # noqa: S311 - a sample, and no secret
    return names


def _by_doubt(tx: Connection, window: pl.DataFrame, seed: int) -> list[str]:
    models = window.get_column(MODEL_COLUMN).unique().to_list()
    tasks = tasks_of(tx, models)
    ranked: list[tuple[float, str, str]] = []
    for model in models:
        own = window.filter(pl.col(MODEL_COLUMN) == model)
        doubts = uncertainty(own, tasks[model]).to_list()
        for name, doubt in zip(own.get_column(ID_COLUMN), doubts, strict=True):
            if doubt is not None:
                # Equal doubts are put in order by the seed, and not by age.
                ranked.append((-doubt, hashlib.sha256(f"{seed}{name}".encode()).hexdigest(), name))
    return [name for _, _, name in sorted(ranked)]


def _turns(made: Labelling, places: Sequence[RowId]) -> list[dict[str, Any]]:
    people = made.labellers
    return [
        {
            "labelling": made.id,
            "place": number,
            "slot": slot,
            "batch_id": place[0],
            "row": place[1],
            "labeller": people[(number + slot) % len(people)] if people else "",
            "state": ItemState.OPEN.value,
            "label": None,
            "by": "",
            "at": None,
            "disputed": False,
            "decided_by": "",
        }
        for number, place in enumerate(places)
        for slot in range(made.labels_per_row)
    ]
