"""Gather what gates look at: the challenger, the champion, golden sets, counts, signatures."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from meguru.base import refs
from meguru.datasets import store as datasets
from meguru.datasets.frames import frame_of
from meguru.errors import NotFound
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace
from meguru.registry import store as registry
from meguru.registry.group_tallies import TallyRecord, digests_of, tallies_of
from meguru.registry.load import load_model
from meguru.registry.signatures.standing import key_digest, signature_standings
from meguru.registry.signatures.types import SignatureStanding
from meguru.releases.checklists import standings
from meguru.releases.gates import GateTrial, TrialSide
from meguru.releases.gates.group_fairness import GroupFairnessGate
from meguru.releases.gates.read import gate_of
from meguru.releases.gates.sent_counts import COUNTS, PART, fitting, tally_ref
from meguru.releases.resolve import gates_of
from meguru.releases.types import Release, ReleasePart
from meguru.serving import store as endpoints
from meguru.serving.contracts import store as contracts
from meguru.serving.features.load import load_plan
from meguru.serving.features.plan import FeaturePlan
from meguru.serving.features.readiness import not_online
from meguru.serving.features.values import values_of

if TYPE_CHECKING:
    import polars as pl

ACTOR = system("releases")
GONE = "is not there any more"


def champion_of(tx: Connection, endpoint: str) -> ReleasePart | None:
    """Return the model that is live behind an endpoint; None when nothing is."""
    live = endpoints.live(tx, endpoint)
    return (
        None
        if live is None
        else ReleasePart(ref=live.model_ref, digest=registry.resolve(tx, live.model_ref).tree_digest)
    )


def present_part(tx: Connection, endpoint: str, part: ReleasePart) -> ReleasePart:
    """Return what a gate looked at with its present digest; what has no versions is known by its digest."""
    kind, _, name = part.ref.partition("/")
    try:
        if kind == "dataset":
            full = refs.within(refs.project_of(endpoint), name)
            return ReleasePart(ref=part.ref, digest=datasets.resolve(tx, full).digest)
        if kind == "signing_key":
            return ReleasePart(ref=part.ref, digest=key_digest(tx, name))
        if kind == PART:
            return _present_counts(tx, endpoint, part, name)
        if kind == "model":
            return ReleasePart(ref=part.ref, digest=registry.resolve(tx, part.ref).tree_digest)
    except NotFound:
        return ReleasePart(ref=part.ref, digest=GONE)
    return part


def _present_counts(tx: Connection, endpoint: str, part: ReleasePart, name: str) -> ReleasePart:
    """Return counts of groups if a gate would take them still, else those that one would."""
    sent = tallies_of(tx, f"model/{name.partition(':')[0]}")
    # Also the gates that policies add: without them, counts that one of these took would seem to be gone.
    gates = gates_of(tx, endpoints.get(tx, endpoint))
    counting = [gate_of(gate) for gate in gates if gate.get("groups") == COUNTS]
    asked = [gate for gate in counting if isinstance(gate, GroupFairnessGate)]
    taken = [fitting(sent, gate, gate.groupings(), gate.holders) for gate in asked]
    now = [ReleasePart(ref=tally_ref(tally), digest=tally.digest) for tally in taken if tally]
    return part if part in now else next(iter(now), ReleasePart(ref=part.ref, digest=GONE))


def trial_of(ws: Workspace, release: Release, champion: ReleasePart | None) -> GateTrial:
    """Return the trial of a release; models are loaded when a gate asks for them."""
    with ws.read() as tx:
        agreed = contracts.of(tx, release.endpoint)
        live = endpoints.live(tx, release.endpoint)
        plan, lacking = _features(tx, ws, release)
    looked_at: list[ReleasePart] = []
    return GateTrial(
        endpoint=release.endpoint,
        challenger=side(ws, release.content.model),
        champion=None if champion is None else side(ws, champion),
        record=bool(release.content.configuration.get("record", True)),
        max_rows=ws.settings.max_rows,
        contracts=agreed,
        inputs=release.content.inputs,
        champion_inputs=live.inputs if live else (),
        features=plan,
        values=values_of(ws) if plan else None,
        not_online=lacking,
        golden=partial(golden, ws, release.endpoint, looked_at),
        looked_at=looked_at,
        tallies=partial(_tallies, ws, release.content.model.ref),
        checklist=standings(ws, release.endpoint, release.content.model.ref),
    )


def awaited_views(ws: Workspace, release: Release) -> list[str]:
    """Return why views of a release can't be read yet; empty when all can."""
    with ws.read() as tx:
        return _features(tx, ws, release)[1]


def _features(tx: Connection, ws: Workspace, release: Release) -> tuple[FeaturePlan | None, list[str]]:
    """Return the views that give what need not be sent, and why they can't be read now."""
    used = release.content.features
    if used is None:
        return None, []
    plan = load_plan(tx, ws.blobs, used)
    return plan, not_online(tx, plan, ws.clock.now())


def golden(ws: Workspace, endpoint: str, looked_at: list[ReleasePart], ref: str) -> pl.DataFrame:
    """Return the rows of a golden set, named as in the endpoint's project; it is noted in `looked_at`.

    That its rows may be used, was decided when the gate was declared.
    """
    ws = ws.with_(principal=ACTOR)
    with ws.read() as tx:
        version = datasets.resolve(tx, refs.within(refs.project_of(endpoint), ref.removeprefix("dataset/")))
    looked_at.append(ReleasePart(ref=version.ref, digest=version.digest))
    return frame_of(ws.blobs, version)


def _tallies(ws: Workspace, model: str) -> list[TallyRecord]:
    """Return the counts of groups that were sent of a version and of its present files, newest first."""
    ws = ws.with_(principal=ACTOR)
    with ws.read() as tx:
        known = digests_of(ws.blobs, registry.resolve(tx, model))
        return [
            tally_record
            for tally_record in tallies_of(tx, model)
            if (tally_record.tally.model, tally_record.tally.holdout) == known
        ]


def side(ws: Workspace, part: ReleasePart) -> TrialSide:
    """Return a model version as a side of a trial; it is judged whether who asks may see the model or not.

    Else a verdict would hang on who asked: the model may be of another project than the endpoint.
    """
    ws = ws.with_(principal=ACTOR)
    with ws.read() as tx:
        version = registry.resolve(tx, part.ref)
    return TrialSide(
        ref=part.ref,
        digest=version.digest,
        open=partial(load_model, ws, part.ref),
        metrics=version.metrics,
        signatures=partial(_signatures, ws, part.ref),
    )


def _signatures(ws: Workspace, model: str) -> list[SignatureStanding]:
    with ws.read() as tx:
        return signature_standings(tx, ws.blobs, model)
