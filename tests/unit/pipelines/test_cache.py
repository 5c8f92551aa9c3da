"""What re-runs after a change, and what does not."""

from __future__ import annotations

import shutil

import pytest

from meguru.compute.code import installed
from meguru.pipelines.explain import compare_environments, explain
from meguru.storage.blobs import pending

RAN = {"load": "succeeded", "clean": "succeeded", "total": "succeeded"}
CACHED = dict.fromkeys(RAN, "cached")


def test_a_second_run_takes_every_output_over(project):
    assert project.states() == RAN
    assert project.states() == CACHED


def test_a_changed_helper_in_another_module_reruns_the_step_that_calls_it(project, value):
    project.run(n=20)
    project.edit("helpers.py", "min(x, LIMIT)", "min(x, LIMIT) + 1")
    run = project.run(n=20)
    assert {step.step: step.state.value for step in run.steps} == RAN | {"load": "cached"}
    assert value(run, "clean")[:3] == [1, 2, 3]
    reasons = explain(project.ws, ref=f"{run.id}.clean").reasons
    assert reasons == ["helper `tidy` in helpers.py:4 changed"]


def test_a_changed_constant_that_a_helper_reads_reruns_the_step(project):
    project.run()
    project.edit("helpers.py", "LIMIT = 10", "LIMIT = 1")
    assert project.states() == RAN | {"load": "cached"}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("helpers.py", "def tidy", "# a comment\n\n\ndef tidy"),
        (
            "helpers.py",
            "    return min(x, LIMIT)",
            '    """Say what it does."""\n    return min(\n        x, LIMIT\n    )',
        ),
        ("train.py", "@step\ndef clean", "@step(retries=3, timeout='10m')\ndef clean"),
        ("helpers.py", "LIMIT = 10", "LIMIT = 10\n\ndef unused():\n    return 1"),
    ],
    ids=["comment", "docstring and formatting", "retries", "unused function"],
)
def test_what_changes_no_result_reruns_nothing(project, file, old, new):
    project.run()
    project.edit(file, old, new)
    assert project.states() == CACHED


def test_a_changed_constant_is_told_with_both_values(project):
    project.run()
    project.edit("helpers.py", "LIMIT = 10", "LIMIT = 1")
    run = project.run()
    assert explain(project.ws, ref=f"{run.id}.clean").reasons == [
        "constant `LIMIT` in helpers.py:2: 10 became 1"
    ]


def test_a_file_that_code_names_counts_and_comes_along_to_the_steps_process(project, value):
    project.write("limits/top.txt", "5")
    project.edit(
        "helpers.py",
        "LIMIT = 10",
        "from pathlib import Path\n\nLIMIT = int((Path(__file__).parent / 'limits' / 'top.txt').read_text())",
    )
    assert value(project.run(n=20), "clean")[-1] == 5
    project.write("limits/top.txt", "6")
    run = project.run(n=20)
    assert (value(run, "clean")[-1], run.ran) == (6, 2)
    assert explain(project.ws, ref=f"{run.id}.clean").reasons == ["file limits/top.txt changed"]
    assert project.run(n=20).ran == 0


def test_a_file_that_takes_the_name_of_a_missing_module_counts(project, value):
    project.edit(
        "helpers.py",
        "LIMIT = 10",
        "try:\n    from overrides import LIMIT\nexcept ImportError:\n    LIMIT = 10",
    )
    project.run(n=20)
    project.write("overrides.py", "LIMIT = 3")
    assert value(project.run(n=20), "clean")[-1] == 3


def test_a_data_file_that_comes_later_counts(project, value):
    optional = "from pathlib import Path\n\nfile = Path(__file__).parent / 'top.txt'\n"
    project.edit(
        "helpers.py", "LIMIT = 10", optional + "LIMIT = int(file.read_text()) if file.exists() else 10"
    )
    project.run(n=20)
    assert project.run(n=20).ran == 0
    project.write("top.txt", "2")
    assert value(project.run(n=20), "clean")[-1] == 2


def test_a_file_that_the_step_only_writes_does_not_count(project):
    written = "from pathlib import Path\n\n\ndef note(x):\n    Path('{}', 'note.txt').write_text(str(x))\n"
    project.edit("helpers.py", "LIMIT = 10", written.format(project.folder) + "\n\nLIMIT = 10")
    project.edit("helpers.py", "return min(x, LIMIT)", "note(x)\n    return min(x, LIMIT)")
    project.run(n=20)
    assert (project.folder / "note.txt").read_text() == "19"
    assert project.run(n=20).ran == 0


def test_another_installed_version_of_a_package_that_the_code_reaches_counts(project, tmp_path, monkeypatch):
    site = tmp_path / "site-packages"
    monkeypatch.syspath_prepend(site)
    monkeypatch.setattr("sys.dont_write_bytecode", True)

    def install(version: str) -> None:
        shutil.rmtree(site, ignore_errors=True)
        (site / f"limits_of_all-{version}.dist-info").mkdir(parents=True)
        (site / f"limits_of_all-{version}.dist-info/METADATA").write_text(
            f"Metadata-Version: 2.1\nName: limits-of-all\nVersion: {version}\n"
        )
        (site / "limits_of_all.py").write_text("TOP = 10")
        installed.forget()

    install("1.0")
    project.edit("helpers.py", "LIMIT = 10", "from limits_of_all import TOP as LIMIT")
    old = project.register()
    assert project.register() == old
    install("1.1")
    new = project.register()
    differences = compare_environments(old.codes["clean"].environment, new.codes["clean"].environment)
    assert differences == ["package limits-of-all: 1.0 became 1.1"]
    assert old.codes["load"] == new.codes["load"]


def test_an_unchanged_output_stops_the_wave(project):
    project.run()
    project.edit("helpers.py", "min(x, LIMIT)", "sorted([x, LIMIT])[0]")
    assert project.states() == {"load": "cached", "clean": "succeeded", "total": "cached"}


def test_a_parameter_reruns_what_depends_on_it_and_says_so(project):
    project.run(n=3)
    run = project.run(n="4")
    assert {step.step: step.state.value for step in run.steps} == RAN
    assert explain(project.ws, ref=f"step_run/{run.id}.load").reasons == ["input n (parameter n): 3 became 4"]


def test_a_step_marked_uncached_runs_every_time(project):
    project.edit("train.py", "@step\ndef load", "@step(cache=False)\ndef load")
    project.run()
    run = project.run()
    assert [step.state.value for step in run.steps] == ["succeeded", "cached", "cached"]
    assert explain(project.ws, ref=f"{run.id}.load").reasons == [
        "the step is marked cache=False, so it runs every time"
    ]


def test_an_output_whose_blob_is_gone_is_made_again(project):
    first = project.run(n=20)
    digest = first.steps[1].outputs[0].digest
    pending.flush(project.ws.db, project.ws.blobs)
    project.ws.blobs.path(digest).unlink()
    assert project.states(n=20) == {"load": "cached", "clean": "succeeded", "total": "cached"}


def test_the_lock_file_counts(project):
    project.write("pyproject.toml", "")
    project.write("uv.lock", "version = 1")
    project.run()
    project.write("uv.lock", "version = 2")
    run = project.run()
    assert {step.state.value for step in run.steps} == {"succeeded"}
    assert explain(project.ws, ref=f"{run.id}.total").reasons == ["the lock file uv.lock changed"]


def test_a_run_whose_outputs_all_hold_imports_no_user_code_and_starts_no_process(project, monkeypatch):
    project.run()
    project.write("imported.txt", "")
    monkeypatch.setattr("meguru.pipelines.load.trace", None)
    monkeypatch.setattr("meguru.compute.executors.of", None)
    assert project.states() == CACHED
