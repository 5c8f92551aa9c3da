"""Ask the function of a view for a request's rows: in its own process, as function models are asked.

See decision 0021: a server runs no code of a project.
"""

from __future__ import annotations

import contextlib
import platform
import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from meguru.artifacts import trees
from meguru.errors import InvalidInput
from meguru.features.types import FeatureCode, ViewDefinition
from meguru.modelhost import manifest
from meguru.modelhost.host import HostFailed, ModelHost
from meguru.storage.blobs import BlobStore

_HOSTED = "meguru.features.on_demand.hosted"


class OnDemandHost:
    """The process of the function of one version of a view. Safe for many threads.

    Parameters
    ----------
    name
        What the view is called in errors.
    code
        The function, with the modules of the project that it reaches; they are unpacked from `blobs`.
    definition, takes
        What the view says of itself, and the types of the columns that its function is given.
    """

    def __init__(
        self,
        name: str,
        code: FeatureCode,
        blobs: BlobStore,
        *,
        definition: ViewDefinition,
        takes: Mapping[str, str],
    ) -> None:
        self.name, self._takes, self._gives = name, list(takes), list(definition.features)
        folder = Path(tempfile.mkdtemp(prefix="meguru-view-"))
        # Also when the host is only let go of: a cache that evicts it does not know who still asks it.
        self._remove_folder = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        trees.fetch(blobs, code.snapshot, folder / manifest.CODE)
        arguments = {
            "function": code.function,
            "definition": msgspec.to_builtins(definition),
            "takes": dict(takes),
            "what": name,
        }
        function_manifest = manifest.FunctionManifest(
            kind="class",
            module=_HOSTED,
            name="OnDemandFunction",
            modules={source.module: source.path for source in code.sources if source.module},
            arguments=arguments,
            takes="columns",
            python=".".join(platform.python_version_tuple()[:2]),
        )
        manifest.write(folder, function_manifest)
        self._host = ModelHost(folder)

    def start(self) -> None:
        """Start the process; what the function says of no rows is not asked.

        Raises
        ------
        InvalidInput
            If its code can't be loaded.
        """
        with contextlib.suppress(HostFailed):
            self._host.ask({name: [] for name in self._takes})

    def ask(self, columns: Mapping[str, Sequence[Any]], rows: int) -> dict[str, list[Any]]:
        """Return the features of rows, from plain values and as plain values (see `hosted`).

        Raises
        ------
        InvalidInput
            If the function raised something, or gave what is no answer.
        Busy, TimedOut
            If its process died, or took too long; it is started anew.
        """
        try:
            found = self._host.ask({name: list(values) for name, values in columns.items()})
        except HostFailed as failure:
            raise InvalidInput(f"{self.name} has no values", why=str(failure)[:500]) from None
        is_whole = isinstance(found, dict) and found.keys() == set(self._gives)
        if not is_whole or any(len(values) != rows for values in found.values()):
            raise InvalidInput(f"{self.name} gives what is no answer", why="it is not what its features say")
        return {name: found[name] for name in self._gives}

    def close(self) -> None:
        """End the process, and remove its files."""
        self._host.close()
        self._remove_folder()
