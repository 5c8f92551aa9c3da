"""Checkpoints as signed notes: of the standard's form, and refused where they are not whole."""

from datetime import UTC, datetime

import pytest

from meguru.errors import InvalidInput
from meguru.signing.checkpoint import TreeHead, read_checkpoints
from meguru.signing.keys import PublicKey, SigningKey
from meguru.signing.note import SignedNote, key_id, read_notes, sign_note

KEY = SigningKey.from_seed(bytes(range(32)))
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEAD = TreeHead(origin="meguru/log/1a2b", size=7, root=b"r" * 32, at=AT)
# The note that https://c2sp.org/signed-note and Go's sumdb/note give as their example.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = """If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
"""


def test_a_note_that_another_tool_signed_is_read_and_checked():
    (note,) = read_notes(GO_NOTE)
    import base64

    key = PublicKey(base64.b64decode(GO_KEY.rpartition("+")[2])[1:])
    assert key_id("PeterNeumann", key).hex() == GO_KEY.split("+")[1]
    assert note.is_signed_by("PeterNeumann", key)
    assert not note.is_signed_by("PeterNeumann", KEY.public)
    assert note.written == GO_NOTE


def test_a_checkpoint_says_what_was_signed():
    note = HEAD.signed(KEY)
    assert note.text.splitlines() == [
        "meguru/log/1a2b",
        "7",
        "cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI=",
        "at 2026-03-01T12:00:00.000000Z",
    ]
    ((read, head),) = read_checkpoints(note.written)
    assert (head, read.is_signed_by(head.origin, KEY.public)) == (HEAD, True)


def test_many_stand_one_below_the_other_each_with_its_line():
    notes = [HEAD.signed(KEY).written] * 3
    for between in ("", "\n", "\n\n"):
        assert [note.line for note, _ in read_checkpoints(between.join(notes))] == [
            1 + number * (6 + len(between)) for number in range(3)
        ]


def test_what_is_no_whole_checkpoint_is_refused_with_its_line():
    whole = HEAD.signed(KEY).written
    for end in range(len(whole) + 1, 2 * len(whole)):
        with pytest.raises(InvalidInput) as refused:
            list(read_checkpoints((whole + whole)[:end]))
        assert refused.value.where in {"line 7", "line 12"}
    for text in (
        "hello\n\n— x AAAAAAAA\n",
        whole.replace("\n7\n", "\n-7\n"),
        whole.replace("at 2026", "at x"),
    ):
        with pytest.raises(InvalidInput, match="no checkpoint"):
            list(read_checkpoints(text))
    with pytest.raises(ValueError, match="none is empty"):
        sign_note("a\n\nb\n", "me", KEY)


def test_a_changed_byte_is_signed_by_nobody():
    whole = HEAD.signed(KEY).written.encode()
    for place in range(len(whole)):
        changed = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        try:
            found = list(read_checkpoints(changed.decode()))
        except (InvalidInput, UnicodeDecodeError):
            continue
        assert not any(
            isinstance(note, SignedNote) and note.is_signed_by(head.origin, KEY.public)
            for note, head in found
        )
