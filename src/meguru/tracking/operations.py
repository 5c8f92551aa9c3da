"""Every operation of tracking; importing this registers them."""

from meguru.tracking.alive import beat, sweep
from meguru.tracking.runs import add_artifact, create_experiment, finish, log, start
from meguru.tracking.show import artifacts, list_experiments, list_runs, metric, show

__all__ = [
    "add_artifact",
    "artifacts",
    "beat",
    "create_experiment",
    "finish",
    "list_experiments",
    "list_runs",
    "log",
    "metric",
    "show",
    "start",
    "sweep",
]
