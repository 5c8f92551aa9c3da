"""The command line: one file a command, loaded when it is used."""

from __future__ import annotations

import sys

from meguru.base.collector import begin_start
from meguru.cli.root import root


def main() -> None:
    """Run the command line; errors become messages and exit codes."""
    begin_start()
    from meguru.cli.errors import run

    sys.exit(run(root))
