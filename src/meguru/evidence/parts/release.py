"""What the release is made of, in the very bytes that its digest is of; and what each gate said."""

from __future__ import annotations

import msgspec

from meguru.evidence.parts.source import JSON, GatheredPart, PackSource, stated
from meguru.evidence.types import RELEASE, PackContent
from meguru.releases.digest import signed_bytes, signed_result

_FAIR = ("group_", "fairness")


def gather(source: PackSource) -> GatheredPart:
    """Return the release, its gates' verdicts, and those by group."""
    release = source.release
    about = [source.about_release]
    said = {
        "model": release.content.model,
        "endpoint": release.content.endpoint,
        "state": release.state,
        "content_digest": release.content_digest,
        "hashes": release.hashes,
        "identity": release.identity,
        "created_at": release.created_at,
        "created_by": release.created_by,
        "created_event": release.created_event,
        "checked_at": release.checked_at,
        "checked_event": release.checked_event,
        "live_at": release.live_at,
        "ended_at": release.ended_at,
        "note": release.note,
        "came_from": None if release.origin is None else msgspec.structs.replace(release.origin, history=[]),
    }
    data = signed_bytes(release.content, release.champion, release.results)
    gates = [stated("gate", about, signed_result(result)) for result in release.results]
    fair = [result for result in release.results if result.gate.startswith(_FAIR)]
    fairness = (
        [stated("fairness", about, {"gates": [signed_result(result) for result in fair]})] if fair else []
    )
    return GatheredPart(
        files=[PackContent(path=RELEASE, media_type=JSON, data=data)],
        statements=[stated("release", about, msgspec.to_builtins(said)), *gates, *fairness],
    )
