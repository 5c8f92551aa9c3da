"""The operations of sweeps, in one place."""

from meguru.sweeps.show import best, list_sweeps, show, trials
from meguru.sweeps.start import start
from meguru.sweeps.stop import resume, stop

__all__ = ["best", "list_sweeps", "resume", "show", "start", "stop", "trials"]
