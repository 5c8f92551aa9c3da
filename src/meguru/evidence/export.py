"""Put everything that is known about a release into one signed file."""

from __future__ import annotations

from datetime import datetime

from meguru.artifacts.sight import sight_of
from meguru.errors import NotFound
from meguru.evidence.pack.write import write_pack
from meguru.evidence.parts import (
    PackSource,
    cards,
    decisions,
    environment,
    events,
    exceptions,
    lineage,
    logs,
    model,
    monitoring,
    release,
    signatures,
)
from meguru.evidence.parts import log as log_proofs
from meguru.evidence.parts.source import GatheredPart, json_file, lines_file
from meguru.evidence.sbom import gather as bill_of_materials
from meguru.evidence.types import ATTESTATIONS, KEYS, EvidencePack, LogHead
from meguru.governance.signing_keys import store as keys
from meguru.governance.signing_keys.server import ensure_server_key
from meguru.kernel import events as log
from meguru.kernel.operations import Context, operation
from meguru.pipelines import runs
from meguru.pipelines import store as pipelines
from meguru.pipelines.types import PipelineRun
from meguru.registry import store as models
from meguru.releases import store
from meguru.signing.keys import SigningKey

_GATHERERS = (
    release.gather,
    model.gather,
    environment.gather,
    bill_of_materials,
    lineage.gather,
    monitoring.gather,
    logs.gather,
    decisions.gather,
    exceptions.gather,
    signatures.gather,
    cards.gather,
)


@operation(
    "evidence.export", permission="evidence:read", query=True, on="release", refers={"release": "release"}
)
def export(ctx: Context, *, release: str) -> EvidencePack:
    """Return the evidence of a release as one file: what `meguru evidence verify` checks anywhere.

    It is signed by the server. The same release at the same moment of the log gives the same bytes.

    Raises
    ------
    NotFound
        If there is no such release, or somebody may not see what it is made of.
    TooLarge
        If there is more than fits into a file that anybody would read.
    """
    key = ensure_server_key(ctx.ws)  # before the transaction: the first one is made in one of its own
    last = log.read(ctx.tx, newest_first=True, limit=1)[0]
    head, source = (
        LogHead(seq=last.seq, hash=last.hash, at=last.at.isoformat()),
        _source(ctx, release, last.at),
    )
    # All in one read transaction: what is stated, and the head of the log, are of one moment.
    found = [each(source) for each in _GATHERERS]
    told = events.slice_of(
        source, [*_subjects(source), *(f"signing_key/{each}" for each in _key_ids(found, key))]
    )
    found += [events.gather(source, told), log_proofs.gather(source, told, head, key)]
    found.append(_signed(ctx, found, key))
    data = write_pack(
        [file for each in found for file in each.files],
        key,
        release=source.about_release,
        model=source.about_model,
        head=head,
    )
    name = source.release.ref.removeprefix("release/").replace("/", "-").replace("@", "-")
    return EvidencePack(
        release=source.release.ref,
        digest=source.release.digest,
        name=f"{name}.evidence.zip",
        data=data,
        key=key.public.id,
    )


def _subjects(source: PackSource) -> list[str]:
    documents = [document.ref for document in source.release.content.documents]
    return [*documents, *(result.waiver for result in source.release.results if result.waiver)]


def _source(ctx: Context, ref: str, at: datetime) -> PackSource:
    found = store.get(ctx.tx, ref)
    content = found.content
    ctx.check_readable("model", content.model.ref)
    for part in [*content.datasets, *([content.pipeline] if content.pipeline else [])]:
        ctx.check_readable(part.ref.partition("/")[0], part.ref)
    return PackSource(
        ctx=ctx,
        release=found,
        model=models.resolve(ctx.tx, content.model.ref),
        pipeline=pipelines.resolve(ctx.tx, content.pipeline.ref) if content.pipeline else None,
        run=_run(ctx, content.run),
        sight=sight_of(ctx),
        at=at,
        first_hash=log.read(ctx.tx, limit=1)[0].hash,
    )


def _run(ctx: Context, ref: str) -> PipelineRun | None:
    if not ref.startswith("pipeline_run/"):
        return None
    try:
        return runs.get(ctx.tx, ref.removeprefix("pipeline_run/"))
    except NotFound:  # it was sent here from another environment, or is long gone
        return None


def _key_ids(found: list[GatheredPart], key: SigningKey) -> list[str]:
    return sorted({key.public.id, *(each for part in found for each in part.keys)})


def _signed(ctx: Context, found: list[GatheredPart], key: SigningKey) -> GatheredPart:
    """Return what is stated, a signed line each, and the public halves of the keys."""
    lines = [statement.signed(key) for part in found for statement in part.statements]
    lines += [envelope for part in found for envelope in part.signed]
    key_records = [record for each in _key_ids(found, key) if (record := keys.find(ctx.tx, each))]
    return GatheredPart(files=[lines_file(ATTESTATIONS, lines), json_file(KEYS, key_records)])
