"""``[pipeline.NAME]`` of a project file: traced for a plan, registered by an apply."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from meguru.errors import Conflict, InvalidInput, MeguruError
from meguru.kernel.remote import RemoteWorkspace
from meguru.kernel.workspace import Workspace
from meguru.pipelines import parameters
from meguru.pipelines.deployments.spec import short
from meguru.pipelines.kind import PipelineSection
from meguru.pipelines.load import TracedPipeline, register_traced, traced
from meguru.storage.blobs.digest_only import DigestOnlyBlobs

_found: dict[tuple[str, str], str] = {}
"""By name and digest of what was traced: where its code is, to be carried when it is applied."""


def prepare(root: Path, name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the spec that ``[pipeline.NAME]`` means, with the digest of its code; nothing is written.

    The entry file is imported and traced, as `meguru run` does.

    Raises
    ------
    InvalidInput
        If there is no such file in the project's folder, it can't be traced, or has no such parameter.
    """
    section = msgspec.convert(fields, PipelineSection)
    if section.digest:
        return fields
    target = _target(root.resolve(), section.entry)
    try:
        pipeline = traced(DigestOnlyBlobs(), target)
    except MeguruError as error:
        where = f" ({error.where})" if error.where else ""
        why = error.why + where
        raise InvalidInput(error.what, why=why, hint=error.hint, field="entry") from error
    _check_params(pipeline, section.params)
    _found[name.rpartition("/")[2], pipeline.digest] = target
    return fields | {"entry": pipeline.entry, "digest": pipeline.digest, "steps": short(pipeline.codes)}


def carry(ws: Workspace | RemoteWorkspace, root: Path, name: str, fields: dict[str, Any]) -> None:
    """Register the code of a spec that `prepare` made; the same again makes no version.

    Raises
    ------
    Conflict
        If it is not the code that was planned any more.
    """
    del root
    bare = name.rpartition("/")[2]
    target = _found.get((bare, fields["digest"]), "")
    if not target:  # a digest alone: who declares it says that it is there
        return
    pipeline = traced(ws.blobs, target)
    if pipeline.digest != fields["digest"]:
        raise Conflict(f"the code of pipeline/{name} changed meanwhile", where=target, hint="plan again")
    register_traced(ws, pipeline, name=name)


def _target(root: Path, entry: str) -> str:
    file, colon, function = entry.partition(":")
    path = root / file
    outside = "\0" in entry or Path(file).is_absolute() or ".." in Path(file).parts
    if outside or not file.strip() or not path.resolve().is_relative_to(root):
        why = "it must be relative to the folder of meguru.toml, without '..'"
        raise InvalidInput(f"{entry[:200]!r} is not within the project's folder", why=why, field="entry")
    if not file.endswith(".py") or not path.is_file():
        hint = 'entry = "train.py:train"'
        raise InvalidInput(f"there is no file {file[:200]!r}", why=f"in {root}", hint=hint, field="entry")
    return f"{path}{colon}{function}"


def _check_params(found: TracedPipeline, given: dict[str, Any]) -> None:
    known = {parameter.name: parameter for parameter in found.graph.parameters}
    for name, value in given.items():
        if name not in known:
            hint = f"it has {', '.join(known)}" if known else "it has none"
            what = f"pipeline {found.graph.name} has no parameter {name!r}"
            raise InvalidInput(what, hint=hint, field=f"params.{name}")
        try:
            parameters.convert_one(known[name], value, found.graph.name)
        except InvalidInput as error:
            raise InvalidInput(error.what, why=error.why, hint=error.hint, field=f"params.{name}") from error
