"""The operations of pipelines, in one place."""

from meguru.pipelines.cancel import cancel
from meguru.pipelines.explain import explain
from meguru.pipelines.register import register
from meguru.pipelines.show import list_pipelines, list_runs, show_log, show_pipeline, show_run
from meguru.pipelines.start import start

__all__ = [
    "cancel",
    "explain",
    "list_pipelines",
    "list_runs",
    "register",
    "show_log",
    "show_pipeline",
    "show_run",
    "start",
]
