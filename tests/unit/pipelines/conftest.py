"""A small project in a folder, and runs of its pipelines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from meguru.kernel.workspace import Workspace
from meguru.pipelines.load import register_file
from meguru.pipelines.runner import run_file
from meguru.pipelines.types import PipelineRun, PipelineVersion

TRAIN = """
    from helpers import tidy
    from meguru import pipeline, step

    @step
    def load(n: int) -> list[int]:
        return list(range(n))

    @step
    def clean(rows: list[int]) -> list[int]:
        return [tidy(row) for row in rows]

    @step
    def total(rows: list[int]) -> int:
        return sum(rows)

    @pipeline
    def train(n: int = 3):
        return total(clean(load(n)))
"""
HELPERS = """
    LIMIT = 10

    def tidy(x: int) -> int:
        return min(x, LIMIT)
"""


class Project:
    """Source files in a folder of their own."""

    def __init__(self, folder: Path, ws: Workspace) -> None:
        self.folder, self.ws = folder, ws

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text()
        assert old in text
        (self.folder / name).write_text(text.replace(old, new))

    def run(self, target: str = "train.py:train", **params: Any) -> PipelineRun:
        return run_file(self.ws, f"{self.folder}/{target}", params)

    def register(self, target: str = "train.py:train") -> PipelineVersion:
        return register_file(self.ws, f"{self.folder}/{target}")

    def states(self, target: str = "train.py:train", **params: Any) -> dict[str, str]:
        return {step.step: step.state.value for step in self.run(target, **params).steps}


@pytest.fixture
def project(tmp_path: Path, workspace: Workspace) -> Project:
    """Give a project with a pipeline of three steps, one of which calls a helper in another module."""
    made = Project(tmp_path / "project", workspace)
    made.write("train.py", TRAIN)
    made.write("helpers.py", HELPERS)
    return made


@pytest.fixture
def value(project: Project) -> Callable[[PipelineRun, str], Any]:
    """Read a plain output of a step."""
    import msgspec

    def read(run: PipelineRun, key: str) -> Any:
        step = next(one for one in run.steps if one.step == key)
        return msgspec.json.decode(project.ws.blobs.get_bytes(step.outputs[0].digest))

    return read
