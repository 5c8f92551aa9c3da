"""SQL of datasets, on an open transaction."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from meguru.base import refs
from meguru.datasets import version_numbers
from meguru.datasets.schema import dataset, dataset_version
from meguru.datasets.types import DatasetColumn, DatasetVersion, RegisteredDataset
from meguru.datasets.versions import named
from meguru.errors import NotFound
from meguru.kernel.projects import condition
from meguru.storage.db.raw import on_transaction

_number_of = on_transaction(version_numbers.number_of)
_newest_number = on_transaction(version_numbers.newest_number)


class RemovedRow(NamedTuple):
    """A removed version, and the blobs with its list of files and its profile."""

    name: str
    version: int
    digest: str
    profile: str


def lock(tx: Connection, name: str, at: datetime, branch: str = "") -> DatasetVersion | None:
    """Hold a dataset until the transaction ends, making it if need be; return its newest version.

    That of a branch, if one is named.
    """
    query = select(dataset.c.latest).where(dataset.c.name == name).with_for_update()
    row = tx.execute(query).first()
    if row is None:
        try:
            # A savepoint: on PostgreSQL a refused insert else ends the whole transaction.
            with tx.begin_nested():
                tx.execute(insert(dataset).values(name=name, latest=0, created_at=at))
        except IntegrityError:  # another server made it just now; wait for it
            row = tx.execute(query).one()
    return newest(tx, name, branch) if branch or (row and row.latest) else None


def add(tx: Connection, version: DatasetVersion) -> None:
    """Write a new version and make it the latest."""
    values = msgspec.structs.asdict(version)
    del values["ref"]
    tx.execute(insert(dataset_version).values(values))
    newest: dict[str, Any] = {"latest": version.version}
    if version.branch:
        named.move_branch(tx, version.name, version.branch, version.version)
    else:
        tx.execute(
            update(dataset).where(dataset.c.name == version.name).values(newest | {"retired_at": None})
        )


def get(tx: Connection, name: str, version: int, projects: AbstractSet[str] | None = None) -> DatasetVersion:
    """Return one version; if it is not there, the message offers names of `projects` (None: all)."""
    query = select(dataset_version).where(
        dataset_version.c.name == name, dataset_version.c.version == version
    )
    row = tx.execute(query).first()
    if row is not None and row.removed_at is not None:
        raise NotFound(
            f"version {version} of dataset {name!r} was removed",
            where=refs.make("dataset", name, version),
            why=f"on {row.removed_at:%Y-%m-%d %H:%M} UTC",
            hint=f"meguru data versions {name}",
        )
    if row is None:
        newest = _newest_number(tx, name)
        if newest is None:
            known = names(tx, projects)
            hint = "" if known else "register one: meguru data add"
            raise NotFound.of("dataset", name, known, hint=hint)
        why = f"{name} has the versions 1 to {newest}" if newest > 1 else f"{name} has only version 1"
        raise NotFound(
            f"dataset {name!r} has no version {version}", where=refs.make("dataset", name, version), why=why
        )
    return from_row(row)


def resolve(tx: Connection, ref: str, projects: AbstractSet[str] | None = None) -> DatasetVersion:
    """Return the version meant by ``flights``, ``flights@latest``, ``flights@3`` or ``dataset/flights@3``.

    Behind the ``@`` there may also be a tag, a branch (its newest version), or a time (what was the newest
    version then; at the end of a day).

    Raises
    ------
    NotFound
        If there is no such dataset or version; the message offers names of `projects` (None: all) that look
        like it.
    """
    parsed = refs.parse(ref, kind="dataset")
    number = _number_of(tx, parsed)
    if number is None:
        number = named.number_of(tx, parsed.name, str(parsed.version), ref)
    return get(tx, parsed.name, number, projects)


def arrived(tx: Connection, version: DatasetVersion) -> DatasetVersion:
    """Write that the files of a version are here now."""
    here = (dataset_version.c.name == version.name) & (dataset_version.c.version == version.version)
    tx.execute(update(dataset_version).where(here).values(remote_environment=""))
    return msgspec.structs.replace(version, remote_environment="")


def of_digest(tx: Connection, name: str, digest: str) -> DatasetVersion | None:
    """Return the newest version of a dataset that has this digest."""
    mine = dataset_version.c
    query = select(dataset_version).where(mine.name == name, mine.digest == digest, mine.branch == "")
    row = tx.execute(query.order_by(dataset_version.c.version.desc()).limit(1)).first()
    return None if row is None else from_row(row)


def newest(tx: Connection, name: str, branch: str = "") -> DatasetVersion | None:
    """Return the newest version of a dataset, or of a branch of it; None if there is none."""
    if branch:
        return get(tx, name, named.branch(tx, name, branch).latest)
    found = _newest_number(tx, name)
    return get(tx, name, found) if found else None


def newest_of(tx: Connection, names: Iterable[str]) -> dict[str, DatasetVersion]:
    """Return the newest version of each of some datasets that has one."""
    mine = dataset_version.c
    is_newest = (mine.name == dataset.c.name) & (mine.version == dataset.c.latest)
    query = select(dataset_version).join(dataset, is_newest).where(dataset.c.retired_at.is_(None))
    return {row.name: from_row(row) for row in tx.execute(query.where(mine.name.in_(list(names))))}


def versions(
    tx: Connection, name: str, *, before: int | None, limit: int, branch: str = ""
) -> list[DatasetVersion]:
    """Return versions of a dataset, newest first: of the main line, or of a branch since it began."""
    mine = dataset_version.c
    query = select(dataset_version).where(mine.name == name, mine.removed_at.is_(None), mine.branch == branch)
    if before is not None:
        query = query.where(dataset_version.c.version < before)
    rows = tx.execute(query.order_by(dataset_version.c.version.desc()).limit(limit))
    return [from_row(row) for row in rows]


def first_after(tx: Connection, name: str, version: int) -> DatasetVersion | None:
    """Return the first version of a dataset's main line that came after a version."""
    mine = dataset_version.c
    query = select(dataset_version).where(
        mine.name == name, mine.removed_at.is_(None), mine.branch == "", mine.version > version
    )
    row = tx.execute(query.order_by(mine.version).limit(1)).first()
    return None if row is None else from_row(row)


def next_number(tx: Connection, name: str) -> int:
    """Return the number of the next version; those of removed ones are not given again."""
    # Removed versions count: a number that was given again would make old references mean other rows.
    newest = select(func.max(dataset_version.c.version)).where(dataset_version.c.name == name)
    return (tx.execute(newest).scalar() or 0) + 1


def remove(tx: Connection, name: str, numbers: Sequence[int], at: datetime) -> None:
    """Mark versions as removed; the newest that stays is the latest, none of a dataset without any."""
    mine = dataset_version.c
    tx.execute(
        update(dataset_version).where(mine.name == name, mine.version.in_(numbers)).values(removed_at=at)
    )
    left = select(func.max(mine.version)).where(
        mine.name == name, mine.removed_at.is_(None), mine.branch == ""
    )
    latest = tx.execute(left).scalar() or 0
    tx.execute(update(dataset).where(dataset.c.name == name).values(latest=latest))


def removed(tx: Connection, projects: AbstractSet[str] | None = None) -> list[RemovedRow]:
    """Return the removed versions of some projects (None: of all) whose bytes were not freed."""
    mine = dataset_version.c
    query = select(mine.name, mine.version, mine.digest, mine.profile)
    left = query.where(mine.removed_at.is_not(None), mine.freed_at.is_(None))
    rows = tx.execute(left.where(condition(mine.name, projects)))
    return [RemovedRow(*row) for row in rows]


def note_freed(tx: Connection, rows: Sequence[RemovedRow], at: datetime) -> None:
    """Write down that the bytes of removed versions were freed."""
    mine = dataset_version.c
    for row in rows:
        same = (mine.name == row.name) & (mine.version == row.version)
        tx.execute(update(dataset_version).where(same).values(freed_at=at))


def page(
    tx: Connection, *, after: str, limit: int, projects: AbstractSet[str] | None = None
) -> list[RegisteredDataset]:
    """Return datasets of some projects (None: all) with their newest version, by name."""
    version = dataset_version.c
    query = (
        select(dataset.c.created_at.label("since"), dataset_version)
        .join(dataset_version, (version.name == dataset.c.name) & (version.version == dataset.c.latest))
        .where(dataset.c.name > after, dataset.c.retired_at.is_(None), condition(dataset.c.name, projects))
        .order_by(dataset.c.name)
        .limit(limit)
    )
    return [
        RegisteredDataset(name=row.name, created_at=row.since, latest=from_row(row))
        for row in tx.execute(query)
    ]


def names(tx: Connection, projects: AbstractSet[str] | None = None) -> list[str]:
    """Return the names of the datasets of some projects; None: of all."""
    query = select(dataset.c.name).where(dataset.c.retired_at.is_(None), condition(dataset.c.name, projects))
    return list(tx.execute(query.order_by(dataset.c.name)).scalars())


def from_row(row: Row[Any]) -> DatasetVersion:
    """Return the version that a row tells of."""
    others = {"since", "removed_at", "freed_at"}
    fields = {name: value for name, value in row._mapping.items() if name not in others}
    fields["columns"] = msgspec.convert(fields["columns"], list[DatasetColumn])
    return DatasetVersion(ref=refs.make("dataset", row.name, row.version), **fields)
