"""The operations of pipelines, in one place."""

from meguru.pipelines.cancel import cancel
from meguru.pipelines.explain import explain
from meguru.pipelines.pools.operations import list_pools, remove_pool, set_pool
from meguru.pipelines.register import register
from meguru.pipelines.show import list_pipelines, list_runs, show_log, show_pipeline, show_run
from meguru.pipelines.start import start

__all__ = [
    "cancel",
    "explain",
    "list_pipelines",
    "list_pools",
    "list_runs",
    "register",
    "remove_pool",
    "set_pool",
    "show_log",
    "show_pipeline",
    "show_run",
    "start",
]
