"""The confined process: ``… child FOLDER WORK MEMORY SECONDS FILE PARENT REPORT [READABLE…]``.

``WORK`` is ``module:function``; it gets the folder, and leaves its result there. What the process is kept
from is written to the pipe ``REPORT``, a file descriptor, which is closed before the work is imported: the
work could write whatever it likes into its folder.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path

from meguru.base.sandbox import confine


def main() -> None:
    """Confine this process, then do its work."""
    place, work, memory, seconds, file, parent, report, *readable = sys.argv[1:]
    folder = Path(place)
    done = confine.isolate(folder, [*confine.python_folders(), *readable])
    if "processes" not in done:
        confine.end_with(int(parent))
    confine.limit(memory=int(memory), seconds=int(seconds), file=int(file))
    with open(int(report), "w", encoding="ascii") as pipe:  # noqa: PTH123 - it has no path
        json.dump(done, pipe)
    os.environ["TMPDIR"] = str(folder)
    module, _, name = work.partition(":")
    getattr(import_module(module), name)(folder)


if __name__ == "__main__":
    main()
