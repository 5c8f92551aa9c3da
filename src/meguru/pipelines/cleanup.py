"""What dead processes leave: open logs and folders of runs that have ended, half-written blobs."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from meguru.base.ticker import Ticker
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace
from meguru.pipelines import runs
from meguru.pipelines.logs import store
from meguru.pipelines.logs.tail import end_orphaned_logs
from meguru.storage.blobs.local import LocalStore
from meguru.storage.blobs.objects import ObjectStore
from meguru.storage.blobs.sealed.store import SealedStore

_DRAFT_SECONDS = 3600.0
"""A blob that was begun so long ago is not being written any more: its writer died."""


class EndedRuns(Ticker):
    """Clears up after runs that have ended, every 15 s."""

    name = "clearing up after pipeline runs"
    pause = 15.0

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws.with_(principal=system("sweeper"))

    def tick(self) -> list[str]:
        """Look once."""
        return clean_up(self.ws)


def clean_up(ws: Workspace) -> list[str]:
    """Clear up after runs that have ended; return their ids.

    A run that a worker ends is cleared up by it. What is left is of runs that were cancelled when no worker
    had them, or that another machine ended.
    """
    folders = {folder.name: folder for folder in _folders(ws)}
    # Only what ended: of a run under way its own worker takes care.
    with ws.read() as tx:
        found = {log.run for log in store.unended(tx)} | folders.keys()
        ended = sorted(runs.ended(tx, found))
    if isinstance(ws.blobs, LocalStore | ObjectStore | SealedStore):
        ws.blobs.drop_drafts(time.time() - _DRAFT_SECONDS)
    for run in ended:
        end_orphaned_logs(ws, run)
        if run in folders:
            shutil.rmtree(folders[run], ignore_errors=True)
    return ended


def _folders(ws: Workspace) -> list[Path]:
    # Several workspaces may share the folder: what this one does not know is not its own.
    return [folder for folder in ws.cache_folder("steps").iterdir() if folder.is_dir()][:1000]
