"""Whether the code behind a registered version is what the files say now; nothing is imported for it."""

from __future__ import annotations

from collections.abc import Iterable

from meguru.compute.code import environment
from meguru.compute.code.source_files import ProjectFiles
from meguru.compute.code.types import Environment, SourceFile


def is_current(
    files: ProjectFiles, sources: Iterable[SourceFile], environments: Iterable[Environment]
) -> bool:
    """Tell whether all sources and environments are what they were."""
    different = {one.digest: one for one in environments}.values()
    return all(map(files.is_unchanged, sources)) and all(
        environment.is_current(files.entry, one) for one in different
    )
