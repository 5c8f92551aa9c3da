"""Positions of deleted rows are kept in Delta Lake's format; what is cut or changed is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap64

from meguru.datasets.versions.deleted import OFFSET, decode, encode, vector_bytes
from meguru.errors import DigestMismatch

POSITIONS = st.sets(st.integers(0, 2**40))


@given(positions=POSITIONS)
def test_positions_are_read_as_they_were_written(positions):
    made = encode(BitMap64(positions))
    assert set(decode(made, "x")) == positions
    assert int.from_bytes(made[OFFSET : OFFSET + 4], "big") == vector_bytes(len(made))


@given(positions=POSITIONS, data=st.data())
def test_what_was_cut_or_changed_is_refused(positions, data):
    whole = encode(BitMap64(positions))
    at = data.draw(st.integers(0, len(whole) - 1))
    flipped = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
    for damaged in (whole[:at], flipped):
        with pytest.raises(DigestMismatch):
            decode(damaged, "x")
