"""Run the tests; the few that fail run once more, alone, and those that pass then are told as unstable.

``python -P scripts/run_tests.py ARGS``: ARGS are pytest's. The end is good when each test passed, in the run
of all or alone. More than `FEW` failures, and whatever is no failure of a test (an interruption, an error of
collection or of pytest itself), are not tried again.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadGroupScheduling
    from xdist.workermanage import WorkerController

FEW = 5
PARTS = 2
"""Processes that compile in a new place; more would compile the same more often."""
ALONE = ["-n", "0", "-m", ""]
"""One process, and whatever marks the tests have: they were chosen already."""


class Outcomes:
    """What came of each test; a plug-in of pytest."""

    def __init__(self) -> None:
        self.passed: set[str] = set()
        self.failed: dict[str, None] = {}
        self.is_whole = True
        """Whether all tests were collected, and run to the end."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Producer) -> LoadGroupScheduling | None:
        """Return what gives the tests to the workers."""
        return groups(config, log) if config.getvalue("dist") == "loadgroup" else None

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """See whether a file could be read."""
        self.is_whole &= not report.failed

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a part of a test: its set-up, itself, its end."""
        name = ungrouped(report.nodeid)
        if report.failed:
            self.failed[name] = None
        elif report.when == "call" and report.passed:
            self.passed.add(name)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """See whether it came to an end before its time."""
        self.is_whole &= not (session.shouldstop or session.shouldfail)


def groups(config: pytest.Config, log: Producer) -> LoadGroupScheduling:
    """Return what `loadgroup` is, but for a worker that ends in the middle: xdist 3.8 never ends a run then.

    It gives what the worker had done to another one, which waits for ever for the next test (xdist's issues
    1323, 1327 and 1378), and also the test at which it ended (1371).
    """
    from xdist.scheduler import (
        LoadGroupScheduling,
    )  # not before pytest: it rewrites the asserts of its plug-ins

    class Groups(LoadGroupScheduling):
        def remove_node(self, node: WorkerController) -> str | None:
            units = self.assigned_work[node]
            test = next((name for unit in units.values() for name, done in unit.items() if not done), None)
            if test is not None:
                units[self._split_scope(test)][test] = True
            for name in [name for name, unit in units.items() if all(unit.values())]:
                del units[name]
            super().remove_node(node)
            return test

        def schedule(self) -> None:
            super().schedule()
            for node in self.nodes:
                self._reschedule(node)  # a worker begins a test when it knows the next, or that there is none

    return Groups(config, log)


def ungrouped(name: str) -> str:
    """Return a test's name without the group that xdist writes behind it."""
    before, mark, group = name.rpartition("@")
    return before if mark and "::" in before and not set(group) & set("]:/") else name


def run(args: list[str]) -> tuple[int, Outcomes]:
    """Run pytest here; return its exit code and what came of the tests."""
    outcomes = Outcomes()
    return int(pytest.main(args, plugins=[outcomes])), outcomes


def compile_ahead(tests: Path) -> None:
    """Have what tests import compiled, where nothing is yet: each of many workers would compile it all."""
    files = sorted(map(str, tests.rglob("test_*.py")))
    if not files or sys.dont_write_bytecode or any((tests / "__pycache__").glob("conftest.*.pyc")):
        return
    print("a new place: all modules are compiled")
    collect = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "-p", "no:cacheprovider"]
    at_work = [
        subprocess.Popen([*collect, *files[part::PARTS]], stdout=subprocess.DEVNULL) for part in range(PARTS)
    ]
    for each in at_work:
        each.wait()  # whatever it ends with: what can't be collected is told by the run of all


def passes_alone(names: list[str]) -> bool:
    """Run some tests once more, in a new process without others; tell whether each passed."""
    sys.stdout.flush()
    command = [sys.executable, "-P", __file__, "--alone", *names]
    return subprocess.run(command, check=False).returncode == 0


def main(args: list[str]) -> int:
    """Run the tests, and again what failed; return what the process ends with."""
    if args[:1] == ["--alone"]:
        code, outcomes = run([*ALONE, *args[1:]])
        return code or int(not outcomes.is_whole or not outcomes.passed >= set(args[1:]))
    compile_ahead(Path("tests"))
    code, outcomes = run(args)
    failed = list(outcomes.failed)
    if code != pytest.ExitCode.TESTS_FAILED or not outcomes.is_whole or not 0 < len(failed) <= FEW:
        return code
    print(f"\n{len(failed)} failed: run again, alone")
    if not passes_alone(failed):
        print("failed again when run alone")
        return code
    print("\n".join(f"unstable: {name} passed when run again alone" for name in failed))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
