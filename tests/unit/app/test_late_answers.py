"""What is asked of all kinds is answered for all of them, also by a process that has imported none."""

import subprocess
import sys

import pytest

from meguru.artifacts.integrity import sources

OPEN = """
import sys
from meguru.app import calls
from meguru.app.open import open_local
from meguru.artifacts.integrity import sources
from meguru.governance.roles.permissions import permissions
from meguru.kernel.operations import registered

with open_local(sys.argv[1]) as ws:
    assert not sources.declared()
"""


@pytest.fixture
def newly_asked(tmp_path):
    """Return what a new process prints that opens a workspace and runs one line."""

    def ask(line):
        code = [sys.executable, "-c", f"{OPEN}    {line}", str(tmp_path / "w")]
        return subprocess.run(code, capture_output=True, text=True, check=True).stdout.split()

    return ask


def test_pages_of_references_to_blobs_are_of_every_table_that_has_some(newly_asked):
    assert set(newly_asked("calls.blob_list(ws); print(*sources.declared())")) == {*sources.every_source()}


def test_a_blob_of_any_form_can_be_asked_for(newly_asked):
    assert newly_asked("print(calls.blob_verify(ws, blobs=['items:' + '0' * 64])[0].state)") == ["missing"]


def test_every_permission_that_an_operation_needs_can_be_given(newly_asked):
    line = "known = permissions(); sources.every_source(); "
    assert newly_asked(line + "print(*{each.permission for each in registered().values()} - known)") == []
