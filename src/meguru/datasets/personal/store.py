"""SQL of personal data, on an open transaction."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, insert, select

from meguru.datasets.personal.schema import private_blob

_AT_ONCE = 500


def note(tx: Connection, dataset: str, digests: Iterable[str]) -> None:
    """Write down which files hold personal columns in clear."""
    wanted = list(dict.fromkeys(digests))
    for begin in range(0, len(wanted), _AT_ONCE):
        part = wanted[begin : begin + _AT_ONCE]
        asked = select(private_blob.c.digest).where(
            private_blob.c.dataset == dataset, private_blob.c.digest.in_(part)
        )
        known = set(tx.execute(asked).scalars())
        rows = [{"digest": digest, "dataset": dataset} for digest in part if digest not in known]
        if rows:
            tx.execute(insert(private_blob), rows)


def datasets_of(tx: Connection, digest: str) -> list[str]:
    """Return the datasets of whose personal columns a file holds values in clear."""
    return list(tx.execute(select(private_blob.c.dataset).where(private_blob.c.digest == digest)).scalars())
