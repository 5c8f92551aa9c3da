"""Jobs: work that must happen once it was promised, whichever process does it.

A job is a row, enqueued in the transaction of the event that asks for it. A worker claims it with a
lease, keeps the lease by heartbeats, and is fenced by the attempt number: when it dies or stalls,
another worker claims the job again and whatever the first one still writes is refused.
"""

from meguru.kernel.jobs.lease import Lease
from meguru.kernel.jobs.queue import cancel, enqueue, find, hold, park, wake
from meguru.kernel.jobs.types import Job, JobHandler, JobState, Parked
from meguru.kernel.jobs.worker import Worker

__all__ = [
    "Job",
    "JobHandler",
    "JobState",
    "Lease",
    "Parked",
    "Worker",
    "cancel",
    "enqueue",
    "find",
    "hold",
    "park",
    "wake",
]
