"""See a backfill through: in an embedded workspace this process does the runs, at a server it watches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from meguru.backfills import store
from meguru.backfills.advance import advance, has_work
from meguru.backfills.show import show
from meguru.backfills.types import FINAL, Backfill, BackfillState
from meguru.kernel import events
from meguru.kernel.remote import RemoteWorkspace
from meguru.kernel.workspace import Workspace
from meguru.pipelines.runner import work_on

BackfillProgress = Callable[[Backfill], None]
POLL_SECONDS = 0.5


def see_through(
    ws: Workspace | RemoteWorkspace, backfill: str, progress: BackfillProgress | None = None
) -> Backfill:
    """Return when a backfill has ended, or is paused and nothing of it runs; `progress` hears of each change.

    Interrupted by Ctrl-C, what runs in this process is put back, and the backfill waits for whoever goes on
    with it.
    """
    if isinstance(ws, Workspace):
        return _work(ws, backfill, progress or (lambda _: None))
    seen = None
    while True:
        found = show(ws, backfill=backfill)
        if progress and found != seen:
            progress(found)
        if _rests(found):
            return found
        seen = found
        time.sleep(POLL_SECONDS)


def _work(ws: Workspace, backfill: str, progress: BackfillProgress) -> Backfill:
    stopping = threading.Event()
    found = show(ws, backfill=backfill)
    busy: dict[str, Future[bool]] = {}
    with ThreadPoolExecutor(found.parallel, thread_name_prefix="backfill") as pool:
        try:
            while True:
                with ws.read() as tx:
                    seen = events.head(tx)
                    due = has_work(tx, found.id)
                if due:
                    advance(ws, backfill=found.id)
                found = show(ws, backfill=backfill)
                progress(found)
                if _rests(found):
                    return found
                with ws.read() as tx:
                    jobs = store.open_jobs(tx, found.id)
                for job in jobs:
                    # Where another process has the job, or had it and died, ours asks again the next time.
                    if job in busy and busy[job].done():
                        busy.pop(job).result()
                    if job not in busy:
                        busy[job] = pool.submit(work_on, ws, job, stopping=stopping)
                events.wait(ws, after=seen, timeout=POLL_SECONDS)
        finally:
            # Else the pool would wait for its threads, which wait for runs that may take hours.
            stopping.set()


def _rests(found: Backfill) -> bool:
    paused = found.state is BackfillState.PAUSED and found.counts.running == 0
    return found.state in FINAL or paused
