"""A real little package: built, installed, used in pipelines, upgraded."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

pytestmark = pytest.mark.integration

BACKEND = '''
"""A build backend of a few lines: what it makes is a wheel like any other."""
import pathlib, tomllib, zipfile

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    project = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]
    name, version = project["name"].replace("-", "_"), project["version"]
    info = f"{name}-{version}.dist-info"
    files = {path.as_posix(): path.read_text() for path in pathlib.Path(name).rglob("*.py")}
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\\nName: {project['name']}\\nVersion: {version}\\n"
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    points = "".join(
        f"[{group}]\\n" + "".join(f"{key} = {value}\\n" for key, value in members.items())
        for group, members in project["entry-points"].items()
    )
    files[f"{info}/entry_points.txt"] = points
    record = "".join(f"{path},,\\n" for path in [*files, f"{info}/RECORD"])
    target = f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / target, "w") as wheel:
        for path, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(path, text)
    return target
'''
STEPS = '''
from meguru import step
from tiny_text.words import spelled


@step
def clean(text: str, lower: bool = True) -> str:
    """Clean a text.

    Spaces at its ends go; with `lower`, all letters are small.
    """
    return spelled(text.strip().lower() if lower else text.strip())


def plain(text: str) -> str:
    return text
'''
FLOW = """
    import meguru
    from meguru import pipeline, step
    from tiny_text.steps import clean

    wanted = meguru.component("clean-text", version=">=1.2,<2")

    @step
    def source() -> str:
        return "  Some TEXT "

    @step
    def count(text: str) -> int:
        return len(text)

    @step
    def helper(text: str) -> str:
        return wanted(text)

    @step
    def alone() -> int:
        return 1

    @pipeline
    def by_import():
        alone()
        return count(clean(source()))

    @pipeline
    def by_name():
        return count(wanted(source()))

    @pipeline
    def inside():
        alone()
        return helper(source())
"""


class Place:
    """A folder with a workspace and a project, and a folder that packages are installed into."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.site = folder, folder / "site-packages"
        (folder / "flow.py").write_text(dedent(FLOW))

    def install(self, version: str, spelled: str = "text") -> None:
        source = self.folder / "tiny-text"
        shutil.rmtree(source, ignore_errors=True)
        (source / "tiny_text").mkdir(parents=True)
        (source / "pyproject.toml").write_text(
            f'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
            f'[project]\nname = "tiny-text"\nversion = "{version}"\n'
            f'[project.entry-points."meguru.components"]\n'
            f'clean-text = "tiny_text.steps:clean"\nplain-text = "tiny_text.steps:plain"\n'
        )
        (source / "backend.py").write_text(BACKEND)
        (source / "tiny_text/__init__.py").write_text("")
        (source / "tiny_text/steps.py").write_text(STEPS)
        (source / "tiny_text/words.py").write_text(f"def spelled(text):\n    return {spelled}\n")
        uv = shutil.which("uv") or str(Path(__file__).parents[2] / ".uv/bin/uv")
        command = [uv, "pip", "install", "--quiet", "--offline", "--no-deps", "--upgrade", "--no-cache"]
        subprocess.run([*command, "--python", sys.executable, "--target", self.site, source], check=True)

    def call(self, *arguments: str, code: int = 0) -> str:
        environment = os.environ | {"PYTHONPATH": str(self.site)}
        done = subprocess.run(
            [sys.executable, "-m", "meguru", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if code == 0 else done.stderr

    def run(self, pipeline: str) -> dict[str, str]:
        shown = json.loads(self.call("run", f"flow.py:{pipeline}", "--json"))
        return {step["step"]: step["state"] for step in shown["steps"]}


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path)
    made.install("1.2.0")
    return made


def test_a_component_is_used_by_import_and_by_name_and_the_graph_says_which(place):
    assert place.run("by_import") == dict.fromkeys(["alone", "source", "clean", "count"], "succeeded")
    assert place.run("by_name")["clean"] == "cached"
    found = json.loads(place.call("component", "show", "clean-text", "--json"))
    assert (found["distribution"], found["version"]) == ("tiny-text", "1.2.0")
    assert found["place"] == "tiny_text.steps:clean"
    assert found["summary"] == "Clean a text."
    assert found["inputs"] == {"text": "str", "lower": "bool = True"}
    assert found["output"] == "str"
    assert [(use["pipeline"], use["step"], use["version"]) for use in found["used_by"]] == [
        ("by_import", "clean", "1.2.0"),
        ("by_name", "clean", "1.2.0"),
    ]


def test_a_new_version_runs_again_what_impact_said_and_nothing_else(place):
    for name in ("by_import", "by_name", "inside"):
        place.run(name)
    told = json.loads(place.call("component", "impact", "clean-text", "--version", "1.3.0", "--json"))
    affected = {
        one["pipeline"]: ({step["step"] for step in one["steps"]}, one["following"])
        for one in told["pipelines"]
    }
    assert affected == {
        "by_import": ({"clean"}, ["count"]),
        "by_name": ({"clean"}, ["count"]),
        "inside": ({"helper"}, []),
    }
    place.install("1.3.0", "text + '!'")
    assert place.run("by_import") == {
        "alone": "cached",
        "source": "cached",
        "clean": "succeeded",
        "count": "succeeded",
    }
    assert place.run("inside") == {"alone": "cached", "source": "cached", "helper": "succeeded"}
    shown = place.call("component", "show", "clean-text")
    assert "used by by_name.clean at 1.2.0  (registered with another version)" in shown
    runs = json.loads(place.call("runs", "list", "--pipeline", "by_import", "--json"))["items"]
    why = place.call("why", f"{runs[0]['id']}.clean")
    assert "package tiny-text: 1.2.0 became 1.3.0" in why
    assert json.loads(place.call("component", "impact", "clean-text", "--json"))["pipelines"] == [
        one for one in told["pipelines"] if one["pipeline"] == "by_name"
    ]


def test_a_version_that_is_not_wanted_is_refused_before_anything_runs(place):
    place.install("2.0.0")
    said = place.call("run", "flow.py:by_name", code=1)
    assert "component clean-text is installed as tiny-text 2.0.0" in said
    assert "'>=1.2,<2' is wanted" in said


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ('"clean-txt"', "clean-text"),
        ('"plain-text"', "component plain-text of tiny-text is no step"),
        ('"clean-text", version="new"', "'new' names no versions"),
        ('"other/clean-text"', "there is no component"),
    ],
)
def test_a_component_that_can_not_be_had_is_refused_with_a_reason(place, asked, said):
    text = (place.folder / "flow.py").read_text()
    (place.folder / "flow.py").write_text(text.replace('"clean-text", version=">=1.2,<2"', asked))
    done = subprocess.run(
        [sys.executable, "-m", "meguru", "run", "flow.py:by_name"],
        cwd=place.folder,
        env=os.environ | {"PYTHONPATH": str(place.site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode
    assert said in done.stderr


def test_a_component_that_is_used_but_no_longer_installed_is_listed(place):
    place.run("by_name")
    shutil.rmtree(place.site)
    found = json.loads(place.call("component", "list", "--json"))["items"]
    assert [(one["name"], one["error"], len(one["used_by"])) for one in found] == [
        ("clean-text", "it is not installed here", 1)
    ]
    assert "name a version" in place.call("component", "impact", "clean-text", code=2)
