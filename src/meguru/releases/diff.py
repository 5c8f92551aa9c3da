"""Say in what two releases differ."""

from collections.abc import Mapping
from typing import Any

import msgspec

from meguru.base import refs
from meguru.releases.types import Release, ReleaseContent, ReleaseDiff, ReleaseDifference, ReleasePart


def compare(before: Release, after: Release) -> ReleaseDiff:
    """Return the parts in which two releases differ, in the order of a release's content."""
    old, new = _parts(before.content), _parts(after.content)
    old |= {f"gate {result.gate}": result.verdict.value for result in before.results}
    new |= {f"gate {result.gate}": result.verdict.value for result in after.results}
    changes = [
        ReleaseDifference(part=part, before=old.get(part, ""), after=new.get(part, ""))
        for part in dict.fromkeys([*old, *new])
        if old.get(part, "") != new.get(part, "")
    ]
    return ReleaseDiff(before=before.ref, after=after.ref, changes=changes)


def changed(before: ReleaseContent, after: ReleaseContent) -> list[str]:
    """Return the names of the parts in which two contents differ."""
    old, new = _parts(before), _parts(after)
    return [part for part in dict.fromkeys([*old, *new]) if old.get(part, "") != new.get(part, "")]


def _parts(content: ReleaseContent) -> dict[str, str]:
    found = {"app": content.app, "pipeline": _shown(content.pipeline), "run": content.run}
    found |= {f"dataset {refs.parse(part.ref).name}": _shown(part) for part in content.datasets}
    found |= {"model": _shown(content.model), "endpoint": content.endpoint}
    found |= {f"endpoint.{name}": _plain(value) for name, value in content.configuration.items()}
    found |= {f"contract {refs.parse(part.ref).version}": _shown(part) for part in content.contracts}
    for each in content.inputs:
        name = f"input {each.column}" + (f" of contract {each.contract}" if each.contract else "")
        found[name] = each.source
    if content.features:
        for ref, digest in content.features.views.items():
            found[f"feature view {refs.parse(ref).name}"] = _shown(ReleasePart(ref=ref, digest=digest))
    found |= {f"document {part.ref}": _shown(part) for part in content.documents}
    return found | _policies(content.policies)


def _policies(policies: list[dict[str, Any]]) -> dict[str, str]:
    return {f"policy {index + 1}": _plain(policy) for index, policy in enumerate(policies)}


def _shown(part: ReleasePart | None) -> str:
    return "" if part is None else f"{part.ref} ({part.digest[:12]})"


def _plain(value: Mapping[str, Any] | Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value, order="sorted").decode()
