"""Start a fork server in another environment: run by path, with that environment's own Python.

It imports nothing of Meguru before the finders are in place, which serve Meguru always, and what Meguru
stands on where the environment has none of its own. Everything else comes from the environment alone.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import Distribution, DistributionFinder, MetadataPathFinder

VARIABLE = "MEGURU_STEP_LIBRARIES"


class Libraries:
    """Finds some top-level modules, and the facts of their distributions, in the worker's installation."""

    def __init__(self, names: Sequence[str], distributions: Sequence[str], paths: list[str]) -> None:
        self.names, self.distributions, self.paths = set(names), set(distributions), paths

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: object = None
    ) -> ModuleSpec | None:
        """Return where a module is; None for all that it does not serve."""
        del target
        return PathFinder.find_spec(name, self.paths) if path is None and name in self.names else None

    def find_distributions(self, context: DistributionFinder.Context | None = None) -> Iterable[Distribution]:
        """Return the distribution that is asked for by its name, if it is served."""
        name = None if context is None else context.name
        if name is None or re.sub(r"[-_.]+", "-", name).lower() not in self.distributions:
            return []
        return MetadataPathFinder.find_distributions(DistributionFinder.Context(name=name, path=self.paths))


def main() -> None:
    """Serve until the engine is gone."""
    given = json.loads(os.environ.pop(VARIABLE))
    paths = given["paths"]
    sys.meta_path.insert(0, Libraries(["meguru"], ["meguru"], paths))
    sys.meta_path.append(Libraries(given["names"], given["distributions"], paths))

    from meguru.pipelines.executors import forkserver

    forkserver.main()


if __name__ == "__main__":
    main()
