"""What is kept of truth and answers: as much as the metrics of a task need, and it adds up."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from meguru.stats.arrays import Floats

Keys = npt.NDArray[np.int64]
_NONE, _NOTHING = np.empty(0, dtype=np.int64), np.empty(0)


@dataclass(frozen=True, slots=True)
class TermSums:
    """Of a metric's terms: how many rows, their sums, shape (k,), and those of their products, (k, k)."""

    n: int
    total: Floats
    products: Floats

    def plus(self, other: TermSums, sign: int = 1) -> TermSums:
        """Add, or take away."""
        return TermSums(
            self.n + sign * other.n,
            self.total + sign * other.total,
            self.products + sign * other.products,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthSums:
    """Rows of one model, in one hour or many, with what became of them.

    Parameters
    ----------
    rows, outcomes
        Rows that it answered, and those whose outcome is known too.
    keys, counts, scores
        Rows that are alike to most metrics, shape (groups,): which, ascending, how many, and the sum of their
        scores. Of two classes a key is a bin of the score and the class; of more, the true class and the one
        decided for.
    terms
        Sums by metric, as `rules.term_key` names them.
    """

    rows: int = 0
    outcomes: int = 0
    keys: Keys = field(default_factory=lambda: _NONE)
    counts: Keys = field(default_factory=lambda: _NONE)
    scores: Floats = field(default_factory=lambda: _NOTHING)
    terms: Mapping[str, TermSums] = field(default_factory=dict)

    def minus(self) -> TruthSums:
        """Return what takes these away when it is added."""
        return replace(
            self,
            rows=-self.rows,
            outcomes=-self.outcomes,
            counts=-self.counts,
            scores=-self.scores,
            terms={name: TermSums(-each.n, -each.total, -each.products) for name, each in self.terms.items()},
        )


def add_up(parts: Iterable[TruthSums]) -> TruthSums:
    """Return the sum; what adds up to no row is gone."""
    found = list(parts)
    if len(found) == 1:
        return found[0]
    keys = np.concatenate([each.keys for each in found]) if found else _NONE
    # All at once: added pair by pair, n cells would be sorted n times.
    places, where = np.unique(keys, return_inverse=True)
    counts = np.zeros(len(places), dtype=np.int64)
    np.add.at(counts, where, np.concatenate([each.counts for each in found]) if found else _NONE)
    given = [each.scores if each.scores.size else np.zeros(len(each.keys)) for each in found]
    scores = np.bincount(where, weights=np.concatenate(given) if found else None, minlength=len(places))
    terms: dict[str, TermSums] = {}
    for truth_sums in found:
        for name, sums in truth_sums.terms.items():
            terms[name] = terms[name].plus(sums) if name in terms else sums
    some = counts != 0  # a correction takes away what it adds elsewhere
    return TruthSums(
        rows=sum(each.rows for each in found),
        outcomes=sum(each.outcomes for each in found),
        keys=places[some],
        counts=counts[some],
        scores=scores[some].astype(np.float64),
        terms={name: sums for name, sums in terms.items() if sums.n},
    )


def write(sums: TruthSums) -> bytes:
    """Write sums down."""
    terms = {name: [each.n, each.total.tolist(), each.products.tolist()] for name, each in sums.terms.items()}
    step = np.diff(sums.keys, prepend=0).astype("<i4").tobytes()  # ascending keys: small steps compress well
    plain = [sums.rows, sums.outcomes, step, sums.counts.astype("<i8").tobytes()]
    return zlib.compress(msgspec.msgpack.encode([*plain, sums.scores.astype("<f8").tobytes(), terms]), 1)


def read(body: bytes) -> TruthSums:
    """Read what `write` wrote."""
    rows, outcomes, step, counts, scores, terms = msgspec.msgpack.decode(zlib.decompress(body))
    return TruthSums(
        rows=rows,
        outcomes=outcomes,
        keys=np.cumsum(np.frombuffer(step, "<i4").astype(np.int64)),
        counts=np.frombuffer(counts, "<i8"),
        scores=np.frombuffer(scores, "<f8"),
        terms={name: _terms(*each) for name, each in terms.items()},
    )


def _terms(n: int, total: list[float], products: list[Any]) -> TermSums:
    return TermSums(n, np.array(total, dtype=np.float64), np.array(products, dtype=np.float64))
