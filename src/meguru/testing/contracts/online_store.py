"""The contract of an online store."""

from __future__ import annotations

import itertools
import math
import multiprocessing
import struct
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meguru.errors import TooLarge
from meguru.features.online.base import (
    MAX_KEY_BYTES,
    MAX_VALUE_BYTES,
    TOMBSTONE,
    FoundRow,
    OnlineRow,
    OnlineStore,
    Retraction,
    RowColumns,
)
from meguru.features.online.layout import Layout

VIEW = "team/weather@1"
NAN = struct.unpack("<d", struct.pack("<Q", 0x7FF8_0000_0000_BEEF))[0]
"""A NaN that carries something: stores keep its bits."""
ROWS = pl.DataFrame(
    {
        "whole": [2**63 - 1, -(2**63), 0, None],
        "unsigned": pl.Series([2**64 - 1, 0, 1, None], dtype=pl.UInt64),
        "float": [NAN, -0.0, math.inf, None],
        "single": pl.Series([0.1, -math.inf, 5e-324, None], dtype=pl.Float32),
        "text": ["", "ü\x00\n", "x" * 1000, None],
        "flag": [True, False, True, None],
        "day": [date(1, 1, 1), date(9999, 12, 31), date(1969, 12, 31), None],
        "at": pl.Series([datetime(1969, 12, 31, 23, 59, 59, 999999, UTC)] * 3 + [None]),
        "wall": pl.Series([datetime(2026, 3, 29, 2, 30)] * 3 + [None]),  # noqa: DTZ001 - a column without zone
        "took": pl.Series([timedelta(microseconds=-1)] * 3 + [None]),
        "list": pl.Series([[1.5, None, NAN], [], [-0.0], None], dtype=pl.List(pl.Float64)),
        "times": pl.Series([[datetime(2026, 1, 1, tzinfo=UTC)], [], [None], None]),
        "bytes": [b"\xff", b"", b"\x00\x01", None],
    }
)
"""Rows with a value of every type, at its edges."""


def row(key: bytes, event: int, packed: bytes = b"\x90", created: int = 0, sequence: int = 0) -> OnlineRow:
    """Return a row."""
    return OnlineRow(key, event, created, sequence, packed)


def write(
    store: OnlineStore, view: str, rows: Sequence[OnlineRow], retract: Sequence[Retraction] = ()
) -> int:
    """Write rows; return how many are new."""
    return store.write(view, RowColumns.of(rows), retract)


def one(store: OnlineStore, key: bytes, view: str = VIEW) -> FoundRow | None:
    """Read one key."""
    return store.read([(view, [key])])[0][0]


def contents(store: OnlineStore, view: str = VIEW) -> list[OnlineRow]:
    """Return all that a store has of a view, by key."""
    return sorted(row for part in store.scan(view) for row in part)


def bits(values: list[Any]) -> list[Any]:
    """Return values in a form in which only the same bits are equal."""
    return [_bits(value) for value in values]


def _bits(value: Any) -> Any:
    if isinstance(value, float):
        return struct.pack("<d", value)
    return bits(value) if isinstance(value, list) else value


class OnlineStoreContract:
    """Subclass it, with a fixture `store` that gives an empty store, and `reopen`."""

    def reopen(self, store: OnlineStore) -> OnlineStore:
        """Open the same store as another process would."""
        raise NotImplementedError

    def test_nothing_is_found_where_nothing_was_written(self, store: OnlineStore) -> None:
        assert store.read([(VIEW, [b"a", b"b"]), ("other@1", []), ("other@2", [b"a"])]) == [
            [None, None],
            [],
            [None],
        ]
        assert contents(store) == []
        assert store.views() == {}
        store.clear(VIEW)

    def test_rows_come_back_in_the_order_of_the_keys_asked_for(self, store: OnlineStore) -> None:
        write(store, VIEW, [row(b"%d" % n, n, b"\x91%c" % (n % 100)) for n in range(700)])
        keys = [b"%d" % n for n in (5, 3, 5, 9999, 0)] + [b"%d" % n for n in range(650)]
        found = store.read([(VIEW, keys), ("other@1", [b"1"])])
        assert found[1] == [None]
        assert found[0] == [
            None if key == b"9999" else (int(key), 0, b"\x91%c" % (int(key) % 100)) for key in keys
        ]

    def test_every_value_of_every_type_comes_back_to_the_bit(self, store: OnlineStore) -> None:
        layout = Layout(ROWS.schema)
        packed = layout.pack(ROWS)
        write(store, VIEW, [row(b"%d" % n, n, each) for n, each in enumerate(packed)])
        other = self.reopen(store)
        found = other.read([(VIEW, [b"0", b"1", b"2", b"3"])])[0]
        other.close()
        for n, given_row in enumerate(ROWS.iter_rows()):
            assert found[n] is not None
            assert bits(layout.unpack(found[n][2])) == bits(list(given_row))  # type: ignore[index]

    def test_the_newest_row_wins_whatever_the_order_of_writes(self, store: OnlineStore) -> None:
        rows = [
            row(b"k", 1, b"\x91\x01", created=9, sequence=9),
            row(b"k", 2, b"\x91\x02"),
            row(b"k", 2, b"\x91\x03", created=5),
            row(b"k", 2, b"\x91\x04", created=5, sequence=1),
            row(b"k", -5, b"\x91\x05", created=2**62, sequence=2**62),
        ]
        for number, order in enumerate(itertools.permutations(rows)):
            view = f"{VIEW}{number % 20}"
            if number >= 20:
                break
            for each in order:
                write(store, view, [each])
            assert contents(store, view) == [rows[3]]
            assert write(store, view, [rows[3]]) == 0

    @given(
        writes=st.lists(
            st.lists(
                st.builds(
                    OnlineRow,
                    st.sampled_from([b"", b"a", b"\x00\xff"]),
                    st.sampled_from([-(2**63), -1, 0, 2**32 - 1, 2**32, 2**63 - 1]),
                    st.integers(-2, 2),
                    st.integers(0, 1),
                    st.sampled_from([b"\x90", b"\x91\x01", b"\x91\x01\x00", b"\xdc", TOMBSTONE]),
                ),
                max_size=4,
            ),
            max_size=4,
        )
    )
    @settings(
        max_examples=12,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    def test_a_store_holds_the_highest_rank_of_each_key(
        self, store: OnlineStore, writes: list[list[OnlineRow]]
    ) -> None:
        store.clear(VIEW)
        best: dict[bytes, OnlineRow] = {}
        for part in writes:
            write(store, VIEW, part)
            for online in part:
                best[online.key] = max(best.get(online.key, online), online, key=lambda it: it.rank)
        assert contents(store) == sorted(best.values())

    def test_what_is_gone_stays_gone_for_older_rows(self, store: OnlineStore) -> None:
        write(store, VIEW, [row(b"k", 1)])
        write(store, VIEW, [row(b"k", 3, TOMBSTONE)])
        assert one(store, b"k") is None
        assert write(store, VIEW, [row(b"k", 2)]) == 0
        assert one(store, b"k") is None
        assert contents(store) == [row(b"k", 3, TOMBSTONE)]
        assert write(store, VIEW, [row(b"k", 4)]) == 1
        assert one(store, b"k") == (4, 0, b"\x90")

    def test_a_retracted_row_goes_and_what_replaces_it_may_be_older(self, store: OnlineStore) -> None:
        write(store, VIEW, [row(b"k", 10), row(b"other", 10), row(b"gone", 10)])
        gone = [
            Retraction(b"k", 10, 0, b"\x90"),
            Retraction(b"gone", 10, 0, b"\x90"),
            Retraction(b"none", 1, 0, b"\x90"),
        ]
        assert write(store, VIEW, [row(b"k", 5, b"\x91\x01")], gone) == 1
        assert contents(store) == [row(b"k", 5, b"\x91\x01"), row(b"other", 10)]

    def test_a_retraction_leaves_what_came_meanwhile(self, store: OnlineStore) -> None:
        write(store, VIEW, [row(b"k", 10)])
        write(store, VIEW, [row(b"k", 11)])
        assert write(store, VIEW, [row(b"k", 5)], [Retraction(b"k", 10, 0, b"\x90")]) == 0
        assert one(store, b"k") == (11, 0, b"\x90")
        write(store, VIEW, [row(b"k", 11, b"\x91\x01")], [Retraction(b"k", 11, 0, b"\x91\x02")])
        assert one(store, b"k") == (11, 0, b"\x91\x01")

    def test_a_cleared_view_is_empty_for_all_and_can_be_written_again(self, store: OnlineStore) -> None:
        write(store, VIEW, [row(b"k", 1)])
        write(store, "kept@1", [row(b"k", 1)])
        other = self.reopen(store)
        assert one(other, b"k") is not None
        store.clear(VIEW)
        assert (one(store, b"k"), one(other, b"k")) == (None, None)
        assert one(other, b"k", "kept@1") is not None
        assert store.views() == {"kept@1": 1}
        write(store, VIEW, [row(b"k", 0)])
        assert one(other, b"k") == (0, 0, b"\x90")
        other.close()

    def test_names_of_views_are_taken_as_they_are(self, store: OnlineStore) -> None:
        names = ["a'b@1", "a*@1", "a[b]@1", 'a"; DROP TABLE view@1', "ü/日@1"]
        for n, name in enumerate(names):
            write(store, name, [row(b"k", n)])
        assert store.views() == dict.fromkeys(sorted(names), 1)
        assert [found[0] and found[0][0] for found in store.read([(n, [b"k"]) for n in names])] == [
            0, 1, 2, 3, 4,
        ]  # fmt: skip

    def test_what_is_too_large_is_refused_and_nothing_is_written(self, store: OnlineStore) -> None:
        with pytest.raises(TooLarge):
            write(store, VIEW, [row(b"a", 1), row(b"k" * (MAX_KEY_BYTES + 1), 1)])
        with pytest.raises(TooLarge):
            write(store, VIEW, [row(b"a", 1), row(b"k", 1, b"v" * (MAX_VALUE_BYTES + 1))])
        assert contents(store) == []
        write(store, VIEW, [row(b"k" * MAX_KEY_BYTES, 1, b"\x91" + b"v" * (MAX_VALUE_BYTES - 1))])
        assert one(store, b"k" * MAX_KEY_BYTES) is not None

    def test_many_writers_of_the_same_keys_end_with_the_newest(self, store: OnlineStore) -> None:
        writes = [[row(b"%d" % key, event) for key in range(40)] for event in range(16)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda rows: write(store, VIEW, rows), writes))
        assert contents(store) == sorted(writes[-1])

    def test_a_forked_process_reads_and_writes_too(self, store: OnlineStore) -> None:
        write(store, VIEW, [row(b"k", 1)])
        child = multiprocessing.get_context("fork").Process(target=_in_a_child, args=(store,))
        child.start()
        child.join(60)
        assert child.exitcode == 0
        assert one(store, b"k") == (2, 0, b"\x90")
        assert write(store, VIEW, [row(b"k", 3)]) == 1


def _in_a_child(store: OnlineStore) -> None:
    assert one(store, b"k") == (1, 0, b"\x90")
    write(store, VIEW, [row(b"k", 2)])
    store.close()
