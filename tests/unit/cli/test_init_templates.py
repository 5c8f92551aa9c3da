"""What a template writes is a project file in its usual form, with code whose steps work."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from meguru.cli.root import root
from meguru.project.format import formatted
from meguru.project.read import read_project


@pytest.fixture(scope="module")
def churn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("templates") / "churn"
    made = CliRunner().invoke(root, ["init", str(folder), "--template", "tabular"])
    assert made.exit_code == 0, made.output
    return folder


def test_the_project_file_is_read_and_is_in_its_usual_form(churn):
    file = churn / "meguru.toml"
    kinds = [each.kind for each in read_project(file).wanted]
    assert kinds == ["dataset", "model", "pipeline", "endpoint", "monitor", "trigger", "trigger"]
    assert formatted(file) == file.read_text()
    assert (churn / ".meguru" / "schema.json").exists()


def test_files_that_are_there_stay(churn):
    (churn / "train.py").write_text("mine = 1\n")
    again = CliRunner().invoke(root, ["init", str(churn), "--template", "tabular"])
    assert "nothing new" in again.output
    assert (churn / "train.py").read_text() == "mine = 1\n"


def test_a_template_that_is_not_there_is_refused_with_those_that_are(tmp_path):
    made = CliRunner().invoke(root, ["init", str(tmp_path / "x"), "--template", "vision"])
    assert made.exit_code == 2
    assert "tabular" in made.output
    assert not (tmp_path / "x").exists()


@pytest.mark.soak
def test_a_project_of_a_template_goes_live_by_one_command(tmp_path):
    def meguru(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "meguru", *arguments],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    folder = tmp_path
    meguru("init", "churn", "--template", "tabular")
    folder = tmp_path / "churn"
    subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=folder, check=True)
    assert '"ref":"dataset/measurements"' in meguru("plan", "--json")
    assert '"state":"succeeded"' in meguru("apply", "--yes", "--json", "--wait")
    assert '"actions":[]' in meguru("plan", "--json", "--exit-code")
    assert "model/churn@1" in meguru("status")
