"""SQL of cards, on an open transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from meguru.cards.schema import card, card_cursor, card_part_review, kept_card
from meguru.cards.types import Card, DeclaredCard, KeptCard, PartReview
from meguru.errors import NotFound
from meguru.kernel.projects import condition

_PRESENT = card.c.retired_at.is_(None)
_COLUMNS = (card.c.name, card.c.about, card.c.words)
_KEPT = [kept_card.c[name] for name in KeptCard.__struct_fields__]


def find(tx: Connection, name: str) -> DeclaredCard | None:
    """Return a card's words; None if there is none of this name."""
    row = tx.execute(select(*_COLUMNS).where(card.c.name == name, _PRESENT)).first()
    return None if row is None else DeclaredCard(**row._mapping)


def find_many(tx: Connection, names: Sequence[str]) -> list[DeclaredCard]:
    """Return those of these names that are there."""
    return [DeclaredCard(**row._mapping) for row in tx.execute(_some(card.c.name.in_(names)))]


def of(tx: Connection, about: str) -> DeclaredCard | None:
    """Return the words about a thing, named without its version; None if nobody wrote any."""
    row = tx.execute(_some(card.c.about == about)).first()
    return None if row is None else DeclaredCard(**row._mapping)


def page(tx: Connection, projects: AbstractSet[str] | None) -> list[DeclaredCard]:
    """Return the cards of some projects (None: of all), by name."""
    query = _some(condition(card.c.name, projects)).order_by(card.c.name)
    return [DeclaredCard(**row._mapping) for row in tx.execute(query)]


def declare(tx: Connection, item: DeclaredCard) -> None:
    """Write words: over the present ones, over those of a retired card, or of a new one."""
    values = {"about": item.about, "words": item.words, "retired_at": None}
    if not tx.execute(update(card).where(card.c.name == item.name).values(values)).rowcount:
        tx.execute(insert(card).values(values | {"name": item.name}))


def all_words(tx: Connection) -> list[tuple[str, dict[str, str]]]:
    """Return the words of every card by its name, also of retired ones."""
    rows = tx.execute(select(card.c.name, card.c.words).order_by(card.c.name))
    return [(row.name, row.words) for row in rows]


def put_words(tx: Connection, name: str, words: dict[str, str]) -> None:
    """Write words over those of a card, whether it is retired or not."""
    tx.execute(update(card).where(card.c.name == name).values(words=words))


def take_out(tx: Connection, name: str, at: datetime) -> None:
    """Mark a card as retired."""
    tx.execute(update(card).where(card.c.name == name).values(retired_at=at))


def part_reviews(tx: Connection, name: str) -> dict[str, PartReview]:
    """Return when each part of a card was looked at last."""
    mine = [card_part_review.c[each] for each in PartReview.__struct_fields__]
    rows = tx.execute(select(*mine).where(card_part_review.c.card == name))
    reviews = (
        msgspec.convert({str(key): value for key, value in row._mapping.items()}, PartReview) for row in rows
    )
    return {review.part: review for review in reviews}


def put_part_reviews(tx: Connection, name: str, found: Iterable[PartReview]) -> None:
    """Write down that parts were looked at."""
    rows = [msgspec.structs.asdict(review) | {"card": name} for review in found]
    if rows:
        forget_part_reviews(tx, name, [row["part"] for row in rows])
        tx.execute(
            insert(card_part_review), [row | {"traits": msgspec.to_builtins(row["traits"])} for row in rows]
        )


def forget_part_reviews(tx: Connection, name: str, parts: Sequence[str]) -> None:
    """Forget about parts that are no more."""
    tx.execute(
        delete(card_part_review).where(card_part_review.c.card == name, card_part_review.c.part.in_(parts))
    )


def add_snapshot(tx: Connection, kept: KeptCard, body: Card) -> None:
    """Write down what the card of a version says."""
    tx.execute(insert(kept_card).values(msgspec.structs.asdict(kept) | {"body": msgspec.to_builtins(body)}))


def next_number(tx: Connection, about: str) -> int:
    """Return the number of the next card that is kept of a version."""
    newest = tx.execute(select(func.max(kept_card.c.number)).where(kept_card.c.about == about)).scalar()
    return (newest or 0) + 1


def kept(tx: Connection, about: str, limit: int) -> list[KeptCard]:
    """Return what was kept of a version, newest first."""
    query = select(*_KEPT).where(kept_card.c.about == about).order_by(kept_card.c.number.desc())
    return [KeptCard(**row._mapping) for row in tx.execute(query.limit(limit))]


def body(tx: Connection, about: str, number: int | None = None) -> Card | None:
    """Return a kept card, the newest where none is said; None if there is none."""
    query = select(kept_card.c.body).where(kept_card.c.about == about)
    if number is not None:
        query = query.where(kept_card.c.number == number)
    found = tx.execute(query.order_by(kept_card.c.number.desc()).limit(1)).scalar()
    if found is None and number is not None:
        raise NotFound.of(
            "kept card", f"{about} #{number}", [f"#{each.number}" for each in kept(tx, about, 5)]
        )
    return None if found is None else msgspec.convert(found, Card)


def bodies(tx: Connection) -> Iterator[tuple[str, int, Any]]:
    """Yield all kept cards as plain data, one at a time: what they are about, their number, what they say."""
    for about, number in tx.execute(select(kept_card.c.about, kept_card.c.number)).all():
        here = (kept_card.c.about == about) & (kept_card.c.number == number)
        yield about, number, tx.execute(select(kept_card.c.body).where(here)).scalar_one()


def put_body(tx: Connection, about: str, number: int, body: Card) -> None:
    """Write what a kept card says, over what it said."""
    here = (kept_card.c.about == about) & (kept_card.c.number == number)
    tx.execute(update(kept_card).where(here).values(body=msgspec.to_builtins(body)))


def cursor(tx: Connection, *, lock: bool = False) -> int | None:
    """Return the event up to which cards were kept; None before the first look."""
    query = select(card_cursor.c.seq)
    found: int | None = tx.execute(query.with_for_update() if lock else query).scalar()
    return found


def set_cursor(tx: Connection, seq: int) -> None:
    """Note up to which event cards were kept."""
    if not tx.execute(update(card_cursor).values(seq=seq)).rowcount:
        tx.execute(insert(card_cursor).values(id=1, seq=seq))


def _some(where: Any) -> Any:
    return select(*_COLUMNS).where(where, _PRESENT)
