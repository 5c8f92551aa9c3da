"""Every operation of tracking; importing this registers them."""

from meguru.tracking import blobs
from meguru.tracking.compare import compare
from meguru.tracking.edit import delete_run, note, rename, restore, tag
from meguru.tracking.experiments import change as experiment_changes
from meguru.tracking.experiments.change import create_experiment
from meguru.tracking.experiments.purge import purge
from meguru.tracking.find import search
from meguru.tracking.heartbeat import beat, sweep
from meguru.tracking.runs import add_artifact, finish, log, start
from meguru.tracking.show import (
    artifacts,
    chart,
    charts,
    count_points,
    list_experiments,
    list_runs,
    metric,
    show,
    show_experiment,
)

__all__ = [
    "add_artifact",
    "artifacts",
    "beat",
    "blobs",
    "chart",
    "charts",
    "compare",
    "count_points",
    "create_experiment",
    "delete_run",
    "experiment_changes",
    "finish",
    "list_experiments",
    "list_runs",
    "log",
    "metric",
    "note",
    "purge",
    "rename",
    "restore",
    "search",
    "show",
    "show_experiment",
    "start",
    "sweep",
    "tag",
]
