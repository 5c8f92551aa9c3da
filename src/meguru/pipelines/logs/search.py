"""Search what the steps of a run, or of a pipeline's recent runs, printed."""

from __future__ import annotations

from meguru.base.names import normal
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context, operation
from meguru.pipelines import runs
from meguru.pipelines.logs import store
from meguru.pipelines.logs.encoding import read
from meguru.pipelines.logs.read import MAX_TEXT_BYTES, matcher, text_of
from meguru.pipelines.logs.types import LogHits, LogLine

MAX_RUNS = 200


@operation("step_log.search", permission="pipeline:read", query=True, refers={"pipeline": "pipeline"})
def search_logs(
    ctx: Context,
    *,
    text: str,
    run: str = "",
    pipeline: str = "",
    step: str = "",
    runs_back: int = 20,
    limit: int = 200,
) -> LogHits:
    """Find the lines that have a text, in a run or in a pipeline's last `runs_back` runs, newest run first.

    Small letters match capitals as well. All attempts are searched; at most 64 MB of text.
    """
    if not text or bool(run) == bool(pipeline):
        raise InvalidInput("say what to search for, and either a run or a pipeline", field="text")
    if not 1 <= runs_back <= MAX_RUNS or not 1 <= limit <= 1000:
        raise InvalidInput(f"at most {MAX_RUNS} runs are searched, and 1,000 lines shown", field="limit")
    if run:
        ctx.check_readable("pipeline_run", run, "pipeline:read")
        ids = [runs.get(ctx.tx, run).id]
    else:
        recent = runs.page(
            ctx.tx,
            pipeline=pipeline,
            state=None,
            before="",
            limit=runs_back,
            now=ctx.now(),
            projects=ctx.readable,
        )
        ids = [pipeline_run.id for pipeline_run in recent]
    fits, searched = matcher(text), 0
    lines: list[LogLine] = []
    for one in ids:
        logs = store.of_run(ctx.tx, one, step=normal(step), limit=store.MAX_LOGS + 1)
        for number, log in enumerate(logs):
            if searched > MAX_TEXT_BYTES or len(lines) >= limit or number == store.MAX_LOGS:
                return LogHits(lines=lines, searched=searched, more=True)
            kept = text_of(ctx, log)
            searched += len(kept)
            lines += [line for line in read(kept, log) if fits(line.text)][: limit - len(lines)]
    return LogHits(lines=lines, searched=searched)
