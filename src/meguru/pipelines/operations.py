"""The operations of pipelines, in one place."""

from meguru.kernel.declarations import SpecOperations, operations_of
from meguru.pipelines import blobs
from meguru.pipelines.approvals.decide import decide, list_approvals
from meguru.pipelines.cancel import cancel
from meguru.pipelines.components.catalogue import list_components, show_component
from meguru.pipelines.components.impact import impact
from meguru.pipelines.deployments.deploy import deploy, rollback
from meguru.pipelines.deployments.show import pipeline_deployments
from meguru.pipelines.determinism.check import check, check_result
from meguru.pipelines.explain import explain, explain_run
from meguru.pipelines.kind import PIPELINE
from meguru.pipelines.logs.read import read_log
from meguru.pipelines.logs.search import search_logs
from meguru.pipelines.pause import pause, resume
from meguru.pipelines.pools.operations import list_pools, remove_pool, set_pool
from meguru.pipelines.register import register
from meguru.pipelines.retry import retry
from meguru.pipelines.show import list_pipelines, list_runs, pipeline_versions, show_pipeline, show_run
from meguru.pipelines.start import start

specs: SpecOperations = operations_of(PIPELINE, verb="deploy")

__all__ = [
    "blobs",
    "cancel",
    "check",
    "check_result",
    "decide",
    "deploy",
    "explain",
    "explain_run",
    "impact",
    "list_approvals",
    "list_components",
    "list_pipelines",
    "list_pools",
    "list_runs",
    "pause",
    "pipeline_deployments",
    "pipeline_versions",
    "read_log",
    "register",
    "remove_pool",
    "resume",
    "retry",
    "rollback",
    "search_logs",
    "set_pool",
    "show_component",
    "show_pipeline",
    "show_run",
    "specs",
    "start",
]
