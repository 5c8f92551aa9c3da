"""Somebody changes what is stored, behind our back."""

from __future__ import annotations

import os

import pytest
from sqlalchemy import delete, insert, select, update

from meguru import errors
from meguru.app.blob_walk import walk
from meguru.app.open import open_local
from meguru.artifacts.integrity.operations import list_references
from meguru.audit.verify import verify
from meguru.base.settings import Settings
from meguru.datasets.client import add_files
from meguru.datasets.show import files as dataset_files
from meguru.governance.principals import create_principal
from meguru.kernel import events
from meguru.kernel.events.schema import edge, event, event_head
from meguru.testing.events import declare_events
from meguru.testing.tampering import drop_guards

declare_events("thing.made")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def ws(request, tmp_path):
    place = tmp_path / "w" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    settings = Settings(blobs=str(tmp_path / "blobs"), sqlite_synchronous="NORMAL")
    with open_local(place, settings=settings) as opened:
        for name in ("a", "b", "c"):
            create_principal(opened, name=name)
        with opened.db.write() as tx:
            for source, target in (("dataset/x@1", "run/1"), ("run/1", "model/m@1")):
                events.append(
                    tx, type="thing.made", at=opened.clock.now(), actor="a", operation="o",
                    subject=target, used=[source], produced=[target],
                )  # fmt: skip
        assert verify(opened).intact
        with opened.db.write() as tx:
            drop_guards(tx)
        yield opened


def test_a_tail_removed_together_with_its_head_is_noticed_unless_the_head_is_forged_too(ws):
    with ws.db.write() as tx:
        tx.execute(delete(event).where(event.c.seq > 3))
        tx.execute(delete(event_head))
    assert verify(ws).seq == 4


@pytest.mark.parametrize(
    "column", ["type", "actor", "operation", "subject", "cause", "data", "used", "produced"]
)
def test_each_field_of_an_event_is_covered(ws, column):
    value = {"data": {"x": 1}, "used": ["x"], "produced": ["y"]}.get(column, "evt-other")
    with ws.db.write() as tx:
        tx.execute(update(event).where(event.c.seq == 2).values({column: value}))
    assert verify(ws).seq == 2


def test_moving_the_time_or_the_number_of_an_event_is_noticed(ws):
    with ws.db.write() as tx:
        first = tx.execute(select(event.c.at).where(event.c.seq == 1)).scalar()
        tx.execute(update(event).where(event.c.seq == 3).values(at=first))
    assert verify(ws).seq == 3
    with ws.db.write() as tx:
        tx.execute(update(event).where(event.c.seq == 2).values(seq=200))
    assert verify(ws).seq == 3


def test_a_lineage_edge_that_no_event_tells_of_is_named(ws):
    with ws.db.write() as tx:
        tx.execute(insert(edge).values(source="dataset/evil@1", target="model/m@1", event_seq=5))
    found = verify(ws)
    assert (found.intact, found.seq) == (False, 5)
    assert "dataset/evil@1" in found.why


def test_a_lineage_edge_that_was_removed_or_changed_is_named(ws):
    with ws.db.write() as tx:
        tx.execute(delete(edge).where(edge.c.source == "run/1"))
    found = verify(ws)
    assert (found.intact, found.seq) == (False, 5)
    assert "run/1" in found.why
    with ws.db.write() as tx:
        tx.execute(insert(edge).values(source="run/1", target="model/m@1", event_seq=5))
        tx.execute(update(edge).where(edge.c.source == "run/1").values(target="model/m@2"))
    assert not verify(ws).intact


def test_a_tail_that_was_forged_with_all_its_hashes_shows_only_against_a_head_kept_elsewhere(ws):
    """The limit of a chain without signatures: whoever can write everything can write a new history."""
    kept = verify(ws).head
    with ws.db.write() as tx:
        tx.execute(delete(event).where(event.c.seq > 4))
        tx.execute(delete(edge).where(edge.c.event_seq > 4))
        last = tx.execute(select(event.c.hash).where(event.c.seq == 4)).scalar()
        tx.execute(update(event_head).values(seq=4, hash=last))
        events.append(
            tx, type="thing.made", at=ws.clock.now(), actor="forger", operation="o", subject="model/m@1"
        )
    found = verify(ws)
    assert found.intact
    assert found.head != kept
    expected = verify(ws, expect=kept)
    assert (expected.intact, expected.seq) == (False, None)
    assert "expect" in expected.why
    assert verify(ws, expect=found.head).intact


def test_a_dataset_whose_file_was_removed_is_named_by_a_walk_on_either_database(ws, tmp_path):
    for number in range(3):
        (tmp_path / f"{number}.csv").write_text(f"a\n{number}\n")
        add_files(ws, "parts", [tmp_path / f"{number}.csv"], mode="append")
    assert walk(ws).complete
    page, pages = list_references(ws, limit=2), []
    while page.next_cursor:  # one of a table that holds nothing is empty
        pages.append(page.items)
        page = list_references(ws, cursor=page.next_cursor, limit=2)
    listed = [(each.digest, each.ref) for items in [*pages, page.items] for each in items]
    assert max(map(len, pages)) <= 4  # two rows, each with two blobs
    assert (len(set(listed)), len(listed)) == (6, 6)
    digest = next(each.digest for each in dataset_files(ws, ref="parts") if each.path == "2.csv")
    ws.blobs.path(digest).unlink()
    (lost,) = walk(ws).lost
    assert (lost.digest, lost.state, lost.refs) == (digest, "missing", ["dataset/parts@3"])


@pytest.fixture
def blob(ws):
    digest = ws.blobs.put_bytes(b"truth" * 1000)
    place = ws.blobs.path(digest)
    assert place.read_bytes() == b"truth" * 1000
    place.chmod(0o644)
    return digest, place


def test_a_blob_changed_in_place_with_its_old_time_and_size_is_noticed(ws, blob):
    digest, place = blob
    before = place.stat()
    with place.open("r+b") as file:
        file.write(b"lies!")
    os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))
    for read in (ws.blobs.get_bytes, ws.blobs.path):
        with pytest.raises(errors.DigestMismatch):
            read(digest)


@pytest.mark.parametrize("content", [b"", b"truth", b"lies!" * 1000])
def test_storing_the_same_bytes_again_mends_a_damaged_blob(ws, blob, tmp_path, content):
    digest, place = blob
    place.write_bytes(content)
    assert ws.blobs.put_bytes(b"truth" * 1000) == digest
    assert ws.blobs.get_bytes(digest) == b"truth" * 1000
    place.chmod(0o644)
    place.write_bytes(content)
    (tmp_path / "again").write_bytes(b"truth" * 1000)
    assert ws.blobs.put_file(tmp_path / "again") == digest
    assert ws.blobs.path(digest).read_bytes() == b"truth" * 1000


def test_a_deleted_blob_is_missing_and_can_be_stored_again(ws, blob):
    digest, place = blob
    place.unlink()
    for read in (ws.blobs.get_bytes, ws.blobs.path, ws.blobs.size):
        with pytest.raises(errors.NotFound):
            read(digest)
    assert ws.blobs.put_bytes(b"truth" * 1000) == digest
    assert ws.blobs.path(digest).exists()


def test_a_blob_replaced_by_a_link_is_noticed(ws, blob, tmp_path):
    digest, place = blob
    (tmp_path / "elsewhere").write_bytes(b"lies!")
    place.unlink()
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(errors.DigestMismatch):
        ws.blobs.path(digest)
