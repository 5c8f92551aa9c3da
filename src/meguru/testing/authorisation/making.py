"""Where a thing is made that people then ask for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from meguru.kernel.workspace import Workspace


class Making(msgspec.Struct, frozen=True, kw_only=True):
    """Where a thing is made: `mark` is its name, and that of all others of the project; `made` is there."""

    ws: Workspace
    mark: str
    folder: Path
    made: Mapping[str, str]
