"""Say in what two releases differ."""

from collections.abc import Mapping
from typing import Any

import msgspec

from meguru.base import refs
from meguru.releases.types import Release, ReleaseContent, ReleaseDiff, ReleaseDifference, ReleasePart


def compare(before: Release, after: Release) -> ReleaseDiff:
    """Return the parts in which two releases differ, in the order of a release's content."""
    old, new = parts_of(before.content), parts_of(after.content)
    old |= {f"gate {result.gate}": result.verdict.value for result in before.results}
    new |= {f"gate {result.gate}": result.verdict.value for result in after.results}
    return ReleaseDiff(before=before.ref, after=after.ref, changes=differences(old, new))


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> list[ReleaseDifference]:
    """Return the parts in which two lists of parts differ, in their order."""
    return [
        ReleaseDifference(part=part, before=old.get(part, ""), after=new.get(part, ""))
        for part in dict.fromkeys([*old, *new])
        if old.get(part, "") != new.get(part, "")
    ]


def changed(before: ReleaseContent, after: ReleaseContent) -> list[str]:
    """Return the names of the parts in which two contents differ."""
    return [difference.part for difference in differences(parts_of(before), parts_of(after))]


def parts_of(content: ReleaseContent) -> dict[str, str]:
    """Return what a release is made of, part by part, each as people read it."""
    found = {"app": content.app, "pipeline": _shown(content.pipeline), "run": content.run}
    found |= {f"dataset {refs.parse(part.ref).name}": _shown(part) for part in content.datasets}
    found |= {"model": _shown(content.model), "endpoint": content.endpoint}
    found |= {f"endpoint.{name}": plain_text(value) for name, value in content.configuration.items()}
    found |= {f"contract {refs.parse(part.ref).version}": _shown(part) for part in content.contracts}
    for model_input in content.inputs:
        name = f"input {model_input.column}" + (
            f" of contract {model_input.contract}" if model_input.contract else ""
        )
        found[name] = model_input.source
    if content.features:
        for ref, digest in content.features.views.items():
            found[f"feature view {refs.parse(ref).name}"] = _shown(ReleasePart(ref=ref, digest=digest))
    found |= {f"document {part.ref}": _shown(part) for part in content.documents}
    return found | _policies(content.policies)


def _policies(policies: list[dict[str, Any]]) -> dict[str, str]:
    return {f"policy {index + 1}": plain_text(policy) for index, policy in enumerate(policies)}


def _shown(part: ReleasePart | None) -> str:
    return "" if part is None else f"{part.ref} ({part.digest[:12]})"


def plain_text(value: Mapping[str, Any] | Any) -> str:
    """Return a value as text: one that is none as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value, order="sorted").decode()
