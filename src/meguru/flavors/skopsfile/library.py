"""skops, imported without PyTorch."""

from __future__ import annotations

import sys
import threading
from types import ModuleType
from typing import Any, cast

from meguru.errors import MissingDependency

_FOR_TORCH = "sklearn.externals.array_api_compat.torch"
_importing = threading.Lock()


def skops_io() -> Any:
    """Return the module ``skops.io``.

    As it is imported it asks scikit-learn for all estimators, which imports every package of scikit-learn.
    One of these stands before PyTorch, defines no estimator, and imports all of it where it is installed:
    1.2 s and 180 MB, in each process that reads a model. To this import it looks as if it were not there.

    Raises
    ------
    MissingDependency
        When skops or scikit-learn is not installed.
    """
    modules = cast("dict[str, ModuleType | None]", sys.modules)
    with _importing:  # two that hide it at once would leave it hidden
        hidden = "skops.io" not in modules and modules.setdefault(_FOR_TORCH, None) is None
        try:
            import skops.io
        except ImportError as error:
            raise MissingDependency.of("sklearn", "skops") from error
        finally:
            if hidden:
                del modules[_FOR_TORCH]
    return skops.io
