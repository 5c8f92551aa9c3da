"""SQL of comments, on an open transaction."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, or_, select, update

from meguru.base import refs
from meguru.comments.schema import comment
from meguru.comments.types import Comment
from meguru.errors import NotFound


def add(tx: Connection, item: Comment) -> None:
    """Write a new comment."""
    tx.execute(insert(comment).values(**msgspec.structs.asdict(item)))


def change(tx: Connection, item: Comment) -> None:
    """Write a comment over what it was."""
    tx.execute(update(comment).where(comment.c.id == item.id).values(**msgspec.structs.asdict(item)))


def one(tx: Connection, ref: str, *, lock: bool = False) -> Comment:
    """Return a comment by its id or reference; `lock` it till the transaction ends."""
    wanted = refs.parse(ref, kind="comment").name
    query = select(comment).where(comment.c.id == wanted)
    row = tx.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFound.of("comment", wanted, [])
    return _comment(row)


def project_of(tx: Connection, id: str) -> str | None:
    """Return the project of a comment; None if there is none."""
    found: str | None = tx.execute(select(comment.c.project).where(comment.c.id == id)).scalar()
    return found


def page(
    tx: Connection, *, about: str, before: str, limit: int, projects: AbstractSet[str] | None
) -> list[Comment]:
    """Return comments of some projects (None: of all), newest first; on a thing and its versions, or all."""
    query = select(comment)
    if about:
        query = query.where(_about(about))
    if before:
        query = query.where(comment.c.id < before)
    if projects is not None:
        query = query.where(comment.c.project.in_(sorted(projects)))
    return [_comment(row) for row in tx.execute(query.order_by(comment.c.id.desc()).limit(limit))]


def _about(ref: str) -> Any:
    if "@" in ref:
        return comment.c.about == ref
    return or_(comment.c.about == ref, comment.c.about.startswith(f"{ref}@", autoescape=True))


def _comment(row: Any) -> Comment:
    return msgspec.convert({str(name): value for name, value in row._mapping.items()}, Comment)
