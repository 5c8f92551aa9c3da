"""Structs are written to columns that are called as their attributes, whatever these are called in JSON."""

from datetime import UTC, datetime
from enum import StrEnum

import msgspec
import pytest
from sqlalchemy import Column, MetaData, String, Table, insert, select

from meguru.storage.db import Database
from meguru.storage.struct_rows import struct_of


class Mood(StrEnum):
    CALM = "calm"


class Note(msgspec.Struct, frozen=True, kw_only=True):
    count: str
    reported_by: str = msgspec.field(name="told_by")
    mood: Mood = Mood.CALM
    at: datetime | None = None


def test_a_column_is_read_by_the_attribute_though_json_has_another_name(tmp_path):
    note = Table("note", MetaData(), *(Column(name, String) for name in ("count", "reported_by", "mood")))
    db = Database(f"sqlite:///{tmp_path / 'a.db'}")
    with db.write() as tx:
        note.create(tx)
        tx.execute(insert(note).values(count="2", reported_by="ci", mood="calm"))
        row = tx.execute(select(note)).one()
    found = struct_of(Note, {**row._mapping, "at": datetime(2026, 3, 1, tzinfo=UTC)})
    assert found == Note(count="2", reported_by="ci", at=datetime(2026, 3, 1, tzinfo=UTC))
    assert isinstance(found.mood, Mood)
    assert msgspec.to_builtins(found)["told_by"] == "ci"
    db.close()


def test_a_row_that_is_no_such_struct_is_refused():
    with pytest.raises(msgspec.ValidationError, match="Invalid enum value"):
        struct_of(Note, {"count": "1", "reported_by": "ci", "mood": "loud"})
