"""What users can meet is named in the docs, and no link leads nowhere."""

from __future__ import annotations

import subprocess
import sys

from .page import DOCS


def test_the_docs_name_everything_and_link_to_what_is_there():
    # In a process of its own: here, other tests have put members of theirs into the families.
    command = [sys.executable, str(DOCS.parent / "scripts" / "check_docs.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
