"""The worker: threads of one process that claim jobs and do them."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from meguru.base.ids import new_id
from meguru.base.library_errors import kind_and_reason
from meguru.base.outages import Outage
from meguru.base.plugins import PluginFamily
from meguru.errors import Busy, Interrupted, LostLease, MeguruError, cleaned
from meguru.kernel import events
from meguru.kernel.jobs import queue
from meguru.kernel.jobs.lease import Lease
from meguru.kernel.jobs.types import Job, JobHandler, JobState, Parked

if TYPE_CHECKING:
    from meguru.kernel.workspace import Workspace

log = logging.getLogger(__name__)
BACKOFF_SECONDS = 1.0
MIN_SHARED_THREADS = 3
IDLE_SECONDS = 5.0
"""How often it is looked for jobs when nothing notifies us, and none becomes due; what another process puts
back for later is told by no event."""
AGAIN_SECONDS, SOONEST_SECONDS = 1.0, 0.05
LANE_POLL_SECONDS = 0.2
"""How often a job that waits for a slot of its lane is tried, where nothing notifies us of a free one."""
MAX_PARKED_SECONDS = 3600.0
"""How long `run_to_end` waits for a parked job that comes back by itself."""


class Worker:
    """Does jobs until it is stopped.

    Parameters
    ----------
    ws
        Where the jobs are.
    handlers
        A `JobHandler` by kind of job.
    threads
        Jobs worked on at a time. Three or more never work on jobs of one lane all together, so that one
        pipeline's long runs leave a worker to the others.
    """

    def __init__(self, ws: Workspace, handlers: PluginFamily, *, threads: int = 2) -> None:
        self.ws, self.handlers = ws, handlers
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{new_id('w')[-8:]}"
        self.stopping = threading.Event()
        self._lanes: Counter[str] = Counter()
        self._claiming = threading.Lock()
        # One idle thread polls for all (no thundering herd): each job would else wake every one of them.
        self._turn = threading.Lock()
        self._is_quiet = False
        """Whether nothing notified us while we waited last; read and written by whose turn it is."""
        self._max_of_lane = threads - 1 if threads >= MIN_SHARED_THREADS else threads
        self._threads = [
            threading.Thread(target=self._loop, name=f"worker-{n}", daemon=True) for n in range(threads)
        ]

    def start(self) -> None:
        """Start claiming jobs."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Claim no more; ask running handlers to stop; wait for them, `timeout` seconds at most each."""
        self.stopping.set()
        self.ws.notify()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout)

    def run_job(self, job_id: str) -> bool:
        """Do the named job in this thread if it is due; False if another worker has it, or it is not due."""
        done = False
        while not self.stopping.is_set() and (job := self._claim(job_id)) is not None:
            self._do(job)
            done = True
        return done

    def run_to_end(self, job_id: str) -> bool:
        """Do the named job in this thread, waiting for its later attempts; False if another has it."""
        done = self.run_job(job_id)
        while not self.stopping.is_set() and (pause := self._pause(job_id)) is not None:
            self.stopping.wait(pause)
            done = self.run_job(job_id) or done
        return done

    def _pause(self, job_id: str) -> float | None:
        with self.ws.read() as tx:
            job = queue.find(tx, job_id)
        if job.state not in {JobState.QUEUED, JobState.PARKED}:
            return None
        pause = (job.not_before - self.ws.clock.now()).total_seconds()
        if job.state is JobState.PARKED and pause > MAX_PARKED_SECONDS:
            return None
        return max(LANE_POLL_SECONDS, pause)

    def _loop(self) -> None:
        outage = Outage(log)
        while not self.stopping.is_set():
            try:
                with self._turn:
                    job = self._next()
                outage.worked("the worker takes jobs")
                if job is not None:
                    self._do_counted(job)
            except Exception as error:  # noqa: BLE001 - told by the outage
                outage.failed(error, "the worker could not take a job, or end one")
                self.stopping.wait(BACKOFF_SECONDS)

    def _next(self) -> Job | None:
        """Claim a job, or wait for news; None if there was none."""
        # Counted before the claim, and before it is asked whether to stop: a notification that comes
        # meanwhile ends the wait below at once.
        seen = self.ws.watch.notification_count(queue.CHANNEL)
        if self.stopping.is_set():
            return None
        with self._full_lanes() as avoid:
            job = self._claim(avoid=avoid)
            if job is not None:
                self._lanes[job.lane] += 1
                return job
        events.wait_for_notification(self.ws, queue.CHANNEL, seen=seen, timeout=self._rest())
        self._is_quiet = self.ws.watch.notification_count(queue.CHANNEL) == seen
        return None

    def _rest(self) -> float:
        """Return the seconds to the next look for a job, if nothing notifies us before."""
        if not self._is_quiet:  # while much happens, it is not asked each time what is due later
            return AGAIN_SECONDS
        with self.ws.read() as tx:
            left = queue.rest(tx, now=self.ws.clock.now(), kinds=self.handlers.names())
        if left is None:
            return IDLE_SECONDS
        # What is due and not to be had waits for a place in its lane, of which a job's end does not tell
        # other processes.
        return AGAIN_SECONDS if left == 0 else min(IDLE_SECONDS, max(SOONEST_SECONDS, left))

    def _claim(self, job_id: str | None = None, avoid: Iterable[str] = ()) -> Job | None:
        kinds, now = self.handlers.names(), self.ws.clock.now()
        with self.ws.read() as tx:
            # Most claims find nothing; they must not queue for SQLite's one write lock.
            if not queue.is_due(tx, now=now, kinds=kinds, job_id=job_id, avoid=avoid):
                return None
        lease = timedelta(seconds=self.ws.settings.lease_seconds)
        with self.ws.db.write() as tx:
            # The write lock may have come late: a lease from when we asked for it would be over already.
            now = self.ws.clock.now()
            return queue.claim(
                tx,
                owner=self.owner,
                now=now,
                lease=lease,
                kinds=kinds,
                job_id=job_id,
                avoid=avoid,
            )

    def _do(self, job: Job) -> None:
        handler: JobHandler = self.handlers.load(job.kind)
        ws = self.ws.with_(cause=job.cause)
        lease = Lease(self.ws, job, self.ws.settings.lease_seconds, self.stopping)
        if job.attempt > job.max_attempts:
            self._give_up(handler, ws, lease, "the process that worked on it died each time")
            return
        try:
            with self._heartbeats(lease):
                handler.run(ws, job, lease)
        except LostLease:
            log.warning("job %s was taken over or cancelled", job.id)
            self.ws.notify()
            with self.ws.read() as tx:
                cancelled = queue.find(tx, job.id).state is JobState.CANCELLED
            if cancelled:
                handler.abandon(ws, job, "it was cancelled")
        except Parked:
            self.ws.notify()
        except Interrupted:
            # At once, and not when the lease runs out: another process goes on without a pause.
            with self.ws.db.write() as tx:
                queue.put_back(tx, job, self.ws.clock.now(), counts=False)
            self.ws.notify()
        except Exception as error:  # noqa: BLE001 - whatever a handler raises ends its attempt
            self._failed(handler, ws, lease, error)
        else:
            self._end(job, JobState.DONE)

    def _failed(self, handler: JobHandler, ws: Workspace, lease: Lease, error: Exception) -> None:
        job = lease.job
        # Whatever a library raised: its words may hold a URL with a password, or values of rows.
        ours = isinstance(error, MeguruError)
        text = cleaned(f"{type(error).__name__}: {error}" if ours else kind_and_reason(error))
        log.warning("job %s (%s) failed at attempt %d: %s", job.id, job.kind, job.attempt, text)
        # An error we can explain is an answer, not an accident: another attempt would get the same.
        explained = isinstance(error, MeguruError) and not isinstance(error, Busy)
        if job.attempt >= job.max_attempts or explained:
            self._give_up(handler, ws, lease, text)
            return
        log.debug("traceback", exc_info=error)
        later = self.ws.clock.now() + timedelta(seconds=BACKOFF_SECONDS * 2 ** (job.attempt - 1))
        with self.ws.db.write() as tx:
            queue.put_back(tx, job, later, counts=True, error=text)
        # Whoever waits for jobs may mean to sleep beyond that moment: while it ran, nothing was due before.
        self.ws.notify()

    def _give_up(self, handler: JobHandler, ws: Workspace, lease: Lease, why: str) -> None:
        job = lease.job
        # What the job was for ends first: if we die between the two, the job is claimed and given up again.
        with self.ws.db.write() as tx:
            if not queue.is_held(tx, job):
                return
        # With heartbeats: if it takes longer than a lease, nobody claims the job and runs it again meanwhile.
        with self._heartbeats(lease):
            handler.abandon(ws, job, why)
        self._end(job, JobState.FAILED, why)

    def _end(self, job: Job, state: JobState, error: str | None = None) -> None:
        with self.ws.db.write() as tx:
            queue.finish(tx, job, state, self.ws.clock.now(), error)
        self.ws.notify()

    @contextmanager
    def _full_lanes(self) -> Iterator[list[str]]:
        """Keep this process's threads from claiming at once; yield the lanes that have enough of them."""
        with self._claiming:
            yield [lane for lane, count in self._lanes.items() if count >= self._max_of_lane]

    def _do_counted(self, job: Job) -> None:
        try:
            self._do(job)
        finally:
            with self._claiming:
                self._lanes[job.lane] -= 1

    @contextmanager
    def _heartbeats(self, lease: Lease) -> Iterator[None]:
        over = threading.Event()

        def beat() -> None:
            outage = Outage(log)
            # Three heartbeats a lease: one may fail or come late, and the job is still ours.
            while not over.wait(self.ws.settings.lease_seconds / 3):
                try:
                    lease.heartbeat()
                except Exception as error:  # noqa: BLE001 - told by the outage
                    outage.failed(error, f"a heartbeat of job {lease.job.id} failed")
                else:
                    outage.worked(f"heartbeats of job {lease.job.id} are written")

        thread = threading.Thread(target=beat, name=f"lease-{lease.job.id[-6:]}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
