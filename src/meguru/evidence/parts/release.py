"""What the release is made of, in the very bytes that its digest is of; and what each gate said."""

from __future__ import annotations

import msgspec

from meguru.evidence.parts.source import JSON, GatheredPart, PackSource, stated
from meguru.evidence.types import RELEASE, PackContent
from meguru.releases.digest import signed_bytes, signed_result

_FAIR = ("group_", "fairness")


def gather(source: PackSource) -> GatheredPart:
    """Return the release, its gates' verdicts, and those by group."""
    found = source.release
    about = [source.about_release]
    said = {
        "model": found.content.model,
        "endpoint": found.content.endpoint,
        "state": found.state,
        "content_digest": found.content_digest,
        "hashes": found.hashes,
        "identity": found.identity,
        "created_at": found.created_at,
        "created_by": found.created_by,
        "created_event": found.created_event,
        "checked_at": found.checked_at,
        "checked_event": found.checked_event,
        "live_at": found.live_at,
        "ended_at": found.ended_at,
        "note": found.note,
        "came_from": None if found.origin is None else msgspec.structs.replace(found.origin, history=[]),
    }
    data = signed_bytes(found.content, found.champion, found.results)
    gates = [stated("gate", about, signed_result(each)) for each in found.results]
    fair = [each for each in found.results if each.gate.startswith(_FAIR)]
    fairness = [stated("fairness", about, {"gates": [signed_result(each) for each in fair]})] if fair else []
    return GatheredPart(
        files=[PackContent(path=RELEASE, media_type=JSON, data=data)],
        statements=[stated("release", about, msgspec.to_builtins(said)), *gates, *fairness],
    )
