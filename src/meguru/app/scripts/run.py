"""Run a plain script as a tracked run."""

from __future__ import annotations

import math
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from meguru.app.run_api import begin, surroundings_of
from meguru.app.scripts.child import ScriptProcess
from meguru.app.scripts.output import ARTIFACT, Output
from meguru.base import parents
from meguru.base.settings import PREFIX
from meguru.compute import step_metrics
from meguru.compute.logs.mask import SHOWN, Masker, secrets_of
from meguru.tracking.captured.command import is_secret_name
from meguru.tracking.sdk import ActiveRun
from meguru.tracking.types import EndState, Run

_PATIENCE_SECONDS = 2.0
_TOLD = 4000
_TOKENIZER = re.compile(r"tokeni[sz][a-z]*", re.IGNORECASE)
_TOKENS = re.compile(r"tokens|token(?=[-_])", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d[\d_]{0,11}(?:\.\d{0,11})?(?:e[+-]?\d{1,3})?", re.IGNORECASE)


class ScriptEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How a script ended: its exit code, and the run."""

    code: int
    run: Run


def run_script(
    script: Path, arguments: Sequence[str] = (), *, workspace: str | None = None, out: int = 1, error: int = 2
) -> ScriptEnd:
    """Run ``script.py`` with arguments of its own; its run has its surroundings, output and exit code.

    What the script logs by `meguru.log` goes to the run; a run that it begins by `meguru.run` is a run of its
    own, whose parent this one is. The script's streams are passed on to the descriptors `out` and `error`.
    """
    program = [str(script), *arguments]
    run = begin(
        script.stem,
        workspace,
        surroundings_of(program),
        params=without_secrets(params_of(arguments)),
        tags={"script": script.name},
    )
    with tempfile.TemporaryDirectory(prefix="meguru-script-") as folder:
        metrics = _Metrics(Path(folder) / step_metrics.FILE, run)
        output = Output(Path(folder) / "output", (out, error))
        child = ScriptProcess(program, _environment(run, workspace, metrics.file), output)
        code = child.wait(metrics.look)
        output.end(_PATIENCE_SECONDS)
        metrics.look()
        kept = Path(folder) / "output.log"
        kept.write_text(output.text(), "utf-8")
        run.artifact(kept, ARTIFACT)
        state: EndState = "succeeded" if code == 0 else "cancelled" if child.interrupted else "failed"
        run.tag(exit_code=code)
        run.end(state, error=_why(code, kept) if state == "failed" else "")
    return ScriptEnd(code=code, run=run.info)


def params_of(arguments: Sequence[str]) -> dict[str, str]:
    """Return what ``--name value`` and ``--name=value`` set; an option without a value is ``true``."""
    found: dict[str, str] = {}
    for n, one in enumerate(arguments):
        if not one.startswith("--") or one == "--":
            continue
        name, equals, value = one[2:].partition("=")
        following = arguments[n + 1] if n + 1 < len(arguments) else "--"
        if not equals:
            value = "true" if following.startswith("--") else following
        if name:
            found[name] = value
    return found


def without_secrets(params: Mapping[str, str]) -> dict[str, str]:
    """Return params without secrets: everybody who sees runs reads them."""
    mask = Masker(secrets_of(os.environ)).text
    return {name: SHOWN if _is_secret(name, value) else mask(value) for name, value in params.items()}


def _is_secret(name: str, value: str) -> bool:
    # A tokenizer and a number of tokens are settings of a model, by which runs are compared.
    name = _TOKENIZER.sub("", name)
    return is_secret_name(_TOKENS.sub("", name) if _NUMBER.fullmatch(value) else name)


class _Metrics:
    """What the script logs by `meguru.log`, read from the file in which its processes write it."""

    def __init__(self, file: Path, run: ActiveRun) -> None:
        self.file, self._run, self._place = file, run, 0

    def look(self) -> None:
        """Log what is new."""
        if not self.file.exists():
            return
        with self.file.open("rb") as lines:
            lines.seek(self._place)
            data = lines.read()
        data = data[: data.rfind(b"\n") + 1]
        self._place += len(data)
        for line in data.splitlines():
            metric_line = msgspec.json.decode(line, type=step_metrics.MetricLine)
            for name, value in metric_line.values.items():
                self._run.log({name: math.nan if value is None else value}, step=metric_line.steps[name])


def _environment(run: ActiveRun, workspace: str | None, metrics: Path) -> dict[str, str]:
    ours = {step_metrics.ENV: str(metrics), "PYTHONUNBUFFERED": "1"}
    if workspace is not None:
        ours[f"{PREFIX}WORKSPACE"] = workspace if "://" in workspace else str(Path(workspace).absolute())
    return {**os.environ, **parents.variables(run.ref, os.environ), **ours}


def _why(code: int, output: Path) -> str:
    tail = output.read_text("utf-8")[-_TOLD:].splitlines()[1:]
    said = "\n".join(line.partition(" ")[2].partition(" ")[2] for line in tail if " err " in line[:40])
    return f"{said}\nits exit code was {code}".strip()
