"""``[entity.…]`` and ``[feature_view.…]`` of a project file: code is traced for a plan, kept by an apply."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from meguru.errors import Conflict, InvalidInput
from meguru.features import code, derived
from meguru.features.kind import EntitySection, FeatureViewSection
from meguru.features.register import keep_code
from meguru.kernel.remote import RemoteWorkspace
from meguru.kernel.workspace import Workspace
from meguru.storage.blobs.digest_only import DigestOnlyBlobs

_found: dict[tuple[str, str], str] = {}
"""By view and digest of what was traced: where its code is, to be carried when it is applied."""


def prepare_entity(root: Path, name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the spec that ``[entity.NAME]`` means: one column is a key of one."""
    del root, name
    section = msgspec.convert(fields, EntitySection)
    return fields | {"key": _listed(section.key)}


def prepare_view(root: Path, name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the spec that ``[feature_view.NAME]`` means, with the digest of its code; nothing is written.

    Raises
    ------
    InvalidInput
        If there is no such function in the project's folder, or one thing is said twice.
    """
    bare = name.rpartition("/")[2]
    section = msgspec.convert(fields, FeatureViewSection)
    spec = {key: value for key, value in fields.items() if key not in {"entity", "source"}}
    spec["entities"] = _one_of(section, "entity", "entities")
    spec["sources"] = _sources(section, bare)
    if section.transform and not section.code:
        feature_code = code.traced(DigestOnlyBlobs(), root.resolve(), section.transform)
        _found[bare, feature_code.digest] = section.transform
        spec |= {"transform": feature_code.function, "code": feature_code.digest}
    return spec


def carry_view(ws: Workspace | RemoteWorkspace, root: Path, name: str, fields: dict[str, Any]) -> None:
    """Keep the code of a spec that `prepare_view` made; the same again changes nothing.

    Raises
    ------
    Conflict
        If it is not the code that was planned any more.
    """
    entry = _found.get((name.rpartition("/")[2], fields.get("code", "")), "")
    if not entry:  # a digest alone: who declares it says that it is there
        return
    feature_code = code.traced(ws.blobs, root.resolve(), entry)
    if feature_code.digest != fields["code"]:
        raise Conflict(f"the code of feature_view/{name} changed meanwhile", where=entry, hint="plan again")
    keep_code(
        ws,
        name=name,
        code=msgspec.structs.replace(feature_code, features=derived.on_sample(ws, feature_code, fields)),
    )


def _one_of(section: FeatureViewSection, one: str, many: str) -> list[str]:
    short, long = _listed(getattr(section, one)), list(getattr(section, many))
    if short and long:
        raise InvalidInput(f"{one} or {many}, not both", field=one)
    return short or long


def _sources(section: FeatureViewSection, name: str) -> dict[str, str]:
    if section.source and section.sources:
        raise InvalidInput("source or sources, not both", field="source")
    if section.source:
        return {section.source.rpartition("/")[2].partition("@")[0]: section.source}
    if section.push and not section.sources:
        return {name: name}
    return dict(section.sources)


def _listed(said: str | list[str]) -> list[str]:
    return ([said] if said else []) if isinstance(said, str) else list(said)
