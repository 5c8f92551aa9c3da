"""What the Python processes find that a step starts: the project's modules, as they were registered."""

from __future__ import annotations

import pytest

from meguru.pipelines.runner import work_on
from meguru.pipelines.show import show_run
from meguru.pipelines.start import start

KIDS = """
    import multiprocessing, subprocess, sys
    from concurrent.futures import ProcessPoolExecutor
    from meguru import pipeline, step
    from deep.factors import score, times

    def pooled(method, n):
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
            return list(pool.map(times, range(n)))

    @step(isolation="{isolation}")
    def begin(n: int) -> list[list[int]]:
        code = "from deep.factors import times; print(times(1))"
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return [pooled("spawn", n), pooled("forkserver", n), [int(said.stdout)]]

    @step(isolation="{isolation}")
    def validate(n: int) -> list[float]:
        import numpy as np
        from sklearn.linear_model import LinearRegression
        from sklearn.model_selection import cross_val_score
        x = np.arange(20.0).reshape(10, 2)
        return list(cross_val_score(LinearRegression(), x, x[:, 0], n_jobs=2, scoring=score, cv=n))

    @pipeline
    def kids(n: int = 2):
        return begin(n), validate(n)
"""
FACTORS = """
    FACTOR = {factor}

    def times(x: int) -> int:
        return FACTOR * x

    def score(model, x, y) -> float:
        return float(FACTOR)
"""


@pytest.mark.parametrize("isolation", ["process", "thread"])
def test_processes_that_a_step_starts_find_its_functions_as_they_were_registered(
    project, value, isolation, monkeypatch
):
    project.write("kids.py", KIDS.format(isolation=isolation))
    project.write("deep/factors.py", FACTORS.format(factor=3))
    version = project.register("kids.py:kids")
    run = start(project.ws, pipeline=version.ref)
    project.write("deep/factors.py", FACTORS.format(factor=5))
    monkeypatch.chdir(project.folder)  # where `python -c` would find the changed file
    work_on(project.ws, run.job)
    done = show_run(project.ws, ref=run.id)
    assert done.state == "succeeded", done.failed
    assert value(done, "begin") == [[0, 3], [0, 3], [3]]
    assert value(done, "validate") == [3.0, 3.0]


def test_a_program_that_a_step_starts_by_its_file_has_the_modules_beside_it_first(project, value, tmp_path):
    project.write("other/helpers.py", "LIMIT = 77")
    project.write("other/tool.py", "import helpers; print(helpers.LIMIT)")
    project.write(
        "tools.py",
        """
        import subprocess, sys
        from meguru import pipeline, step
        from helpers import tidy

        @step
        def use(tool: str) -> int:
            said = subprocess.run([sys.executable, tool], capture_output=True, text=True, check=True)
            return int(said.stdout) + tidy(0)

        @pipeline
        def uses(tool: str):
            return use(tool)
        """,
    )
    run = project.run("tools.py:uses", tool=str(project.folder / "other/tool.py"))
    assert value(run, "use") == 77


def test_a_sitecustomize_of_the_users_own_is_run_too(project, value, tmp_path, monkeypatch):
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text("import os; os.environ['SEEN'] = 'yes'")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    project.write(
        "site.py",
        """
        import subprocess, sys
        from meguru import pipeline, step

        @step
        def ask() -> str:
            code = "import os, site_of_mine; print(os.environ['SEEN'])"
            return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip()

        @pipeline
        def asks():
            return ask()
        """.replace("import os, site_of_mine", "import os"),
    )
    assert value(project.run("site.py:asks"), "ask") == "yes"
