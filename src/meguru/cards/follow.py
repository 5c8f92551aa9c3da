"""The follower: keeps the card of what was registered, and of what went live."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial

from meguru.base import refs
from meguru.base.late import importing, load_ahead
from meguru.cards import store
from meguru.cards.kind import CARD
from meguru.cards.types import Card
from meguru.errors import Busy, MeguruError
from meguru.kernel import events
from meguru.kernel.events import Event
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.services import Follower
from meguru.kernel.workspace import Workspace

log = logging.getLogger(__name__)
REGISTERED, DATA = "model_version.registered", "dataset_version.created"
LIVE = ("release.promoted", "release.rolled_back")
FOLLOWED = (REGISTERED, DATA, *LIVE)
BATCH = 50
FRESH = timedelta(days=7)
"""What is older when the log is first read is history: its cards are kept when somebody asks for them."""


class CardKeeper(Follower):
    """Keeps cards as versions come and go live; several servers may run one each.

    A card and the cursor are one transaction: each event is answered once, whoever is killed when.
    """

    name = "cards"
    pace = 0.5

    def __init__(self, ws: Workspace) -> None:
        super().__init__(ws)
        # Spares a read of events that concern no card: the cursor is written only for those that do.
        self._seen = 0
        self._is_behind = False

    def step(self) -> int:
        """Keep the cards of all that has happened by now; return how many events concerned them."""
        with self.ws.read() as tx:
            head, after = events.head(tx), store.cursor(tx)
            start = max(after or 0, self._seen)
            found = events.read(tx, after=start, before=head + 1, types=FOLLOWED, limit=BATCH)
        since = self.ws.clock.now() - FRESH
        for event in found:
            if (after is not None or event.at >= since) and (made := self._cards(event)):
                _FOLLOW.commit(self.ws, partial(_take_in, event=event, made=made))
        self._is_behind = len(found) == BATCH
        seen = found[-1].seq if self._is_behind else head
        if found or after is None:  # what concerns no card costs no transaction
            _FOLLOW.commit(self.ws, partial(_move, seq=seen))
        self._seen = seen
        return len(found)

    def rest(self) -> float:
        """Return the seconds to the next look: none while there are more events than one look takes in."""
        return 0.0 if self._is_behind else self.idle

    def wakes(self, type: str) -> bool:
        """Tell whether a card is kept after an event of this type."""
        return type in FOLLOWED

    def _cards(self, event: Event) -> list[Card]:
        with importing:
            from meguru.cards.assemble import assemble
            from meguru.cards.facts.reader import RecordReader
        load_ahead("meguru.cards.snapshots")
        wanted = [event.subject] if event.type in {REGISTERED, DATA} else _of_release(event)
        made = []
        with self.ws.read() as tx:
            for ref in wanted:
                parsed = refs.parse(ref)
                reader = RecordReader.of_project(tx, self.ws.blobs, parsed.project, self.ws.clock.now())
                if event.type == DATA and store.of(tx, refs.make(parsed.kind, parsed.name)) is None:
                    continue  # nobody wrote about it: its versions may come every minute
                try:
                    made.append(assemble(reader, ref))
                except Busy:
                    raise  # a store that is away: the cursor stays, and the event is looked at again
                except MeguruError as error:
                    # It went away meanwhile, or can't be read, such as damaged files: the others must not
                    # wait for it.
                    log.warning("no card of %s was kept: %s", ref, error)
        return made


def _of_release(event: Event) -> list[str]:
    return [str(event.data["model"]), str(event.data["endpoint"])]


def _take_in(ctx: Context, *, event: Event, made: list[Card]) -> None:
    """Keep the cards that an event asks for, and move the cursor behind it."""
    if (store.cursor(ctx.tx, lock=True) or 0) >= event.seq:
        return  # another server was quicker
    with importing:
        from meguru.cards.snapshots import keep_snapshot
    told = ctx.with_(cause=event.id)
    for card in made:
        keep_snapshot(told, card, event.type)
    store.set_cursor(ctx.tx, event.seq)


def _move(ctx: Context, *, seq: int) -> None:
    if (store.cursor(ctx.tx, lock=True) or 0) < seq:
        store.set_cursor(ctx.tx, seq)


_FOLLOW = InternalOperation(CARD, "follow")
