"""Whether a file has a pipeline is found by reading: nothing of it is run for that."""

from __future__ import annotations

import sys

import pytest

from meguru.compute.code import pipeline_finder
from meguru.errors import InvalidInput, NotFound, UsageError

BOOM = "\nraise RuntimeError('this file was run')\n"


@pytest.mark.parametrize(
    "text",
    [
        "import meguru\nwith meguru.run('x') as r: r.log(a=1)",
        "import argparse\nargs = vars(argparse.ArgumentParser().parse_args())",
        "from sklearn.pipeline import make_pipeline as pipeline\nmodel = pipeline()",
        "from meguru import step\n@step\ndef f(x: int) -> int: ...\nprint(f(1))",
        "from helpers import tidy\nprint(tidy(2))",
        "import functools\n@functools.cache\ndef f(): ...",
        "def pipeline(f): return f\n@pipeline\ndef g(): ...",
        "",
    ],
)
def test_a_plain_script_is_seen_as_one(project, text):
    project.write("script.py", text + BOOM)
    assert pipeline_finder.is_script(project.folder / "script.py")


@pytest.mark.parametrize(
    "text",
    [
        "from meguru import pipeline\n@pipeline\ndef p(): ...",
        "import meguru\n@meguru.pipeline(produces='m')\ndef p(): ...",
        "import meguru as m\n@m.pipeline\ndef p(): ...",
        "from meguru import pipeline as flow\ndef f(): ...\np = flow(f)",
        "from meguru import pipeline\nif True:\n  try:\n    @pipeline\n    def p(): ...\n  finally: ...",
        "from train import train as p",
        "from train import *",
        "from meguru import pipeline\nfrom own import marking\n@marking(pipeline)\ndef p(): ...",
    ],
)
def test_a_pipeline_is_seen_however_it_is_written(project, text):
    project.write("flow.py", text + BOOM)
    assert not pipeline_finder.is_script(project.folder / "flow.py")
    pipeline_finder.check_named(project.folder / "flow.py", "train" if "*" in text else "p")


def test_a_pipeline_under_main_is_not_there_for_an_import(project):
    project.write(
        "script.py",
        "from meguru import pipeline\nif __name__ == '__main__':\n    @pipeline\n    def p(): ...",
    )
    assert pipeline_finder.is_script(project.folder / "script.py")


def test_what_is_no_pipeline_is_refused_before_anything_is_run(project):
    project.write("script.py", "LIMIT = 3\ndef main(): ...\nfrom helpers import tidy, other" + BOOM)
    with pytest.raises(UsageError, match="there is no pipeline in script"):
        project.run("script.py")
    with pytest.raises(InvalidInput) as caught:
        project.run("script.py:main")
    assert (str(caught.value), caught.value.why) == (
        "'main' in script.py is no pipeline",
        "it is not marked with @pipeline",
    )
    with pytest.raises(NotFound):
        project.run("script.py:mian")
    project.edit("train.py", "def train", "def train")
    with pytest.raises(NotFound) as near:
        project.run("train.py:trian")
    assert near.value.hint == "did you mean 'train'?"


def test_what_comes_from_elsewhere_is_left_to_the_import(project):
    project.write("flow.py", "from somewhere import p\nq = p(1)\n")
    for name in ("p", "q"):
        pipeline_finder.check_named(project.folder / "flow.py", name)


def test_a_module_that_reads_the_command_line_finds_no_arguments_of_ours(project, monkeypatch, value):
    monkeypatch.setattr(sys, "argv", ["meguru", "run", "--param", "x=1"])
    project.write(
        "args.py",
        """
        import argparse
        from meguru import pipeline, step

        parser = argparse.ArgumentParser()
        parser.add_argument("--epochs", type=int, default=4)
        EPOCHS = parser.parse_args().epochs

        @step
        def epochs() -> int:
            return EPOCHS

        @pipeline
        def p():
            return epochs()
        """,
    )
    assert value(project.run("args.py:p"), "epochs") == 4
    project.edit("args.py", "default=4", "required=True")
    with pytest.raises(InvalidInput, match=r"args.py can't be imported") as caught:
        project.run("args.py:p")
    assert caught.value.why == "SystemExit: 2"
