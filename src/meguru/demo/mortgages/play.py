"""Play the chapters in a workspace whose clock is moved, so that it ends now."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.base.clock import FixedClock
from meguru.demo.mortgages.account import AccountChapter, MortgageAccount
from meguru.demo.mortgages.chapters import CHAPTERS, MONTH
from meguru.demo.mortgages.data import check_libraries
from meguru.demo.mortgages.stage import DemoStage
from meguru.errors import Conflict, NotFound
from meguru.kernel.server_record import find_server

MARK, SAYS = "demo.json", b'{"demo":"mortgages"}'
_AN_HOUR = timedelta(hours=1)
"""All that people do takes less."""


def play(folder: Path, until: str, tell: Callable[[AccountChapter], None]) -> MortgageAccount:
    """Play the story up to a chapter (empty: to its end) in a folder of its own.

    Raises
    ------
    Conflict
        If there is something else in the folder, or a server serves it.
    NotFound
        If no chapter is called so.
    """
    check_libraries()
    if until and until not in CHAPTERS:
        raise NotFound.of("chapter", until, CHAPTERS)
    load_operations()
    _prepare(folder)
    names = list(CHAPTERS)
    played = names[: names.index(until) + 1] if until else names
    began = time.monotonic()
    clock = FixedClock(datetime.now(UTC) - _AN_HOUR - (MONTH if "expiry" in played else timedelta()))
    with open_local(folder, clock=clock) as ws:
        stage = DemoStage(ws=ws, clock=clock, folder=folder, tell=tell)
        for name in played:
            CHAPTERS[name](stage)
    return MortgageAccount(
        workspace=str(folder),
        chapters=stage.chapters,
        facts=stage.facts,
        seconds=round(time.monotonic() - began, 1),
    )


def _prepare(folder: Path) -> None:
    mark = folder / MARK
    is_ours = mark.is_file() and mark.read_bytes() == SAYS
    if folder.exists() and not is_ours and (not folder.is_dir() or any(folder.iterdir())):
        hint = "choose another --workspace"
        raise Conflict(f"{folder} is there already, and no such demo made it", where=str(folder), hint=hint)
    if is_ours:
        if (server := find_server(folder)) is not None:
            raise Conflict(f"a server is running on {folder}", where=server.url, hint="stop it first")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    mark.write_bytes(SAYS)
