"""Start a model host: run by path, with the Python of the model's environment.

In an environment of its own Meguru is always the server's, and what Meguru stands on where that environment
has none; all else comes from the environment alone.
"""

from __future__ import annotations

import os
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

VARIABLE = "MEGURU_STEP_LIBRARIES"


def _finders() -> Any:
    path = Path(__file__).parents[1] / "compute" / "inherited" / "finders.py"
    spec = spec_from_file_location("finders", path)
    if spec is None or spec.loader is None:
        raise ImportError("finders")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Serve until the server is gone."""
    given = os.environ.pop(VARIABLE, "")
    paths: list[str] = []
    if given:
        first, last = _finders().libraries(given)
        # First Meguru itself, always the server's: a copy in the model's environment may speak another
        # protocol. Last what Meguru needs and the environment lacks; whatever the model pins comes before
        # that.
        sys.meta_path.insert(0, first)
        sys.meta_path.append(last)
        paths = last.paths

    from meguru.modelhost import child

    child.main(paths)


if __name__ == "__main__":
    main()
