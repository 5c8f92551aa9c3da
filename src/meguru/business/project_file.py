"""``[business_metric.…]`` of a project file: code is traced for a plan, and kept by an apply."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from meguru.errors import Conflict
from meguru.features.code import traced
from meguru.kernel.remote import RemoteWorkspace
from meguru.kernel.workspace import Workspace
from meguru.storage.blobs.digest_only import DigestOnlyBlobs

_found: dict[tuple[str, str], str] = {}
"""By metric and snapshot: where the code is, to be carried when it is applied."""


def prepare(root: Path, name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the spec that ``[business_metric.NAME]`` means, with its code's digest; nothing is written.

    Raises
    ------
    InvalidInput
        If there is no such function in the project's folder.
    """
    entry = fields.get("python")
    if not isinstance(entry, str) or not entry or fields.get("code"):
        return fields
    code = traced(DigestOnlyBlobs(), root.resolve(), entry, field="python")
    _found[name.rpartition("/")[2], code.snapshot] = entry
    return fields | {"python": code.function, "code": code.snapshot}


def carry(ws: Workspace | RemoteWorkspace, root: Path, name: str, fields: dict[str, Any]) -> None:
    """Keep the code of a spec that `prepare` made; the same again changes nothing.

    Raises
    ------
    Conflict
        If it is not the code that was planned any more.
    """
    entry = _found.get((name.rpartition("/")[2], fields.get("code", "")), "")
    if not entry:  # a digest alone: who declares it says that it is there
        return
    # Traced again: between plan and apply the file may have been edited.
    code = traced(ws.blobs, root.resolve(), entry, field="python")
    if code.snapshot != fields["code"]:
        what = f"the code of business_metric/{name} changed meanwhile"
        raise Conflict(what, where=entry, hint="plan again")
