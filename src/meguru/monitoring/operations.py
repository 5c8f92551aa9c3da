"""Every operation of monitoring; importing this registers them."""

from meguru.kernel.declarations import operations_of
from meguru.monitoring.create import create
from meguru.monitoring.drift_history import drift_history
from meguru.monitoring.kind import MONITOR
from meguru.monitoring.replay import replay
from meguru.monitoring.run import run
from meguru.monitoring.show import list_monitors, show, show_report

specs = operations_of(MONITOR)

__all__ = ["create", "drift_history", "list_monitors", "replay", "run", "show", "show_report", "specs"]
