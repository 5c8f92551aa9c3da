"""Which packages, and under which licence: as the installed package of that very version says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import metadata
from typing import Any, NamedTuple

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from meguru.evidence.parts.source import PackSource

_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*==\s*([^\s;#]+)")
_CLASSIFIER = "License :: "
_SPDX = {
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "BSD License": "",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "ISC License (ISCL)": "ISC",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
"""Classifiers that name one licence; of the others there are several."""
_SHORT = 100
"""A longer text is the licence itself, not its name."""


class UsedPackage(NamedTuple):
    """A package by name and version, and what it was used in: training, or the model when it is loaded."""

    name: str
    version: str
    used_in: tuple[str, ...]


def packages_of(source: PackSource) -> list[UsedPackage]:
    """Return the packages of the steps' environments and of the model's own list, by name."""
    found: dict[tuple[str, str], set[str]] = {}
    for step, code in source.pipeline.codes.items() if source.pipeline else ():
        for name, version in code.environment.packages.items():
            found.setdefault((_normal(name), version), set()).add(f"step {step}")
    for name, version in pinned(source.file("requirements.txt").decode("utf-8", "replace")):
        found.setdefault((_normal(name), version), set()).add("model")
    return [UsedPackage(*key, tuple(sorted(used))) for key, used in sorted(found.items())]


def pinned(text: str) -> Iterator[tuple[str, str]]:
    """Yield what a list of requirements pins: names with versions."""
    for line in text.splitlines():
        if match := _PINNED.match(line.strip()):
            yield match[1], match[2]


def licences_of(name: str, version: str) -> list[dict[str, Any]]:
    """Return a package's licences as CycloneDX writes them; none if it is not installed here, or silent."""
    try:
        said = metadata.distribution(name)
    except (metadata.PackageNotFoundError, ValueError):
        return []
    if said.version != version:
        return []
    expression = _field(said, "License-Expression")
    named = [each for each in said.metadata.get_all("Classifier") or () if each.startswith(_CLASSIFIER)]
    names = [name for each in named if (name := each.rpartition(" :: ")[2]) != "OSI Approved"]
    text = _field(said, "License")
    begin = text.partition("\n")[0].strip()
    for wanted in (expression, *(_SPDX.get(each, "") for each in (*names, begin)), begin):
        if wanted and (found := _expression(wanted)):
            return [{"expression": found}]
    return [{"license": {"name": each}} for each in names or ([begin] if 0 < len(begin) < _SHORT else [])]


def _field(said: metadata.Distribution, name: str) -> str:
    return str((said.metadata.get_all(name) or [""])[0]).strip()


def _expression(text: str) -> str:
    try:
        return str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        return ""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
