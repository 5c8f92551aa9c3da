"""Load models for serving, with an LRU cache of the last few: a roll-back then takes no loading."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

from meguru.kernel.workspace import Workspace
from meguru.serving.threads import one_thread_each

if TYPE_CHECKING:
    from meguru.flavors.bundle import Bundle

MAX_SPARE_MODELS = 4

Load: TypeAlias = "Callable[[Workspace, str], Bundle]"
"""Gives the files of a model version, or raises why it may not be loaded."""


def from_registry(ws: Workspace, ref: str) -> Bundle:
    """Load a registered model version; its files are checked against their digests."""
    from meguru.registry.load import load_model

    return load_model(ws, ref)


class Loader:
    """Loaded models by reference; a version never changes, so neither does what was loaded."""

    def __init__(self, ws: Workspace, load: Load) -> None:
        self._ws, self._load = ws, load
        self._loaded: OrderedDict[str, Bundle] = OrderedDict()

    def get(self, ref: str) -> Bundle:
        """Return a model, loaded if need be; it must answer its example as when it was saved."""
        if ref not in self._loaded:
            bundle = self._load(self._ws, ref)
            # `check` predicts in this thread, and the batcher's limit is of the batcher's thread alone.
            one_thread_each()
            bundle.check()
            self._loaded[ref] = bundle
        self._loaded.move_to_end(ref)
        return self._loaded[ref]

    def trim(self, used: Iterable[str]) -> None:
        """Let go of the models not `used`, but for the last few."""
        spare = [ref for ref in self._loaded if ref not in set(used)]
        for ref in spare[:-MAX_SPARE_MODELS]:
            del self._loaded[ref]
