"""What must count as a step's code, and what must not: each case is run as well, so that no case is made up.

A case is a small project whose function ``flow.work`` returns another value after the change (then its digest
must differ) or the same (then its digest must not). The project is read; only the proof imports it. The cases
are in ``code_cases``: ``=== name``, then files (``--- name``), then the change (``*** file: old -> new``).
"""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from meguru.compute import snapshot
from meguru.compute.code import ProjectSources, code_of

Files = dict[str, str]
Edit = tuple[str, str, str]


def read_cases(name: str) -> dict[str, tuple[Files, Edit]]:
    text = (Path(__file__).parent / "code_cases" / name).read_text()
    return dict(map(read_case, text.split("=== ")[1:]))


def read_case(text: str) -> tuple[str, tuple[Files, Edit]]:
    title, _, body = text.partition("\n")
    body, _, change = body.partition("*** ")
    files = dict(part.partition("\n")[::2] for part in body.split("--- ")[1:])
    file, _, edit = change.strip().partition(": ")
    old, new = map(ast.literal_eval, edit.split(" -> "))
    return title, (files, (file, old, new))


COUNTS = read_cases("counts.txt")
SAME = read_cases("same.txt")


def entry_of(files: Files) -> str:
    return next(name for name in files if name.endswith("flow.py"))


def write(folder: Path, files: Files) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def result(project: ProjectSources) -> Any:
    """Import the project as a worker does, and call the function."""
    finder = snapshot.Finder(
        {one.source.module: one.path for one in project.modules().values()}, project.root
    )
    with snapshot.importing(finder):
        return repr(importlib.import_module(project.entry_module).work())


def before_and_after(folder: Path, files: Files, edit: Edit, monkeypatch) -> tuple[list[str], list[str]]:
    # The byte code that Python keeps goes by whole seconds: here a change would come too quickly for it.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    write(folder, files)
    digests, results = [], []
    for turn in range(2):
        if turn:
            name, old, new = edit
            text = (folder / name).read_text()
            assert old in text
            (folder / name).write_text(text.replace(old, new, 1))
        project = ProjectSources(folder / entry_of(files))
        digests.append(code_of(project, f"{project.entry_module}:work").digest)
        results.append(result(project))
    return digests, results


@pytest.mark.parametrize("case", COUNTS)
def test_counts(case, tmp_path, monkeypatch):
    digests, results = before_and_after(tmp_path, *COUNTS[case], monkeypatch)
    assert results[0] != results[1], "the case changes no result"
    assert digests[0] != digests[1]


@pytest.mark.parametrize("case", SAME)
def test_does_not_count(case, tmp_path, monkeypatch):
    digests, results = before_and_after(tmp_path, *SAME[case], monkeypatch)
    assert results[0] == results[1], "the case changes the result"
    assert digests[0] == digests[1]


@pytest.mark.parametrize("case", [*COUNTS, *SAME])
def test_reading_the_same_twice_gives_the_same(case, tmp_path):
    files, _ = (COUNTS | SAME)[case]
    write(tmp_path, files)
    entry = tmp_path / entry_of(files)
    first, second = (
        code_of(one, f"{one.entry_module}:work") for one in (ProjectSources(entry), ProjectSources(entry))
    )
    assert first == second
