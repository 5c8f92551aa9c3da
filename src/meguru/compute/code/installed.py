"""The installed distributions: their versions, and which of them are behind an import."""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Iterable

# The import names that differ most often; all others are looked up, which reads a file of each distribution.
_DISTRIBUTIONS = {
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
    "PIL": "pillow",
    "cv2": "opencv-python",
    "bs4": "beautifulsoup4",
}
_REQUIRED = {"meguru": ("polars",)}
"""What of its requirements has a part in results, where that is known better than by the list."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SEPARATORS = re.compile(r"[-_.]+")


def behind(imports: Iterable[str]) -> dict[str, str]:
    """Return the versions of the distributions behind some imports, and of all that they require.

    An import that nothing brings stands under its own name, with an empty version.
    """
    todo = [name for imported in sorted(set(imports)) for name in _bringing(imported)]
    found: dict[str, str] = {}
    while todo:
        name = todo.pop()
        if name not in found:
            found[name] = version(name)
            todo += [other for other in _required(name) if version(other)]
    return dict(sorted(found.items()))


def version(distribution: str) -> str:
    """Return the version of an installed distribution; empty if it is not installed."""
    return _versions(tuple(sys.path)).get(normal(distribution), "")


def normal(name: str) -> str:
    """Spell a distribution's name the one way in which names are compared."""
    return _SEPARATORS.sub("-", name).lower()


def forget() -> None:
    """Look again at what is installed: something was installed or removed by this process."""
    _versions.cache_clear()
    _bringing.cache_clear()
    _required.cache_clear()


@functools.cache
def _versions(path: tuple[str, ...]) -> dict[str, str]:
    """Read the names of the folders that installers leave; reading their files would take far longer."""
    found: dict[str, str] = {}
    for folder in path:
        try:
            names = os.listdir(folder or ".")  # noqa: PTH208 - only names are wanted, and quickly
        except OSError:
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                distribution, _, rest = name.rpartition(".")[0].partition("-")
                found.setdefault(normal(distribution), rest.partition("-py")[0])
    return found


@functools.cache
def _bringing(imported: str) -> tuple[str, ...]:
    likely = normal(_DISTRIBUTIONS.get(imported, imported))
    if version(likely):
        return (likely,)
    import importlib.metadata

    known = importlib.metadata.packages_distributions().get(imported, [])
    return tuple(sorted({normal(name) for name in known})) or (imported,)


@functools.cache
def _required(distribution: str) -> tuple[str, ...]:
    if distribution in _REQUIRED:
        return _REQUIRED[distribution]
    import importlib.metadata

    try:
        lines = importlib.metadata.requires(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return ()
    # What only an extra asks for (test runners, integrations) counts when the project's own code imports it.
    names = (_NAME.match(line) for line in lines if "extra ==" not in line)
    return tuple(sorted({normal(name.group()) for name in names if name}))
