"""Read what the script of a tracked run printed."""

from __future__ import annotations

from datetime import UTC, datetime

from meguru.app.calls import run_artifacts, run_show
from meguru.app.scripts.output import ARTIFACT
from meguru.kernel.remote import RemoteWorkspace
from meguru.kernel.workspace import Workspace
from meguru.pipelines.logs.encoding import read
from meguru.pipelines.logs.types import Log, LogLine, LogPage

_ANY = datetime.fromtimestamp(0, UTC)


def read_output(ws: Workspace | RemoteWorkspace, run: str, *, grep: str = "", tail: int = 0) -> LogPage:
    """Return the lines that the script of a run printed; none of a run that no ``meguru run`` began.

    Raises
    ------
    NotFound
        If there is no such run.
    """
    found = run_show(ws, run=run)
    artifacts = [
        run_artifact for run_artifact in run_artifacts(ws, run=found.id) if run_artifact.path == ARTIFACT
    ]
    lines: list[LogLine] = []
    for artifact in artifacts:
        text = ws.blobs.get_bytes(artifact.digest).decode(errors="replace")
        lines += read(text, Log(step_run="", attempt=0, run=found.id, step="", begun_at=_ANY))
    wanted = grep.lower() if grep == grep.lower() else grep
    lines = [line for line in lines if wanted in (line.text.lower() if grep == grep.lower() else line.text)]
    return LogPage(lines=lines[-tail:] if tail else lines, live=found.state == "running" and not artifacts)
