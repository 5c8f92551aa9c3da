"""Which files are not the same in two versions of a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from meguru.datasets.folders.types import FileRename

if TYPE_CHECKING:
    import polars as pl


class FileChanges(NamedTuple):
    """Paths, sorted; a renamed file is in no other list."""

    added: list[str]
    removed: list[str]
    changed: list[str]
    renamed: list[FileRename]


def file_changes(before: pl.DataFrame, after: pl.DataFrame) -> FileChanges:
    """Compare two lists of files (`path`, `digest`).

    A file that went and one with the same content that came are one that was renamed. Of several with the
    same content the first that went became the first that came, in the order of their paths.
    """
    import polars as pl

    changed = before.join(after, on="path", suffix="_after").filter(
        pl.col("digest") != pl.col("digest_after")
    )
    gone, come = (
        one.join(other, on="path", how="anti")
        .sort("path")
        # Numbered within equal contents, so that the join pairs them one to one.
        .select("path", "digest", pl.int_range(pl.len()).over("digest").alias("nth"))
        for one, other in ((before, after), (after, before))
    )
    same = ["digest", "nth"]
    moved = gone.join(come, on=same, suffix="_after").sort("path")
    return FileChanges(
        added=come.join(gone, on=same, how="anti")["path"].sort().to_list(),
        removed=gone.join(come, on=same, how="anti")["path"].sort().to_list(),
        changed=changed["path"].sort().to_list(),
        renamed=[FileRename(before=old, after=new) for old, new in moved.select("path", "path_after").rows()],
    )
