"""Columns that tell who somebody is: reports say how these are, and none of their values."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from meguru.base import refs
from meguru.datasets.redaction import personal_columns
from meguru.datasets.spec import spec_of
from meguru.errors import MeguruError
from meguru.registry.lookups import datasets_learned_from


def personal_in(tx: Connection, datasets: Iterable[str]) -> frozenset[str]:
    """Return the columns of some datasets that are tagged as personal, treated or not."""
    return frozenset().union(*(personal_columns(spec_of(tx, name)) for name in set(datasets)))


def personal_inputs(tx: Connection, model: str) -> frozenset[str]:
    """Return the personal columns of the datasets that a model learned from, as far as these are known."""
    learned_from = datasets_learned_from(tx, model) if model else []
    return personal_in(tx, filter(None, map(_named, learned_from)))


def _named(ref: str) -> str:
    try:
        return refs.parse(ref, kind="dataset").name
    except MeguruError:
        return ""
