"""Whose fault a failure is."""

import errno

import pytest

from meguru.errors import (
    Busy,
    Conflict,
    DigestMismatch,
    Forbidden,
    InternalError,
    InvalidInput,
    MissingDependency,
    NotFound,
    StepFailed,
    TooLarge,
    UnsafeModel,
    is_our_fault,
)

OURS = [
    MemoryError(),
    ImportError("no sklearn"),
    OSError(errno.ENOSPC, "No space left on device"),
    TimeoutError("timed out"),
    ConnectionResetError(errno.ECONNRESET, "reset"),
    *(kind("…") for kind in (Busy, Conflict, DigestMismatch, Forbidden, InternalError, MissingDependency)),
]
THEIRS = [
    ValueError("found unknown categories"),
    KeyError("x"),
    OSError("Invalid data stream"),
    RecursionError(),
    *(kind("…") for kind in (InvalidInput, NotFound, StepFailed, TooLarge, UnsafeModel)),
]


@pytest.mark.parametrize("error", OURS, ids=lambda error: type(error).__name__)
def test_what_fails_here_is_no_verdict_on_what_was_looked_at(error):
    assert is_our_fault(error)


@pytest.mark.parametrize("error", THEIRS, ids=lambda error: type(error).__name__)
def test_what_is_wrong_with_the_thing_itself_is_a_verdict(error):
    assert not is_our_fault(error)
