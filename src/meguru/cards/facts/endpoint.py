"""What the records say of an endpoint, for who has to keep it answering."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from meguru.base import refs
from meguru.cards.facts.alerts import alerts_of, told_of
from meguru.cards.facts.columns import described, profile_columns
from meguru.cards.facts.data import tags_of
from meguru.cards.facts.example import example_of
from meguru.cards.facts.reader import RecordReader
from meguru.cards.facts.releases import releases_of
from meguru.cards.facts.types import CardColumn, CardEndpoint, CardService
from meguru.cards.facts.watched import monitors_of
from meguru.errors import NotFound
from meguru.predictions.counts import totals
from meguru.registry import store as models
from meguru.releases import store as releases
from meguru.releases.resolve import ancestors
from meguru.releases.types import ReleaseState
from meguru.serving import store as endpoints
from meguru.serving.contracts import store as contracts
from meguru.serving.contracts.types import Contract
from meguru.serving.health import observed
from meguru.serving.traffic.show import counted
from meguru.serving.types import Endpoint

DAYS, MAX_RELEASES = 7, 20


def endpoint_facts(reader: RecordReader, ref: str) -> CardEndpoint:
    """Return what the records say of an endpoint, ``endpoint/delay``."""
    name = refs.parse(ref, kind="endpoint").name
    if not reader.sees(refs.make("endpoint", name)):
        raise NotFound.of("endpoint", name)
    (endpoint,) = observed(reader.tx, [endpoints.get(reader.tx, name)], reader.now)
    known = contracts.of(reader.tx, name)
    contract = next((each for each in known if each.default), known[-1] if known else None)
    made_from = ancestors(reader.tx, endpoint.live.model_ref) if endpoint.live else []
    inputs = _inputs(reader, endpoint, contract, made_from)
    before = releases.newest_in_state(reader.tx, name, ReleaseState.SUPERSEDED)
    shown = releases_of(reader, releases.page(reader.tx, name, before=None, limit=MAX_RELEASES))
    answered = totals(reader.tx, name)
    live = endpoint.live
    return CardEndpoint(
        ref=refs.make("endpoint", name),
        name=name,
        description=endpoint.description,
        model=refs.make("model", endpoint.model),
        state=endpoint.state.value,
        why=endpoint.serving.why if endpoint.serving else "",
        release=live.release_ref if live else "",
        live_model=live.model_ref if live else "",
        previous=before.ref if before else "",
        servers=endpoint.serving.servers if endpoint.serving else 0,
        contract=contract.ref if contract else "",
        inputs=inputs,
        outputs={output.name: output.type.value for output in contract.outputs} if contract else {},
        example=example_of(reader, inputs, [each for each in made_from if each.startswith("dataset/")]),
        features=live.features.ref if live and live.features else endpoint.features,
        views=sorted(live.features.views) if live and live.features else [],
        shadow=endpoint.shadow,
        record=endpoint.record,
        renew_within=endpoint.renew_within,
        predictions=answered.predictions,
        last_request=answered.last_received_at,
        service=_service(reader, name),
        gates=[_gate(gate) for gate in endpoint.gates],
        monitors=monitors_of(reader, [name]),
        alerts=alerts_of(reader, endpoint),
        told=told_of(reader, name),
        releases=shown,
    )


def _inputs(
    reader: RecordReader, endpoint: Endpoint, contract: Contract | None, made_from: Sequence[str]
) -> list[CardColumn]:
    """Return the columns that clients send, with what the live model's training data had in them."""
    if contract is None:
        return []
    types = {column.name: column.type.value for column in contract.inputs}
    if endpoint.live is None or not reader.sees(endpoint.live.model_ref):
        return described(types, {}, {})
    version = models.resolve(reader.tx, endpoint.live.model_ref)
    tags = tags_of(reader, made_from)
    return described(types, profile_columns(reader.blobs, version.baseline_digest), tags)


def _gate(options: dict[str, Any]) -> str:
    rest = ", ".join(f"{key}={value}" for key, value in options.items() if key != "gate")
    return f"{options.get('gate', '')} ({rest})" if rest else str(options.get("gate", ""))


def _service(reader: RecordReader, name: str) -> CardService | None:
    seen = counted(reader.tx, name, reader.now - timedelta(days=DAYS), reader.now)
    if not seen.total.requests:
        return None
    return CardService(
        days=DAYS,
        requests=seen.total.requests,
        errors=seen.total.errors,
        turned_away=seen.total.turned_away,
        p50=seen.p50,
        p95=seen.p95,
        p99=seen.p99,
    )
