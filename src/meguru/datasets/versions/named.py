"""Names of versions: tags, branches, and moments; SQL on an open transaction."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime, time

from sqlalchemy import Connection, delete, func, insert, select, update

from meguru.base import refs
from meguru.base.names import check_name
from meguru.datasets.schema import dataset, dataset_branch, dataset_tag, dataset_version
from meguru.datasets.version_numbers import NEWEST
from meguru.datasets.versions.types import DatasetBranch, DatasetTag
from meguru.errors import InvalidInput, NotFound, near_misses

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d")


def check(kind: str, text: str) -> str:
    """Return the spelling of a tag or branch that is kept; refuse what means another version already."""
    kept = check_name(kind, text, field=kind)
    if kept in NEWEST or kept.isdecimal() or _MOMENT.match(kept):
        why = "a number is that of a version, a date a moment, and latest and main the newest version"
        raise InvalidInput(f"{kept!r} can't name a {kind}", why=why, hint=f"v{kept}", field=kind)
    return kept


def number_of(tx: Connection, name: str, text: str, ref: str) -> int:
    """Return the number of the version that a tag, a branch or a moment means.

    Raises
    ------
    NotFound
        If nothing has that name, or there was no version at that moment.
    """
    if _MOMENT.match(text):
        return _at(tx, name, text, ref)
    for table, column in ((dataset_tag, "version"), (dataset_branch, "latest")):
        called = table.c.tag if table is dataset_tag else table.c.branch
        found = tx.execute(select(table.c[column]).where(table.c.name == name, called == text)).scalar()
        if found is not None:
            return int(found)
    if not tx.execute(select(dataset.c.name).where(dataset.c.name == name)).first():
        return 0  # who asks for that version is told that there is no such dataset
    known = [each.tag for each in tags(tx, name)] + [each.branch for each in branches(tx, name)]
    close = near_misses(text, [*known, *NEWEST])
    raise NotFound(
        f"{ref[:200]!r} names no version",
        where=refs.make("dataset", name),
        why=f"its tags and branches: {', '.join(known[:8])}" if known else "it has no tag and no branch",
        hint=f"did you mean {name}@{close[0]}?" if close else "write NAME@3, NAME@latest or NAME@2026-11-01",
    )


def _at(tx: Connection, name: str, text: str, ref: str) -> int:
    moment = _moment(text, ref)
    mine = dataset_version.c
    query = select(func.max(mine.version)).where(
        mine.name == name, mine.branch == "", mine.removed_at.is_(None), mine.created_at <= moment
    )
    found = tx.execute(query).scalar()
    if found is None:
        first = select(func.min(mine.created_at)).where(mine.name == name, mine.branch == "")
        begun = tx.execute(first).scalar()
        why = f"its first version is of {begun:%Y-%m-%d %H:%M:%S} UTC" if begun else ""
        raise NotFound(f"there was no version of {name!r} at {text}", where=ref, why=why)
    return int(found)


def _moment(text: str, ref: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        hint = f"write {ref.partition('@')[0]}@2026-11-01 or @2026-11-01T12:30Z"
        raise InvalidInput(f"{text!r} is no time", where=ref, hint=hint, field="ref") from None
    if ":" not in text:
        found = datetime.combine(found.date(), time.max)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def tags(tx: Connection, name: str) -> list[DatasetTag]:
    """Return the tags of a dataset, by name."""
    rows = tx.execute(select(dataset_tag).where(dataset_tag.c.name == name).order_by(dataset_tag.c.tag))
    return [DatasetTag(**row._mapping) for row in rows]


def branches(tx: Connection, name: str) -> list[DatasetBranch]:
    """Return the branches of a dataset, by name."""
    mine = dataset_branch.c
    rows = tx.execute(select(dataset_branch).where(mine.name == name).order_by(mine.branch))
    return [DatasetBranch(**row._mapping) for row in rows]


def find_tag(tx: Connection, name: str, tag: str) -> DatasetTag | None:
    """Return a tag, if it is there."""
    mine = dataset_tag.c
    row = tx.execute(select(dataset_tag).where(mine.name == name, mine.tag == tag)).first()
    return DatasetTag(**row._mapping) if row else None


def branch(tx: Connection, name: str, wanted: str) -> DatasetBranch:
    """Return a branch.

    Raises
    ------
    NotFound
        If there is none; the message offers those that look like it.
    """
    dataset_branches = branches(tx, name)
    for each in dataset_branches:
        if each.branch == wanted:
            return each
    hint = f"begin it: meguru data branch {name} {wanted}"
    raise NotFound.of("branch", wanted, [each.branch for each in dataset_branches], hint=hint)


def add_tag(tx: Connection, tag: DatasetTag) -> None:
    """Write a tag, in place of what had its name."""
    drop_tag(tx, tag.name, tag.tag)
    values = {field: getattr(tag, field) for field in tag.__struct_fields__}
    tx.execute(insert(dataset_tag).values(values))


def drop_tag(tx: Connection, name: str, tag: str) -> None:
    """Take a tag away."""
    tx.execute(delete(dataset_tag).where(dataset_tag.c.name == name, dataset_tag.c.tag == tag))


def add_branch(tx: Connection, made: DatasetBranch) -> None:
    """Write a new branch."""
    values = {field: getattr(made, field) for field in made.__struct_fields__}
    tx.execute(insert(dataset_branch).values(values))


def move_branch(tx: Connection, name: str, branch: str, latest: int) -> None:
    """Make a version the newest of a branch."""
    mine = dataset_branch.c
    tx.execute(update(dataset_branch).where(mine.name == name, mine.branch == branch).values(latest=latest))


def rebase(tx: Connection, name: str, branch: str, version: int) -> None:
    """Let a branch begin again at a version of the main line, which has all that it had."""
    mine = dataset_branch.c
    values = {"base": version, "latest": version}
    tx.execute(update(dataset_branch).where(mine.name == name, mine.branch == branch).values(values))


def names_of(tx: Connection, name: str, version: int) -> list[str]:
    """Return the tags and branches that hold a version."""
    held = [f"tag {each.tag}" for each in tags(tx, name) if each.version == version]
    lines = branches(tx, name)
    return held + [f"branch {line.branch}" for line in lines if version in {line.base, line.latest}]


def drop_names(tx: Connection, name: str, numbers: Collection[int]) -> None:
    """Drop the tags and branches of versions that are removed."""
    for each in tags(tx, name):
        if each.version in numbers:
            drop_tag(tx, name, each.tag)
    for line in branches(tx, name):
        if line.latest in numbers:
            drop_branch(tx, name, line.branch)


def drop_branch(tx: Connection, name: str, branch: str) -> None:
    """Take a branch away; its versions stay until they are removed."""
    mine = dataset_branch.c
    tx.execute(delete(dataset_branch).where(mine.name == name, mine.branch == branch))
