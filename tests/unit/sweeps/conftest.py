"""A project whose pipelines are cheap to sweep over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from meguru.kernel.workspace import Workspace
from meguru.sweeps.runner import all_trials, see_through, start_file
from meguru.sweeps.types import Search, Sweep, Trial

FLOW = """
    import os, time
    from pathlib import Path

    import meguru
    from meguru import pipeline, step

    def mark(marks, text):
        with open(marks, "a") as file:
            file.write(text + "\\n")

    @step
    def load(marks: str) -> list[int]:
        mark(marks, "load")
        return [1, 2, 3]

    @step
    def score(rows: list[int], x: float, marks: str) -> dict[str, float]:
        mark(marks, f"score {x}")
        return {"auc": 1 - (x - 0.3) ** 2, "rows": len(rows)}

    @step
    def number(x: float) -> float:
        if x < 0:
            raise ValueError("x is below 0")
        return x

    @step
    def learn(x: int, gate: str) -> int:
        for n in range(3):
            meguru.log(loss=x + n / 10, step=n)
        while gate and x > 50 and not os.path.exists(gate):
            time.sleep(0.01)
        return x

    @pipeline
    def dicts(marks: str, x: float = 0.0):
        return score(load(marks), x, marks)

    @pipeline
    def numbers(x: float):
        return number(x)

    @pipeline
    def curves(x: int, gate: str = ""):
        return name(learn(x, gate))

    @step
    def name(x: int) -> str:
        return str(x)
"""


class Sweeper:
    """Sweeps over the project's pipelines in a workspace."""

    def __init__(self, ws: Workspace, folder: Path) -> None:
        self.ws, self.folder, self.marks = ws, folder, folder / "marks"
        (folder / "flow.py").write_text(dedent(FLOW))
        self.marks.write_text("")

    def start(self, name: str, params: dict[str, Any], **options: Any) -> Sweep:
        return start_file(self.ws, f"{self.folder}/flow.py:{name}", params, Search(**options))

    def run(self, name: str, params: dict[str, Any], **options: Any) -> Sweep:
        return see_through(self.ws, self.start(name, params, **options))

    def trials(self, sweep: Sweep) -> list[Trial]:
        return all_trials(self.ws, sweep.id)

    def lines(self) -> list[str]:
        return self.marks.read_text().splitlines()


@pytest.fixture
def sweeper(workspace: Workspace, tmp_path: Path) -> Sweeper:
    """Give something to sweep with."""
    return Sweeper(workspace, tmp_path)


@pytest.fixture
def made() -> Callable[..., Sweep]:
    """Make a sweep that no database knows."""
    from datetime import UTC, datetime

    from meguru.sweeps.types import SweepState, Uniform

    def make(**changes: Any) -> Sweep:
        fields: dict[str, Any] = {
            "ref": "sweep/s",
            "id": "s",
            "pipeline": "p",
            "version": 1,
            "state": SweepState.RUNNING,
            "space": {"x": Uniform(low=0.0, high=1.0)},
            "params": {},
            "metric": "auc",
            "goal": "max",
            "sampler": "tpe",
            "pruner": "none",
            "trials": 50,
            "parallel": 1,
            "seed": 0,
            "timeout": None,
            "target": None,
            "max_failed": 10,
            "job": "j",
            "event": "e",
            "created_at": datetime(2026, 3, 1, tzinfo=UTC),
            "created_by": "local",
        }
        return Sweep(**fields | changes)

    return make
