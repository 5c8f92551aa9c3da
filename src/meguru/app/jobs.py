"""Which handler does which kind of job."""

from meguru.base.plugins import Table

HANDLERS = Table(
    "job handler",
    {
        "pipeline_run": "meguru.pipelines.job:HANDLER",
        "release": "meguru.releases.job:HANDLER",
        "step_check": "meguru.pipelines.determinism.job:HANDLER",
        "sweep": "meguru.sweeps.job:HANDLER",
    },
)
