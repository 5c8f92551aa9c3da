"""Whether the files behind a kept result are what they were."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from meguru.compute.reads import content
from meguru.compute.reads.argument_paths import existing_paths
from meguru.compute.reads.types import FileUse


def holds(files: Sequence[FileUse], names: Iterable[str]) -> bool:
    """Tell whether a step would find the files that it found, from the working folder of this process.

    `names` are texts that it is given: a file that one of them names must be among `files`.
    """
    base = os.getcwd()  # noqa: PTH109 - a path as text
    known = {os.path.normpath(os.path.join(base, one.path)): one for one in files}  # noqa: PTH118
    if any(path not in known for path in existing_paths(names, base)):
        return False
    return all(_is_as_it_was(path, one) for path, one in known.items())


def _is_as_it_was(path: str, kept: FileUse) -> bool:
    if kept.why:
        return False
    if kept.how == "read":
        return content.is_same(path, kept)
    if kept.how == "listed":
        from meguru.compute.inherited.watch import names_in  # what watches is not needed to look at files

        return names_in(path) == kept.digest
    if kept.how == "written":
        return os.path.exists(path)  # noqa: PTH110
    now = content.of_tree(path, kept.path) if kept.how == "tree" else None
    return (now.digest if now else content.quick_digest(path)) == kept.digest
