"""Run pipelines in tests: no server, no set-up, a workspace of the test's own that goes away with it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import msgspec

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.base.clock import FixedClock
from meguru.base.plugins import PluginFamily
from meguru.base.settings import Settings
from meguru.kernel import jobs
from meguru.kernel.jobs import Worker
from meguru.kernel.workspace import Workspace
from meguru.pipelines.approvals.decide import decide
from meguru.pipelines.authoring import PipelineFunction
from meguru.pipelines.load import entry_of, register_file
from meguru.pipelines.register import register
from meguru.pipelines.show import show_run
from meguru.pipelines.start import start
from meguru.pipelines.types import PipelineRun, PipelineVersion
from meguru.testing.results import Modules, Result

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
Isolation = Literal["process", "thread"]


@contextmanager
def pipeline_test(
    folder: str | Path | None = None, *, isolation: Isolation = "process", at: datetime = START
) -> Iterator[PipelineTest]:
    """Give a workspace in which pipelines can be run and looked at.

    The environment's settings do not count. Each step is seeded from its inputs, so a test that passed once
    passes again.

    Parameters
    ----------
    folder
        Where the workspace is; default: a temporary one.
    isolation
        ``"process"``: as steps say, a fresh process if they say nothing. ``"thread"``: those that say nothing
        run in threads of one helper process, which is faster, and lets one step see what another left.
    at
        The moment at which the clock stands. It moves only where a retry waits, or by ``test.clock.move``.

    Examples
    --------
    >>> with pipeline_test() as test:  # doctest: +SKIP
    ...     result = test.run("train.py:train", rows=100)
    ...     assert result.output > 0.8
    """
    load_operations()
    with tempfile.TemporaryDirectory(prefix="meguru-", ignore_cleanup_errors=True) as temporary:
        clock = FixedClock(at)
        place = Path(folder) if folder is not None else Path(temporary)
        with open_local(place, settings=Settings(sqlite_synchronous="NORMAL"), clock=clock) as ws:
            yield PipelineTest(ws, clock, isolation)


class PipelineTest:
    """Runs pipelines in one workspace; what an earlier run of the test computed is in the cache.

    Attributes
    ----------
    ws
        The workspace, for every operation of Meguru.
    clock
        The workspace's clock; it stands still until it is moved.
    """

    def __init__(self, ws: Workspace, clock: FixedClock, isolation: Isolation) -> None:
        self.ws, self.clock, self._isolation = ws, clock, isolation
        self._modules = Modules()

    def run(self, pipeline: str | PipelineFunction[..., Any], /, **params: Any) -> Result:
        """Run a pipeline, ``FILE.py:NAME`` or the function, to its end; it may fail.

        Raises
        ------
        InvalidInput
            If the pipeline or a parameter is wrong, so that nothing could start.
        """
        version = self._register(entry_of(pipeline))
        return self._follow(start(self.ws, pipeline=version.ref, params=params), version)

    def approve(self, result: Result, step: str, *, note: str = "") -> Result:
        """Say yes to what a waiting step asks, and let the run go on."""
        return self._decide(result, step, approve=True, note=note)

    def refuse(self, result: Result, step: str, *, note: str = "") -> Result:
        """Say no to what a waiting step asks, and let the run go on."""
        return self._decide(result, step, approve=False, note=note)

    def go_on(self, result: Result) -> Result:
        """Let a waiting run go on: after the clock was moved beyond what it waits for."""
        return self._follow(result.run, result.version)

    def dataset(self, name: str, data: Any) -> str:
        """Register data as the next version of a dataset; return its reference.

        Parameters
        ----------
        name
            The dataset's name.
        data
            A path or several, a Polars or pandas frame, or a dict of columns.
        """
        from meguru.datasets.client import add_files
        from meguru.flavors.frames import as_frame

        if isinstance(data, str | Path | list | tuple):
            return add_files(self.ws, name, data).ref
        with tempfile.TemporaryDirectory(prefix="meguru-") as folder:
            file = Path(folder) / f"{name}.parquet"
            as_frame(data).write_parquet(file)
            return add_files(self.ws, name, file).ref

    def _decide(self, result: Result, step: str, *, approve: bool, note: str) -> Result:
        decide(self.ws, step=f"{result.run.id}.{step}", approve=approve, note=note)
        return self._follow(result.run, result.version)

    def _register(self, target: str) -> PipelineVersion:
        version = register_file(self.ws, target)
        if self._isolation == "process":
            return version
        graph = version.graph
        steps = [
            msgspec.structs.replace(step, isolation=self._isolation) if step.isolation == "process" else step
            for step in graph.steps
        ]
        given = msgspec.structs.asdict(version) | {"graph": msgspec.structs.replace(graph, steps=steps)}
        return register(self.ws, **{name: given[name] for name in register.arguments_type.__struct_fields__})

    def _follow(self, run: PipelineRun, version: PipelineVersion) -> Result:
        worker = Worker(self.ws, PluginFamily("job handler", {"pipeline_run": _HANDLER}), threads=0)
        while True:
            worker.run_job(run.job)
            result = Result(self.ws, show_run(self.ws, ref=run.id), version, self._modules)
            with self.ws.read() as tx:
                job = jobs.find(tx, run.job)
            if result.asking or job.state not in {jobs.JobState.QUEUED, jobs.JobState.PARKED}:
                return result
            self.clock.move(max(timedelta(), job.not_before - self.clock.now()))


_HANDLER = "meguru.pipelines.job:HANDLER"
