"""Large files are cut by what they hold: equal content is cut alike, wherever it stands."""

from __future__ import annotations

import io
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from meguru.datasets.folders import chunks
from meguru.datasets.folders.packs import PackWriter
from meguru.storage.blobs.digest_only import DigestOnlyBlobs

BODY = random.Random(3).randbytes(3 << 20)


def test_pieces_are_the_file_and_do_not_depend_on_how_much_is_read_at_once(monkeypatch):
    whole = list(chunks.cut_into_pieces(io.BytesIO(BODY)))
    assert b"".join(whole) == BODY
    assert max(map(len, whole)) <= chunks.MAX_PIECE
    monkeypatch.setattr(chunks, "_WINDOW", 300_001)
    assert list(chunks.cut_into_pieces(io.BytesIO(BODY))) == whole


@settings(max_examples=15)
@given(at=st.integers(0, len(BODY)), gone=st.integers(0, 2000), come=st.binary(max_size=2000))
def test_a_change_makes_few_pieces_new(at, gone, come):
    changed = BODY[:at] + come + BODY[at + gone :]
    pieces = list(chunks.cut_into_pieces(io.BytesIO(changed)))
    assert b"".join(pieces) == changed
    new = set(pieces) - set(chunks.cut_into_pieces(io.BytesIO(BODY)))
    assert sum(map(len, new)) <= 4 * chunks.MAX_PIECE


def test_pieces_that_repeat_have_one_place():
    writer = PackWriter(DigestOnlyBlobs(), known=set())
    writer.add(io.BytesIO(BODY + BODY), 2 * len(BODY))
    assert writer.new_bytes < len(BODY) + 2 * chunks.MAX_PIECE
    first = writer.add(io.BytesIO(b"small"), 5)
    before = writer.new_bytes
    assert writer.add(io.BytesIO(b"small"), 5) == first
    assert writer.new_bytes == before
