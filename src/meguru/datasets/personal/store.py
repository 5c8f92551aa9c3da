"""SQL of personal data, on an open transaction."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, insert, select, update

from meguru.datasets.personal.schema import private_blob
from meguru.datasets.schema import dataset, dataset_version
from meguru.datasets.store import from_row
from meguru.datasets.types import DatasetVersion, Manifest

_BATCH = 500


def note(tx: Connection, dataset: str, digests: Iterable[str]) -> None:
    """Write down which files hold personal columns in clear."""
    wanted = list(dict.fromkeys(digests))
    for begin in range(0, len(wanted), _BATCH):
        part = wanted[begin : begin + _BATCH]
        asked = select(private_blob.c.digest).where(
            private_blob.c.dataset == dataset, private_blob.c.digest.in_(part)
        )
        # Asked first rather than inserted and refused: on PostgreSQL a refused insert ends the transaction.
        known = set(tx.execute(asked).scalars())
        rows = [{"digest": digest, "dataset": dataset} for digest in part if digest not in known]
        if rows:
            tx.execute(insert(private_blob), rows)


def datasets_of(tx: Connection, digest: str) -> list[str]:
    """Return the datasets of whose personal columns a file holds values in clear."""
    return list(tx.execute(select(private_blob.c.dataset).where(private_blob.c.digest == digest)).scalars())


def all_versions(tx: Connection, names: list[str] | None) -> list[DatasetVersion]:
    """Return every version whose bytes are there, of all lines, by name and number; also removed ones."""
    mine = dataset_version.c
    query = select(dataset_version).where(mine.freed_at.is_(None))
    if names is not None:
        query = query.where(mine.name.in_(names))
    return [from_row(row) for row in tx.execute(query.order_by(mine.name, mine.version))]


def version(tx: Connection, name: str, number: int) -> DatasetVersion:
    """Return one version, also a removed one."""
    mine = dataset_version.c
    one = (mine.name == name) & (mine.version == number)
    return from_row(tx.execute(select(dataset_version).where(one)).one())


def treatments(tx: Connection, column: str) -> set[str]:
    """Return how datasets say that a column of this name is treated."""
    specs = tx.execute(select(dataset.c.spec).where(dataset.c.spec.is_not(None))).scalars()
    found = {spec.get("columns", {}).get(column, {}).get("treat") for spec in specs if spec}
    return {each for each in found if each}


def replace_content(
    tx: Connection, version: DatasetVersion, manifest: Manifest, digest: str, profile: str
) -> None:
    """Let a version have other files: those without the rows that were erased."""
    values = {
        "digest": digest,
        "profile": profile,
        "rows": manifest.rows,
        "bytes": manifest.bytes,
        "files": manifest.file_count,
    }
    mine = dataset_version.c
    one = (mine.name == version.name) & (mine.version == version.version)
    tx.execute(update(dataset_version).where(one).values(values))
