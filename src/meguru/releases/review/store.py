"""SQL of reviews; every function takes an open transaction."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Table, delete, insert, select, tuple_, update

from meguru.errors import NotFound
from meguru.kernel.projects import condition
from meguru.releases.review.schema import break_glass, release_approval, review_request
from meguru.releases.review.types import BrokenGlass, ReleaseApproval, ReviewRequest
from meguru.releases.schema import release
from meguru.releases.types import ReleaseState

S = TypeVar("S", bound=msgspec.Struct)


def request_of(tx: Connection, endpoint: str, version: int) -> ReviewRequest | None:
    """Return that a review of a release was asked for; None if nobody did."""
    return _one(tx, review_request, ReviewRequest, endpoint, version)


def put_request(tx: Connection, item: ReviewRequest) -> None:
    """Write that a review is asked for, over an earlier time."""
    here = (review_request.c.endpoint == item.endpoint) & (review_request.c.version == item.version)
    tx.execute(delete(review_request).where(here))
    tx.execute(insert(review_request).values(msgspec.structs.asdict(item)))


def keep_parts(tx: Connection, item: ReviewRequest, parts: dict[str, str]) -> None:
    """Write with which parts a release went live."""
    here = (review_request.c.endpoint == item.endpoint) & (review_request.c.version == item.version)
    tx.execute(update(review_request).where(here).values(parts=parts))


def open_requests(
    tx: Connection, *, projects: AbstractSet[str] | None = None, limit: int = 500
) -> list[ReviewRequest]:
    """Return the requests whose release passed and is not live yet, of some projects, oldest first.

    Of more than `limit` the newest: a release that nobody will promote any more stays open for ever.
    """
    same = (review_request.c.endpoint == release.c.endpoint) & (review_request.c.version == release.c.version)
    query = (
        select(review_request)
        .join(release, same)
        .where(release.c.state == ReleaseState.PASSED.value, condition(review_request.c.endpoint, projects))
        .order_by(review_request.c.at.desc())
        .limit(limit)
    )
    return [_made(row, ReviewRequest) for row in tx.execute(query)][::-1]


def decisions(tx: Connection, endpoint: str, version: int) -> list[ReleaseApproval]:
    """Return all that people decided of a release, of whatever digest, in the order of the log."""
    here = (release_approval.c.endpoint == endpoint) & (release_approval.c.version == version)
    query = select(release_approval).where(here).order_by(release_approval.c.seq)
    return [_made(row, ReleaseApproval) for row in tx.execute(query)]


def decided(tx: Connection, found: Sequence[tuple[str, int]]) -> set[tuple[str, int]]:
    """Return those of some releases, by endpoint and version, of which people decided anything."""
    table = release_approval.c
    query = select(table.endpoint, table.version).distinct()
    return {
        (row.endpoint, row.version)
        for row in tx.execute(query.where(tuple_(table.endpoint, table.version).in_(found)))
    }


def decision(tx: Connection, id: str) -> ReleaseApproval:
    """Return the decision with an id."""
    row = tx.execute(select(release_approval).where(release_approval.c.id == id)).first()
    if row is None:
        raise NotFound.of("approval of a release", id)
    return _made(row, ReleaseApproval)


def is_used(tx: Connection, id: str) -> bool:
    """Tell whether there is a decision with an id: what was signed counts once."""
    return tx.execute(select(release_approval.c.id).where(release_approval.c.id == id)).first() is not None


def add_decision(tx: Connection, item: ReleaseApproval) -> None:
    """Write a decision."""
    tx.execute(insert(release_approval).values(msgspec.structs.asdict(item)))


def withdraw(tx: Connection, id: str, *, at: datetime, why: str) -> None:
    """Mark a decision as withdrawn."""
    here = release_approval.c.id == id
    tx.execute(update(release_approval).where(here).values(withdrawn_at=at, withdrawal=why))


def glass_of(tx: Connection, endpoint: str, version: int) -> BrokenGlass | None:
    """Return whose glass was broken for a release; None if nobody did."""
    return _one(tx, break_glass, BrokenGlass, endpoint, version)


def add_glass(tx: Connection, item: BrokenGlass) -> None:
    """Write that somebody put a release live without its approvals."""
    tx.execute(insert(break_glass).values(msgspec.structs.asdict(item)))


def answer_glass(tx: Connection, item: BrokenGlass, at: datetime) -> None:
    """Write that enough people signed."""
    here = (break_glass.c.endpoint == item.endpoint) & (break_glass.c.version == item.version)
    tx.execute(update(break_glass).where(here).values(answered_at=at))


def open_glasses(tx: Connection, projects: AbstractSet[str] | None = None) -> list[BrokenGlass]:
    """Return the broken glasses that nobody answered enough, of some projects, oldest first."""
    still = break_glass.c.answered_at.is_(None) & condition(break_glass.c.endpoint, projects)
    return [
        _made(row, BrokenGlass)
        for row in tx.execute(select(break_glass).where(still).order_by(break_glass.c.at).limit(500))
    ]


def mark_voided(tx: Connection, item: ReviewRequest, what: str) -> None:
    """Write that people were told what is void."""
    here = (review_request.c.endpoint == item.endpoint) & (review_request.c.version == item.version)
    tx.execute(update(review_request).where(here).values(voided=what))


def _one(tx: Connection, table: Table, kind: type[S], endpoint: str, version: int) -> S | None:
    here = (table.c.endpoint == endpoint) & (table.c.version == version)
    row = tx.execute(select(table).where(here)).first()
    return None if row is None else _made(row, kind)


def _made(row: Any, kind: type[S]) -> S:
    return msgspec.convert({str(key): value for key, value in row._mapping.items()}, kind)
