"""Start a fork server in another environment: run by path, with that environment's own Python.

It imports nothing of Meguru before the finders are in place, which serve Meguru always, and what Meguru
stands on where the environment has none of its own. Everything else comes from the environment alone.
"""

from __future__ import annotations

import os
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

VARIABLE = "MEGURU_STEP_LIBRARIES"


def _finders() -> Any:
    spec = spec_from_file_location("finders", Path(__file__).parents[1] / "inherited" / "finders.py")
    if spec is None or spec.loader is None:
        raise ImportError("finders")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Serve until the engine is gone."""
    given = os.environ.pop(VARIABLE)
    first, last = _finders().libraries(given)
    sys.meta_path.insert(0, first)
    sys.meta_path.append(last)

    from meguru.compute.executors import forkserver

    forkserver.inherited[VARIABLE] = given
    forkserver.main()


if __name__ == "__main__":
    main()
