"""Which handler does which kind of job."""

from meguru.app.kinds import all_kinds
from meguru.base.plugins import PluginFamily

HANDLERS = PluginFamily(
    "job handler",
    {job: place for kind in all_kinds() if not kind.job_threads for job, place in kind.jobs.items()},
)
"""Those that share a server's workers."""
APART = [
    (PluginFamily(f"{kind.name} job handler", kind.jobs), kind.job_threads)
    for kind in all_kinds()
    if kind.job_threads
]
"""Those of the kinds whose jobs have threads of their own, with how many."""
