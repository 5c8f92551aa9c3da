"""What somebody with the database can do to the log, and what is said of it, with checkpoints and without."""

from contextlib import nullcontext, suppress

import pytest
from sqlalchemy import delete, insert, select, update

from meguru.app.open import open_local
from meguru.audit.checkpoints.operations import take
from meguru.audit.verify import examine
from meguru.base.settings import Settings
from meguru.governance.signing_keys.operations import list_keys
from meguru.kernel import events
from meguru.kernel.events.schema import event
from meguru.testing.events import declare_events
from meguru.testing.tampering import cut_off, drop_guards, seal_anew

declare_events("thing.made")


def add(tx, ws, number):
    events.append(
        tx, type="thing.made", at=ws.clock.now(), actor="a", operation="o", subject=f"thing/{number}"
    )


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def signed(request, tmp_path_factory):
    """A log of 20 entries; after the 8th and the 14th it was signed."""
    folder, notes = tmp_path_factory.mktemp("log"), []
    here = nullcontext(folder / "w")
    with here if request.param == "sqlite" else request.getfixturevalue("new_database")() as place:
        settings = Settings(blobs=str(folder / "blobs"), sqlite_synchronous="NORMAL", secret_key="x" * 40)
        with open_local(place, settings=settings) as ws:
            for _ in range(2):
                with ws.db.write() as tx:
                    for number in range(6 if notes else 8):
                        add(tx, ws, number)
                notes.append(take(ws))
            with ws.db.write() as tx:
                drop_guards(tx)
                while (events.head(tx)) < 20:
                    add(tx, ws, 0)
            key = next(each.public for each in list_keys(ws, owner=""))
            yield ws, "\n".join(each.note for each in notes), key, [each.size for each in notes]


class Undone(Exception):
    pass


def tampered(signed, change, *, checkpoints, trust=True):
    """Return what is said of the log after a change, which is undone."""
    ws, notes, key, _ = signed
    with suppress(Undone), ws.db.write() as tx:
        change(tx)
        given = {"vault": notes} if checkpoints else {}
        found = examine(tx, checkpoints=given, trust=[key] if trust else None)
        raise Undone
    return found


def change(tx):
    tx.execute(update(event).where(event.c.seq == 4).values(actor="mallory"))


def remove(tx):
    tx.execute(delete(event).where(event.c.seq == 4))


def add_one(tx):
    row = dict(tx.execute(select(event).where(event.c.seq == 20)).one()._mapping)
    tx.execute(insert(event).values({**row, "seq": 21, "id": "evt-forged"}))


def reorder(tx):
    tx.execute(update(event).where(event.c.seq == 4).values(seq=100))
    tx.execute(update(event).where(event.c.seq == 5).values(seq=4))
    tx.execute(update(event).where(event.c.seq == 100).values(seq=5))


def sealed(first):
    def both(tx):
        first(tx)
        seal_anew(tx)

    return both


def grown_again(tx):
    cut_off(tx, 10)
    for number in range(10):
        tx.execute(
            insert(event).values(
                **dict(tx.execute(select(event).where(event.c.seq == 1)).one()._mapping)
                | {"seq": 11 + number, "id": f"evt-forged-{number}", "actor": "mallory"}
            )
        )
    seal_anew(tx)


# What is changed; the entry that the chain names (None: it holds); what a checkpoint says.
CASES = {
    "nothing": (lambda tx: None, None, ""),
    "an entry is changed": (change, 4, "broken at entry 4"),
    "an entry is removed": (remove, 5, "broken at entry 5"),
    "an entry is added": (add_one, 21, ""),
    "two entries change places": (reorder, 4, "broken at entry 4"),
    "an entry is changed, and all hashes": (sealed(change), None, "entries 1 to 8 are not those"),
    "an entry is removed, and all hashes": (sealed(remove), None, "entries 1 to 8 are not those"),
    "two change places, and all hashes": (sealed(reorder), None, "entries 1 to 8 are not those"),
    "what nobody signed yet is cut off": (lambda tx: cut_off(tx, 16), None, ""),
    "the end is cut off": (lambda tx: cut_off(tx, 12), None, "the log ends at 12"),
    "the end is another": (grown_again, None, "entries 9 to 16 are not those"),
    "all is another": (
        sealed(lambda tx: tx.execute(update(event).values(actor="mallory"))),
        None,
        "1 to 8 are",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_was_done_to_the_log_is_named_with_its_place(signed, case):
    work, seq, told = CASES[case]
    alone = tampered(signed, work, checkpoints=False)
    assert (alone.intact, alone.seq, alone.faults) == (seq is None, seq, [])
    found = tampered(signed, work, checkpoints=True)
    assert (found.intact, found.seq) == (seq is None and not told, seq)
    assert told in " ".join(each.why for each in found.faults)
    assert bool(found.faults) == bool(told)
    assert all(each.place.startswith("vault, line ") for each in found.faults)
    assert len(found.unguarded) > 0


def test_only_what_was_signed_by_a_trusted_key_of_this_log_counts(signed):
    ws, notes, _, sizes = signed
    with ws.read() as tx:
        good = examine(tx, checkpoints={"vault": notes})
        assert (good.intact, good.checkpoints, good.covered) == (True, 2, sizes[-1])
        other = "ed25519:" + "A" * 43 + "="
        found = examine(tx, checkpoints={"vault": notes}, trust=[other])
        assert [each.why.partition(":")[0] for each in found.faults] == [
            "no key that is trusted signed it"
        ] * 2
        forged = notes.replace("\n8\n", "\n9\n", 1)
        found = examine(tx, checkpoints={"vault": forged})
        assert [(each.place, each.size) for each in found.faults] == [("vault, line 1", 9)]
        found = examine(tx, checkpoints={"vault": notes[:-20]})
        assert (found.faults[0].place, found.intact) == ("vault, line 8", False)
        assert examine(tx, checkpoints={"vault": ""}).faults[0].why == "there is no checkpoint in it"
