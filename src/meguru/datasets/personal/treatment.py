"""Pseudonymise personal columns (hash, mask, drop, encrypt) before anything is written."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from meguru.datasets.types import Treatment

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

    from meguru.kernel.workspace import Workspace

_HASH = b"meguru personal data: hash 1"
_SEAL = b"meguru personal data: seal 1"
_LENGTH = 32
"""So many hex digits of a hash are kept: 128 bits."""
MASK = "•"


@dataclass(frozen=True)
class ValueTreatment:
    """How columns are treated, with a key that nobody outside of the workspace has."""

    columns: Mapping[str, Treatment]
    key: bytes

    def frames(self, frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Yield frames with treated values."""
        for frame in frames:
            yield frame.select(
                self._treated(column) if column.name in self.columns else column
                for column in frame
                if self.columns.get(column.name) != "drop"
            )

    def schema(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Return the types of treated columns."""
        return {
            name: pl.String() if name in self.columns else dtype
            for name, dtype in schema.items()
            if self.columns.get(name) != "drop"
        }

    def _treated(self, values: pl.Series) -> pl.Series:
        text = values.cast(pl.String)
        how = self.columns[values.name]
        if how == "mask":
            return text.str.replace_all(r"[\p{L}\p{N}]", MASK)
        # Each distinct value once: HMAC and Fernet cost microseconds, and columns repeat.
        known = text.drop_nulls().unique()
        made = [self.hash(each) if how == "hash" else self.seal(each) for each in known]
        return text.replace_strict(
            known, pl.Series(made, dtype=pl.String), default=None, return_dtype=pl.String
        )

    def hash(self, value: str) -> str:
        """Return the hash of a value: the same for the same value, whatever column or dataset it is in."""
        return hmac.digest(self._hash_key, value.encode(), "sha256").hex()[:_LENGTH]

    def seal(self, value: str) -> str:
        """Return a value that only the key opens."""
        return self._cipher.encrypt(value.encode()).decode()

    def open(self, sealed: str) -> str:
        """Return what was sealed.

        Raises
        ------
        cryptography.fernet.InvalidToken
            If it was not sealed with this key.
        """
        return self._cipher.decrypt(sealed.encode()).decode()

    def opens_to(self, sealed: str, value: str) -> bool:
        """Tell whether a value was sealed; not if another key did it."""
        from cryptography.fernet import InvalidToken

        try:
            return self.open(sealed) == value
        except InvalidToken:
            return False

    def _derived(self, info: bytes) -> bytes:
        return hmac.digest(self.key, info, "sha256")

    @cached_property
    def _hash_key(self) -> bytes:
        return self._derived(_HASH)

    @cached_property
    def _cipher(self) -> Fernet:
        from cryptography.fernet import Fernet

        return Fernet(base64.urlsafe_b64encode(self._derived(_SEAL)))


_in_use: ContextVar[ValueTreatment | None] = ContextVar("values_treated", default=None)


def treatment_of(ws: Workspace, columns: Mapping[str, Treatment]) -> ValueTreatment | None:
    """Return how columns are treated, with the workspace's key; None if none is.

    Of several keys the oldest hashes, so that hashes stay the same while a key is changed.
    """
    if not columns:
        return None
    from meguru.kernel.secret_keys import ensure_keys

    # Pseudonyms must not change while a key is rotated: tables are joined by them.
    keys = ensure_keys(ws)
    oldest = keys[0] if len(keys) == 1 else keys[-2] if "," in keys[-1] else keys[-1]
    return ValueTreatment(columns, oldest.encode())


@contextmanager
def treating(how: ValueTreatment | None) -> Iterator[None]:
    """Let all tables that are written meanwhile be treated."""
    before = _in_use.set(how)
    try:
        yield
    finally:
        _in_use.reset(before)


def treatment_in_use() -> ValueTreatment | None:
    """Return how the tables that are written now are treated."""
    return _in_use.get()
