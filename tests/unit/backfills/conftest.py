"""A pipeline of one day, and a way to run its runs one by one."""

from __future__ import annotations

from textwrap import dedent

import pytest

from meguru.backfills.advance import BackfillFollower
from meguru.backfills.operations import start
from meguru.backfills.store import open_jobs
from meguru.pipelines.load import register_file
from meguru.pipelines.runner import work_on

DAILY = """
    from datetime import date
    from meguru import pipeline, step

    @step
    def load(day: date, marks: str) -> int:
        with open(marks, "a") as file:
            file.write(f"{day}\\n")
        if day.day == 13:
            raise RuntimeError("bad luck")
        return day.day

    @pipeline
    def daily(day: date, marks: str, unused: int = 1):
        return load(day, marks)
"""


class Days:
    """A workspace with the pipeline ``daily``, which notes the days that it loads."""

    def __init__(self, ws, folder):
        self.ws, self.folder = ws, folder
        self.marks = folder / "marks"
        (folder / "daily.py").write_text(dedent(DAILY))
        self.register()

    def register(self):
        register_file(self.ws, f"{self.folder}/daily.py:daily")

    def mend(self):
        path = self.folder / "daily.py"
        path.write_text(path.read_text().replace("day.day == 13", "day.day == 99"))
        self.register()

    def start(self, first="2024-01-01", last="2024-01-05", **options):
        options = {"params": {"marks": str(self.marks)}, "param": "day", **options}
        return start(self.ws, pipeline="daily", first=first, last=last, **options)

    def loaded(self):
        return self.marks.read_text().split() if self.marks.exists() else []

    def turn(self, backfill):
        """Advance once, and do what was begun; return how many runs there were."""
        BackfillFollower(self.ws).step()
        with self.ws.read() as tx:
            jobs = open_jobs(tx, backfill.id)
        for job in jobs:
            work_on(self.ws, job)
        return len(jobs)


@pytest.fixture
def days(workspace, tmp_path):
    return Days(workspace, tmp_path)
