"""What every materializer must do. Subclass it, and give the materializer and some of its values."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from meguru.base import digests
from meguru.compute.materializers import Materializer, Value, ValueStore
from meguru.storage.blobs import open_store


class MaterializerContract:
    """The promises of `meguru.compute.materializers.base.Materializer`."""

    annotation: Any = Any
    """What a step that returns such values is annotated to return."""

    def materializer(self) -> Materializer:
        """Return the materializer under test."""
        raise NotImplementedError

    def values(self) -> list[Callable[[], Any]]:
        """Return functions that make values; called twice, each makes two that are equal, and no two are."""
        raise NotImplementedError

    def equal(self, found: Any, value: Any) -> bool:
        """Tell whether a value came back as it was."""
        return bool(type(found) is type(value) and found == value)

    @pytest.fixture
    def place(self, tmp_path: Path) -> ValueStore:
        """An empty store, and a folder for files."""
        (tmp_path / "scratch").mkdir()
        return ValueStore(open_store(tmp_path / "blobs"), tmp_path / "scratch")

    def save(self, value: Any, place: ValueStore) -> Value:
        return self.materializer().save(value, self.annotation, place)

    def load(self, value: Value, place: ValueStore) -> Any:
        return self.materializer().load(value, self.annotation, place)

    def test_there_are_two_values_at_least(self) -> None:
        assert len(self.values()) >= 2

    def test_it_takes_its_values_and_no_others(self) -> None:
        assert all(self.materializer().fits(make()) for make in self.values())
        assert not self.materializer().fits(_Stranger())

    def test_a_value_comes_back_equal(self, place: ValueStore) -> None:
        for make in self.values():
            assert self.equal(self.load(self.save(make(), place), place), make())

    def test_equal_values_are_equal_bytes(self, place: ValueStore) -> None:
        for make in self.values():
            assert self.save(make(), place).identity == self.save(make(), place).identity

    def test_different_values_are_different_bytes(self, place: ValueStore) -> None:
        found = [self.save(make(), place).identity for make in self.values()]
        assert len(set(found)) == len(found)

    def test_what_came_back_is_written_as_the_same_bytes(self, place: ValueStore) -> None:
        for make in self.values():
            first = self.save(make(), place)
            assert self.save(self.load(first, place), place).identity == first.identity

    def test_a_value_is_described_by_plain_data(self, place: ValueStore) -> None:
        for make in self.values():
            value = self.save(make(), place)
            assert digests.check_digest(value.digest)
            assert value.size >= 0
            digests.canonical([value.meta, value.info])

    def test_what_is_stored_is_no_pickle(self, place: ValueStore) -> None:
        for make in self.values():
            self.save(make(), place)
        stored = [path for path in Path(place.blobs.url).rglob("*") if path.is_file()]
        assert stored
        for path in stored:
            assert not _is_pickle(path.read_bytes()), path

    def test_reading_leaves_the_store_as_it_was(self, place: ValueStore) -> None:
        value = self.save(self.values()[0](), place)
        before = place.blobs.path(value.digest).read_bytes()
        self.load(value, place)
        assert place.blobs.path(value.digest).read_bytes() == before


class _Stranger:
    """A value that nobody knows."""


def _is_pickle(data: bytes) -> bool:
    if not data.startswith(b"\x80"):
        return False
    try:
        pickle.loads(data)
    except Exception:  # noqa: BLE001 - whatever it is, it is no pickle
        return False
    return True
