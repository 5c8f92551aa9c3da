"""Steps get no secrets of the server's environment, and with a list only what it names."""

from __future__ import annotations

import textwrap

import pytest

from meguru.compute.executors import failures

SOURCE = textwrap.dedent(
    """
    import os

    from meguru import pipeline, step

    NAMES = ("MEGURU_SECRET_KEY", "MEGURU_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "PATH")


    @step
    def look() -> list[str]:
        return [name for name in NAMES if name in os.environ]


    @pipeline
    def looked():
        return look()
    """
)


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ("", ["MEGURU_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "PATH"]),
        ("AWS_*, NONE", ["AWS_SECRET_ACCESS_KEY", "PATH"]),
        ("none", ["PATH"]),
    ],
)
def test_a_step_sees_what_it_may(project, value, monkeypatch, listed, expected):
    for name in ("MEGURU_SECRET_KEY", "MEGURU_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD"):
        monkeypatch.setenv(name, "s3cret")
    monkeypatch.setenv("MEGURU_STEP_VARIABLES", listed)
    (project.folder / "vars.py").write_text(SOURCE)
    assert value(project.run("vars.py:looked"), "look") == expected


def test_a_secret_across_the_end_of_what_is_told_is_not_told_in_part(monkeypatch):
    monkeypatch.setenv("MY_TOKEN", "hunter2-hunter2-hunter2")
    error = ValueError("x" * (failures.MAX_MESSAGE - 10) + "hunter2-hunter2-hunter2")
    told = failures.failure_of(error, folder="", max_file=0, own="")
    assert "hunter" not in told.message + told.traceback
