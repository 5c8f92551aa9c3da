"""Free uploads that became Parquet."""

from __future__ import annotations

from collections.abc import Sequence

from meguru.datasets.free import delete_unneeded
from meguru.datasets.types import DataFile
from meguru.kernel.operations import Context
from meguru.kernel.workspace import Workspace

MIN_FREED_BYTES = 1 << 25
"""A smaller upload stays until what was made from it is freed: to ask what needs it has a price."""


def free_uploads(ctx: Context, given: Sequence[DataFile], *, is_personal: bool) -> None:
    """Free, after the commit, what was uploaded for these files, if nothing else needs it.

    What `is_personal` does not stay, however small it is.
    """
    origins = {
        file.source.digest
        for file in given
        if file.source and (is_personal or file.source.size >= MIN_FREED_BYTES)
    }
    uploads = {digest for digest in origins if ctx.blobs.has(digest)}

    def free(ws: Workspace) -> None:
        delete_unneeded(ws, uploads)

    # After the commit: until then the version that was made from them may still be undone.
    if uploads:
        ctx.if_done.append(free)
