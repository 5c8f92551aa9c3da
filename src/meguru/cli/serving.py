"""What commands say of an endpoint: whether it answers, with what, since when, and why not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from meguru.cli.tables import cell

if TYPE_CHECKING:
    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace
    from meguru.serving.types import Endpoint, Serving

PATIENCE_SECONDS = 30.0


def sentence(serving: Serving | None) -> str:
    """Return what the servers do with what was promoted."""
    if serving is None:
        return ""
    if not serving.current:
        return f"{serving.why}; {serving.model} still answers" if serving.model else serving.why
    many = f" on {serving.ready} of {serving.servers} servers" if serving.servers > 1 else ""
    rest = f"; elsewhere {serving.why}" if serving.why else ""
    return f"{serving.model} answers since {cell(serving.since)}{many}{rest}"


def await_serving(ws: Workspace | RemoteWorkspace, name: str) -> Endpoint | None:
    """Return an endpoint once a server that is up has taken up what was promoted, or said why it can't.

    None if whoever promoted may not look.
    """
    from meguru.errors import Forbidden

    try:
        return _await(ws, name)
    except Forbidden:
        return None


def _await(ws: Workspace | RemoteWorkspace, name: str) -> Endpoint:
    from meguru.app.calls import endpoint_show as show
    from meguru.app.calls import event_wait as wait_event
    from meguru.serving.types import EndpointState

    until = time.monotonic() + PATIENCE_SECONDS
    seen = wait_event(ws, after=0, timeout=0)
    while True:
        found = show(ws, name=name).endpoint
        left = until - time.monotonic()
        if found.state is not EndpointState.LOADING or left <= 0:
            return found
        # An answer is an event, a server that dies is not: so it is looked at again after a while.
        seen = wait_event(ws, after=seen, timeout=min(left, 2.0))
