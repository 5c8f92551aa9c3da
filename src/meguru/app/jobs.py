"""Which handler does which kind of job."""

from meguru.app.kinds import all_kinds
from meguru.base.plugins import Table

HANDLERS = Table("job handler", {job: place for kind in all_kinds() for job, place in kind.jobs.items()})
