"""Whether a release is still what was checked."""

from __future__ import annotations

from sqlalchemy import Connection

from meguru.errors import Conflict
from meguru.releases.diff import changed
from meguru.releases.digest import content_digest, release_digest
from meguru.releases.gate_inputs import champion_of, present_part
from meguru.releases.types import Release, ReleaseContent


def check_unchanged(tx: Connection, found: Release, made_of: ReleaseContent) -> None:
    """Refuse a release under which something changed since its gates were asked.

    So also one that passed other gates than its endpoint has by now: their verdict is void.
    """
    stored = content_digest(found.content), release_digest(found.content, found.champion, found.results)
    if stored != (found.content_digest, found.digest):
        raise Conflict(f"{found.ref} is not what was checked", where=found.ref, why="its digest does not fit")
    champion = champion_of(tx, found.endpoint)
    differs = changed(found.content, made_of)
    why = f"it now differs in: {', '.join(differs)}" if differs else ""
    if found.content.policies != made_of.policies:
        why = f"it passed other gates than {found.content.endpoint} has now; {why}"
    if champion != found.champion:
        compared = found.champion.ref if found.champion else "nothing"
        why = f"it was compared with {compared}, and {champion.ref if champion else 'nothing'} is live now"
    if moved := _moved_inputs(tx, found):
        why = f"its gates looked at other rows: {', '.join(moved)}; {why}"
    if why:
        raise Conflict(
            "the world moved: check again", where=found.ref, why=why, hint=f"meguru release check {found.ref}"
        )


def _moved_inputs(tx: Connection, found: Release) -> list[str]:
    """Return what its gates looked at that is another by now, or gone."""
    inputs = {(part.ref, part.digest): part for result in found.results for part in result.inputs}
    moved = (part.ref for part in inputs.values() if present_part(tx, found.endpoint, part) != part)
    return list(dict.fromkeys(moved))
