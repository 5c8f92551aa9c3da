"""Health of endpoints: whether what was promoted answers, by the heartbeats of the servers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from meguru.governance.waivers import store as waivers
from meguru.serving import replicas
from meguru.serving.types import Deployment, Endpoint, EndpointState, Replica, Serving


def observed(tx: Connection, endpoints: Sequence[Endpoint], at: datetime) -> list[Endpoint]:
    """Return endpoints with their true state: whether servers answer with what was promoted, and why not.

    Also with the waivers by which it was promoted.
    """
    found = replicas.alive(tx, [endpoint.name for endpoint in endpoints], at)
    leaned_on = waivers.leaned_on(tx, [endpoint.live.release_ref for endpoint in endpoints if endpoint.live])
    return [
        msgspec.structs.replace(
            _observe(endpoint, [replica for replica in found if replica.endpoint == endpoint.name]),
            waivers=leaned_on.get(endpoint.live.release_ref, []) if endpoint.live else [],
        )
        for endpoint in endpoints
    ]


def _observe(endpoint: Endpoint, servers: Sequence[Replica]) -> Endpoint:
    live = endpoint.live
    if live is None:
        return endpoint
    # One server is enough to be live: a rolling restart must not show as an outage.
    current = [server for server in servers if server.release_ref == live.release_ref]
    answering = current or [server for server in servers if server.model_ref]
    refused = [server for server in servers if server.fault and server.refused == live.release_ref]
    state = _state(bool(current), bool(refused), bool(servers))
    fault = refused[0].fault if refused else None
    serving = Serving(
        current=bool(current),
        model=answering[0].model_ref if answering else None,
        release=answering[0].release_ref if answering else None,
        since=answering[0].since if answering else None,
        ready=len(current),
        servers=len(servers),
        why=_reason(state, live, fault),
        fault=fault,
    )
    return msgspec.structs.replace(endpoint, state=state, serving=serving)


def _state(current: bool, refused: bool, up: bool) -> EndpointState:  # noqa: FBT001 - three facts, one table
    if current:
        return EndpointState.LIVE
    if refused:
        return EndpointState.FAILED
    return EndpointState.LOADING if up else EndpointState.DOWN


def _reason(state: EndpointState, live: Deployment, fault: dict[str, str] | None) -> str:
    if state is EndpointState.DOWN:
        return "no server serves it now"
    if state is EndpointState.LOADING:
        return f"a server is loading {live.model_ref}"
    if fault is None:
        return ""
    said = ": ".join(filter(None, (fault.get("what"), fault.get("why"))))
    return f"{live.model_ref} can't be served: {said}"
