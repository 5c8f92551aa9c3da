"""Components by name: found through entry points, refused with reasons."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

import meguru
from meguru.compute.code import ProjectSources, code_of
from meguru.errors import NotFound
from meguru.pipelines.components.catalogue import describe, list_components, show_component
from meguru.pipelines.components.impact import impact


def test_without_packages_the_catalogue_is_empty_and_asking_says_where_components_come_from(workspace):
    assert list_components(workspace) == []
    with pytest.raises(NotFound) as error:
        meguru.component("clean-text")
    assert "meguru.components" in error.value.hint
    with pytest.raises(NotFound):
        show_component(workspace, name="clean-text")
    with pytest.raises(NotFound):
        impact(workspace, name="clean-text", version="2")


def test_a_package_that_can_not_be_loaded_is_described_and_hides_no_other():
    point = EntryPoint("broken", "a_package_that_is_not_there:step", "meguru.components")
    assert describe(point, []).error.startswith("ModuleNotFoundError")


def test_what_is_no_step_is_described_as_that():
    point = EntryPoint("odd", "json:dumps", "meguru.components")
    assert describe(point, []).error == "json:dumps is no step"


def test_of_a_package_that_is_installed_as_editable_the_code_itself_counts(tmp_path, monkeypatch):
    # An editable install is this: a folder of sources on Python's path, and the package's record.
    source = tmp_path / "src"
    (source / "editable_text-1.0.dist-info").mkdir(parents=True)
    (source / "editable_text-1.0.dist-info/METADATA").write_text(
        "Metadata-Version: 2.1\nName: editable-text\nVersion: 1.0\n"
    )
    (source / "editable_text.py").write_text(
        "def clean(x):\n    return helper(x)\n\ndef helper(x):\n    return x\n"
    )
    (tmp_path / "project").mkdir()
    (tmp_path / "project/flow.py").write_text("from editable_text import clean\n")
    monkeypatch.syspath_prepend(source)

    def code():
        return code_of(ProjectSources(tmp_path / "project/flow.py"), "editable_text:clean")

    before = code()
    assert {one.name for one in before.reached} == {"editable_text.clean", "editable_text.helper"}
    (source / "editable_text.py").write_text(
        "def clean(x):\n    return helper(x)\n\ndef helper(x):\n    return 2\n"
    )
    assert code().digest != before.digest
