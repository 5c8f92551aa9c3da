"""What was let through though a gate refused it, and what people answer for: waivers and checklists."""

from __future__ import annotations

import msgspec

from meguru.base import refs
from meguru.evidence.parts.source import GatheredPart, PackSource, stated
from meguru.governance.checklists import store as checklists
from meguru.governance.checklists.standing import standing_of
from meguru.governance.waivers import store as waivers


def gather(source: PackSource) -> GatheredPart:
    """Return a statement for each waiver that it passed by, and for each checklist under its digest."""
    about, tx = [source.about_release], source.ctx.tx
    statements = [
        stated("waiver", about, msgspec.to_builtins(waivers.get(tx, ref)) | {"ref": ref})
        for ref in dict.fromkeys(result.waiver for result in source.release.results if result.waiver)
    ]
    for part in source.release.content.documents:
        name = refs.parse(part.ref).name if part.ref.startswith("checklist/") else ""
        spec = checklists.find(tx, name) if name else None
        if spec is not None:
            endpoint, model = source.release.endpoint, source.model.ref
            standing = standing_of(tx, name, spec, model, source.at, endpoint=endpoint)
            said = msgspec.to_builtins(standing) | {"digest": part.digest, "complete": standing.complete}
            statements.append(stated("checklist", about, said))
    return GatheredPart(statements=statements)
