"""The digests of a release: of its content, of its parts, and of the whole with the verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from meguru.base import digests, refs
from meguru.releases.types import GateResult, Hashes, ReleaseContent, ReleasePart


def content_digest(content: ReleaseContent) -> str:
    """Return the digest of what a release is made of."""
    return digests.of_value(content)


def release_digest(
    content: ReleaseContent, champion: ReleasePart | None, results: Sequence[GateResult]
) -> str:
    """Return the digest of a release with its verdicts: void as soon as anything under it changes."""
    return digests.of_bytes(signed_bytes(content, champion, results))


def signed_bytes(
    content: ReleaseContent, champion: ReleasePart | None, results: Sequence[GateResult]
) -> bytes:
    """Return the bytes that a release's digest is of: what people agree to, word for word."""
    said = [signed_result(result) for result in results]
    return digests.canonical({"content": content, "champion": champion, "results": said})


def signed_result(result: GateResult) -> dict[str, Any]:
    """Return what of a gate's result a release's digest is of."""
    plain: dict[str, Any] = msgspec.to_builtins(result)
    for later in ("inputs", "waiver", "refusal"):  # releases were judged before there were these
        if not plain[later]:
            del plain[later]
    return plain


def _endpoint(content: ReleaseContent) -> dict[str, Any]:
    known: dict[str, Any] = {"endpoint": content.endpoint, "configuration": content.configuration}
    said = {"contracts": content.contracts, "inputs": content.inputs, "features": content.features}
    return known | {name: value for name, value in said.items() if value}


def hashes(content: ReleaseContent, results: Sequence[GateResult]) -> Hashes:
    """Return the hash of each part; empty where a part is not known."""
    return Hashes(
        app=content.app,
        pipeline=content.pipeline.digest if content.pipeline else "",
        data=digests.of_value(content.datasets) if content.datasets else "",
        model=content.model.digest,
        endpoint=digests.of_value(_endpoint(content)),
        policies=digests.of_value(content.policies),
        gates=digests.of_value([signed_result(result) for result in results]) if results else "",
    )


def identity(content: ReleaseContent) -> str:
    """Return the digest of what a release carries, equal in every environment.

    The numbers of versions, and how the endpoint is declared, are each environment's own.
    """
    return digests.of_value(
        {
            "app": content.app,
            "endpoint": refs.bare(refs.parse(content.endpoint).name),
            "inputs": content.inputs,
            "model": [refs.parse(content.model.ref).name, content.model.digest],
            "pipeline": content.pipeline.digest if content.pipeline else "",
            "datasets": sorted(
                [refs.parse(dataset.ref).name, dataset.digest] for dataset in content.datasets
            ),
        }
    )
