"""What a client says of where things come from: it must exist, and it stays marked as its word alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from sqlalchemy import Connection, func, select

from meguru.artifacts.sight import Sight
from meguru.base import refs
from meguru.errors import InvalidInput
from meguru.kernel.events.schema import edge, event

MAX_CLAIMS = 1000
_BATCH = 500


def check_claims(
    tx: Connection, given: Sequence[str] | str, *, field: str, after: str = "", sight: Sight | None = None
) -> list[str]:
    """Return references that a client gave, each once; refuse one that names nothing.

    Parameters
    ----------
    tx
        The open transaction.
    given
        References of the form ``kind/name@version``, or one; an alias or ``latest`` names nothing for good.
    field
        The argument they came in.
    sight
        What the client may see; what it may not is as if it were not there. None: all.
    after
        The reference of what is said to have made them: what was there before it began can't be its product.

    Raises
    ------
    InvalidInput
        Naming the first one that the log has never told of, or that is older than its maker.
    """
    is_list = not isinstance(given, str)
    given = [given] if isinstance(given, str) else given
    if len(given) > MAX_CLAIMS:
        raise InvalidInput(f"{field} names {len(given)} things", why=f"at most {MAX_CLAIMS}", field=field)
    wanted = list(dict.fromkeys(given))
    first = _first_events(tx, [*wanted, after] if after else wanted)
    for number, ref in enumerate(wanted):
        place = f"{field}[{number}]" if is_list else field
        if ref not in first or (sight is not None and not sight.sees(ref)):
            raise _unknown(ref, place)
        if after and first[ref] < first.get(after, 0):
            why = f"it was there before {after} began"
            raise InvalidInput(f"{ref[:200]} was not made here", where=ref, why=why, field=place)
    return wanted


def _unknown(ref: str, field: str) -> InvalidInput:
    hint = "write kind/name@version, as in dataset/flights@3"
    with suppress(InvalidInput):
        parsed = refs.parse(ref)
        hint = "" if str(parsed.version).isdecimal() else f"name a version: {parsed.kind}/{parsed.name}@1"
    why = "the log has never told of it"
    return InvalidInput(f"there is no {ref[:200]}", where=ref, why=why, hint=hint, field=field)


def _first_events(tx: Connection, wanted: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(wanted), _BATCH):
        some = event.c.subject.in_(wanted[start : start + _BATCH])
        query = select(event.c.subject, func.min(event.c.seq)).where(some).group_by(event.c.subject)
        found.update((str(subject), int(seq)) for subject, seq in tx.execute(query))
    return found


def claimed_sources(tx: Connection, targets: Iterable[str]) -> dict[str, list[str]]:
    """Return, of each thing, what it is only claimed to be made from; things without claims are left out."""
    wanted, found = list(targets), dict[str, list[str]]()
    for start in range(0, len(wanted), _BATCH):
        some = edge.c.target.in_(wanted[start : start + _BATCH]) & edge.c.claimed
        for row in tx.execute(select(edge.c.source, edge.c.target).where(some).order_by(edge.c.source)):
            found.setdefault(row.target, []).append(row.source)
    return found


def proved_sources(tx: Connection, target: str) -> list[str]:
    """Return what a thing was made from, as the operation that made it wrote."""
    mine = (edge.c.target == target) & ~edge.c.claimed
    return list(tx.execute(select(edge.c.source).where(mine).order_by(edge.c.source)).scalars())
