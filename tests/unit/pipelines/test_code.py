"""Which code a step reaches, read from source alone."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from meguru.compute.code import Code, ProjectSources, code_of, environment_of

BASE = {
    "flow.py": """
        import numpy as np
        import helpers
        import pkg.deep
        from helpers import tidy as neat
        from pkg import shallow
        from spread import *
        from meguru import step

        RATE = 2

        @step
        def work(x: int) -> int:
            from late import later
            table = np.zeros(3)
            return neat(x) * RATE + pkg.deep.dig(x) + shallow.skim(x) + later(x) + spread_out(x)

        @step
        def other(x: int) -> int:
            neat = lambda y: y
            return neat(x)
        """,
    "helpers.py": """
        class Base:
            def run(self):
                return 1

        class Tool(Base):
            @staticmethod
            def use(x):
                return scale(x)

        def maker(k):
            def inner(x):
                return x * k
            return inner

        scale = maker(3)

        def marked(function):
            return function

        @marked
        def tidy(x, limit=maker):
            return Tool().run() + Tool.use(x)

        def unused():
            return 1
        """,
    "pkg/__init__.py": "",
    "pkg/deep.py": "from . import shallow\nfrom .shallow import skim\n\ndef dig(x):\n    return skim(x)\n",
    "pkg/shallow.py": "def skim(x):\n    return x\n\ndef scum(x):\n    return x\n",
    "late.py": "def later(x):\n    return x\n",
    "spread.py": "def spread_out(x):\n    return x\n",
}


@pytest.fixture
def write(tmp_path: Path):
    def put(**changes: tuple[str, str]) -> ProjectSources:
        for name, text in BASE.items():
            old, new = changes.get(name.removesuffix(".py").replace("/", "_"), ("", ""))
            assert old in dedent(text)
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(dedent(text).replace(old, new) if old else dedent(text))
        return ProjectSources(tmp_path / "flow.py")

    return put


def work(project: ProjectSources) -> Code:
    return code_of(project, "flow:work")


def test_everything_a_step_uses_is_reached_and_nothing_else(write):
    found = {one.name for one in work(write()).reached}
    assert found == {
        "flow.work",
        "flow.RATE",
        "flow.np (import)",
        "helpers.tidy",
        "helpers.Tool",
        "helpers.Base",
        "helpers.scale",
        "helpers.maker",
        "helpers.marked",
        "pkg.deep.dig",
        "pkg.shallow.skim",
        "late.later",
        "spread.spread_out",
    }


def test_third_party_packages_are_named(write):
    project = write()
    assert work(project).packages == ["numpy"]
    assert environment_of(project.entry, ["numpy"]).packages.keys() == {"numpy"}
    assert project.imports() == ["meguru", "numpy"]


def test_a_local_name_hides_a_global_one(write):
    assert {one.name for one in code_of(write(), "flow:other").reached} == {"flow.other"}


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("helpers", "return x * k", "return x + k"),
        ("helpers", "maker(3)", "maker(4)"),
        ("helpers", "return 1\n\nclass Tool", "return 2\n\nclass Tool"),
        ("helpers", "return scale(x)", "return scale(x + 1)"),
        ("helpers", "return function", "return lambda *a: 0"),
        ("helpers", "limit=maker", "limit=None"),
        ("flow", "RATE = 2", "RATE = 3"),
        ("flow", "import tidy as neat", "import unused as neat"),
        ("flow", "import numpy as np", "import math as np"),
        ("pkg_deep", "return skim(x)", "return -skim(x)"),
        ("pkg_shallow", "def skim(x):\n    return x", "def skim(x):\n    return 0"),
        ("pkg___init__", "", "raise SystemExit"),
        ("late", "return x", "return 0"),
        ("spread", "return x", "return 0"),
        ("helpers", "def unused", "Tool.use = None\n\ndef unused"),
    ],
)
def test_a_change_in_reached_code_changes_the_digest(write, module, old, new):
    before = work(write()).digest
    project = write(**{module: (old, new)})
    if module == "pkg___init__":
        (project.root / "pkg/__init__.py").write_text("print('imported')\n")
    assert work(ProjectSources(project.entry)).digest != before


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("helpers", "def unused", "# said\n\n\ndef unused"),
        ("helpers", "def tidy(x, limit=maker):", 'def tidy(\n    x,\n    limit=maker,\n):\n    """Say."""'),
        ("helpers", "class Tool(Base):", 'class Tool(Base):\n    "Say."\n'),
        ("helpers", "def unused():\n    return 1", "def unused():\n    return 2"),
        ("pkg_shallow", "def scum(x):\n    return x", "def scum(x):\n    return 0"),
        ("flow", "@step\ndef work", "@step(retries=3)\ndef work"),
        (
            "helpers",
            "return 1\n\nclass Tool",
            "return 1\n\nif __name__ == '__main__':\n    print(Base())\n\nclass Tool",
        ),
    ],
)
def test_a_change_that_reaches_no_step_leaves_the_digest(write, module, old, new):
    before = work(write()).digest
    assert work(write(**{module: (old, new)})).digest == before


def test_a_module_used_as_a_value_counts_whole(write):
    project = write(flow=("RATE = 2", "RATE = helpers"))
    assert "helpers.unused" in {one.name for one in work(project).reached}


def test_what_a_decorator_registers_is_reached_through_the_registry(tmp_path):
    (tmp_path / "registry.py").write_text(
        "KNOWN = {}\n\ndef known(f):\n    KNOWN[f.__name__] = f\n    return f\n"
    )
    (tmp_path / "members.py").write_text(
        "from registry import known\n\n@known\ndef one(x):\n    helper(x)\n\ndef helper(x):\n    pass\n"
    )
    (tmp_path / "flow.py").write_text(
        "import members\nfrom registry import KNOWN\n\ndef work(x):\n    return KNOWN['one'](x)\n"
    )
    found = {one.name for one in code_of(ProjectSources(tmp_path / "flow.py"), "flow:work").reached}
    assert {"registry.KNOWN", "members.one", "members.helper"} <= found


def test_what_importing_a_module_does_counts_for_whoever_imports_it(tmp_path):
    (tmp_path / "effects.py").write_text("import random\n\nrandom.seed(1)\n")
    (tmp_path / "flow.py").write_text("import effects\n\ndef work(x):\n    return x\n")
    found = {one.name for one in code_of(ProjectSources(tmp_path / "flow.py"), "flow:work").reached}
    assert "effects (on import)" in found


def test_the_place_of_a_helper_is_its_line(write):
    tidy = next(one for one in work(write()).reached if one.name == "helpers.tidy")
    assert tidy.where == "helpers.py:22"


def test_a_snapshot_holds_the_imported_modules_of_the_project_alone(write):
    project = write()
    (project.root / "stray.py").write_text("")
    assert [source.path for source in project.sources()] == [
        "flow.py",
        "helpers.py",
        "late.py",
        "pkg/__init__.py",
        "pkg/deep.py",
        "pkg/shallow.py",
        "spread.py",
    ]


def test_folders_without_init_are_followed(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/one.py").write_text("def f():\n    return 1\n")
    (tmp_path / "flow.py").write_text(
        "import lib.one\nfrom lib import one\n\ndef work():\n    return lib.one.f()\n"
    )
    found = code_of(ProjectSources(tmp_path / "flow.py"), "flow:work")
    assert "lib.one.f" in {one.name for one in found.reached}
    assert found.packages == []


def test_of_our_own_package_only_the_demo_is_a_project():
    import meguru.compute.graph as library

    project = ProjectSources(Path(library.__file__))
    assert project.entry_module == "meguru.compute.graph"
    assert project.module("meguru.errors") is None
