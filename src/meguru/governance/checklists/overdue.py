"""Tell people of items whose day is over."""

from __future__ import annotations

from sqlalchemy import Connection

from meguru.base import refs
from meguru.base.ticker import Ticker
from meguru.errors import NotFound
from meguru.governance.checklists import store
from meguru.governance.checklists.kind import CHECKLIST, ChecklistSpec
from meguru.governance.checklists.standing import standing_of, version_of
from meguru.governance.checklists.types import ItemScope, ItemStanding
from meguru.governance.log_time import log_time
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace

_REMIND = InternalOperation(CHECKLIST, "remind", evented=True)
_Late = tuple[str, str, str, ItemStanding]


def remind(ws: Workspace) -> int:
    """Tell of each item that is late for the newest version of a model, once; return how many."""
    with ws.read() as tx:
        if not _late(tx, ws):
            return 0

    def work(ctx: Context) -> int:
        late = _late(ctx.tx, ws)
        for name, model, about, standing in late:
            item = standing.item
            ctx.emit(
                "checklist.overdue",
                refs.make("checklist", name),
                data={
                    "item": item.id,
                    "model": model,
                    "owner": item.owner or "nobody in particular",
                    "due": item.due,
                    "about": about,
                },
            )
            store.remind(ctx.tx, name, item.id, about, item.due)
        return len(late)

    return _REMIND.commit(ws.with_(principal=system("checklists")), work)


def _late(tx: Connection, ws: Workspace) -> list[_Late]:
    """Return what is late and was not told yet: the checklist, the version, what it is of, the item."""
    now, found = log_time(tx, ws.clock.now()), list[_Late]()
    for name, spec in store.every(tx, None).items():
        if not any(each.due or spec.due for each in spec.items):
            continue
        told = store.reminded(tx, name)
        for version in _versions(tx, spec):
            for item_standing in standing_of(tx, name, spec, version, now).items:
                model = refs.make("model", refs.parse(version).name)
                about = version if item_standing.item.per is ItemScope.VERSION else model
                if (
                    item_standing.overdue
                    and (item_standing.item.id, about, item_standing.item.due) not in told
                ):
                    found.append((name, version, about, item_standing))
    return found


def _versions(tx: Connection, spec: ChecklistSpec) -> list[str]:
    found = []
    for model in spec.models:
        try:
            found.append(version_of(tx, refs.within("", model)))
        except NotFound:
            continue  # it has no version yet: nothing is late
    return found


class DueKeeper(Ticker):
    """Looks each ten minutes."""

    name = "checklists"
    pause = 600.0

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws

    def tick(self) -> int:
        """Tell of what is late."""
        return remind(self.ws)
