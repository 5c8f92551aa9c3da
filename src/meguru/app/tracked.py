"""`meguru.run`: a tracked run in the workspace that the environment names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meguru.app.open import open_workspace
from meguru.tracking.sdk import ActiveRun


def run(
    name: str = "",
    *,
    experiment: str = "default",
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    used: list[str] | None = None,
    workspace: str | Path | None = None,
) -> ActiveRun:
    """Track a run; needs no server.

    The workspace is `workspace`, else ``MEGURU_WORKSPACE``, else ``./.meguru``. See `ActiveRun` for what the
    block can do with it.

    Examples
    --------
    >>> with run("train", params={"rate": 0.1}) as r:  # doctest: +SKIP
    ...     r.log(auc=0.84, step=3)
    """
    return ActiveRun(
        lambda: open_workspace(workspace), name, experiment=experiment, params=params, tags=tags, used=used
    )
