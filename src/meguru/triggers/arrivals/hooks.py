"""What is posted to ``/hooks/NAME``: looked at for its signature first, then an event as all that arrives."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from meguru.base import refs
from meguru.errors import MeguruError, NotFound, Unauthenticated
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace
from meguru.triggers import store as triggers
from meguru.triggers.arrivals.receive import receive_raw
from meguru.triggers.kinds.hook import OnHook
from meguru.triggers.parse import kind_of

log = logging.getLogger(__name__)
IGNORED = "ignored"


def hook_of(ws: Workspace, name: str) -> tuple[str, OnHook]:
    """Return a trigger's name in full and its hook; NotFound, the same for all that have none."""
    full = refs.within(ws.home, name)
    with ws.read() as tx:
        trigger = triggers.find(tx, full)
    kind = None
    if trigger is not None:
        try:
            kind = kind_of(trigger.on)
        except MeguruError:
            log.exception("trigger %s can't be read; its hook takes nothing", full)
    if trigger is None or not isinstance(kind, OnHook):
        raise NotFound("there is no such hook", hint="the address is /hooks/NAME, of a trigger with a hook")
    return trigger.name, kind


def take_delivery(ws: Workspace, name: str, kind: OnHook, headers: Mapping[str, str], body: bytes) -> str:
    """Take a delivery: ``taken``, ``known``, ``refused`` (kept as a dead letter) or ``ignored``.

    Raises
    ------
    Unauthenticated
        If it is not signed with the secret; nothing is kept of it.
    """
    # Before anything of the body is parsed or stored: until here it is of anybody on the internet.
    if not kind.is_signed(ws, headers, body):
        log.warning("a delivery for trigger/%s is not signed with its secret", name)
        raise Unauthenticated(
            "this delivery is not signed with the hook's secret",
            hint="give the sender the secret that the variable of the trigger holds",
        )
    if not kind.counts(headers, body):
        return IGNORED
    return receive_raw(ws.with_(principal=system("hooks")), name, kind.raw(headers, body)).value
