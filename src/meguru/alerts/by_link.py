"""Acknowledge an alert by a signed link: whoever holds it may, and the log tells by which."""

from __future__ import annotations

from functools import partial

from meguru.alerts import store
from meguru.alerts.acknowledge import check_note, set_acknowledged
from meguru.alerts.kind import ALERT
from meguru.alerts.links import LinkClaim, described, read_link
from meguru.alerts.types import Alert, AlertState
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace

ACTOR = system("alerts/link")
MAX_NAME = 100


def read_alert(ws: Workspace, token: str) -> tuple[Alert, LinkClaim]:
    """Return the alert of a link, and what else it says; nothing is changed.

    Raises
    ------
    NotFound
        If it is no link of ours, or too old.
    """
    claim = read_link(ws, token)
    with ws.read() as tx:
        return store.one(tx, claim.alert), claim


def acknowledge_by_link(ws: Workspace, token: str, *, name: str = "", note: str = "") -> Alert:
    """Acknowledge the alert of a link; nothing when somebody looks after it already, or it is over."""
    claim = read_link(ws, token)
    said = " ".join(name.split())[:MAX_NAME]
    work = partial(_acknowledge, claim=claim, name=said, note=check_note(note))
    return _LINK.commit(ws.with_(principal=ACTOR), work)


def _acknowledge(ctx: Context, *, claim: LinkClaim, name: str, note: str) -> Alert:
    alert = store.one(ctx.tx, claim.alert, lock=True)
    if alert.state is not AlertState.OPEN:
        return alert
    # What they call themselves is their word; the link is what is known.
    by = f"{name} (by link)" if name else f"link to {claim.to}"
    return set_acknowledged(ctx, alert, by=by[:200], note=note, link=described(claim)[:300])


_LINK = InternalOperation(ALERT, "link")
