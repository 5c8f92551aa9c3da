"""Verification of the log with checkpoints: a million events, against hashing the same bytes alone.

The floor is what nobody can leave out in Python: each entry's canonical JSON looked through and hashed, in
memory. Verification also reads the rows, checks the chain and the numbers, makes the Merkle tree, compares it
with a checkpoint for each 10,000 events (signature and root), and looks at the lineage.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import msgspec

from meguru.app.open import open_local
from meguru.audit.verify import examine
from meguru.base import digests
from meguru.base.settings import Settings
from meguru.base.timestamps import write_time
from meguru.kernel import events
from meguru.kernel.event_log import START
from meguru.signing.checkpoint import TreeHead
from meguru.signing.keys import SigningKey
from meguru.signing.merkle import MerkleFrontier
from meguru.storage.db.raw import RawSql
from meguru.storage.statements import marks

EVENTS, EACH = 1_000_000, 10_000
LEAST = 100_000.0
"""Events a second, on a quiet machine."""
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


def made(count: int) -> Iterator[tuple[dict[str, object], bytes]]:
    """Yield events as the log has them, each with the bytes that are hashed."""
    previous = START
    for seq in range(1, count + 1):
        row: dict[str, object] = {
            "seq": seq,
            "id": f"evt-{seq:026d}",
            "type": "model_version.registered",
            "at": BEGIN + timedelta(milliseconds=seq),
            "actor": f"person-{seq % 50}",
            "operation": "model.register",
            "subject": f"run/run-{seq:026d}",
            "cause": None,
            "data": {"state": "succeeded", "metrics": {"auc": seq % 1000 / 1000}, "rows": seq},
            "used": ["dataset/flights@3"] if seq % 4 == 0 else [],
            "produced": [f"model/delay@{seq}"] if seq % 8 == 0 else [],
            "previous": previous,
        }
        text = digests.canonical(msgspec.to_builtins(row))
        previous = sha256(text).hexdigest()
        yield row | {"hash": previous, "project": ""}, text


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    key = SigningKey.generate()
    with (
        tempfile.TemporaryDirectory() as folder,
        open_local(Path(folder) / "w", settings=Settings(sqlite_synchronous="NORMAL")) as ws,
    ):
        texts, notes, tree = [], [], MerkleFrontier()
        names = [column.name for column in events.schema.event.columns]
        sql = f"INSERT INTO event ({', '.join(names)}) VALUES ({marks(len(names))})"
        edge = "INSERT INTO edge VALUES (?, ?, ?, 0)"
        with ws.db.write() as tx:
            raw, rows, edges, last = RawSql(tx), [], [], START
            for row, text in made(count):
                texts.append(text)
                last = str(row["hash"])
                tree.add(bytes.fromhex(last))
                spelled = {
                    name: write_time(value)
                    if isinstance(value, datetime)
                    else msgspec.json.encode(value, order="sorted").decode()
                    if isinstance(value, list | dict)
                    else value
                    for name, value in row.items()
                }
                rows.append([spelled[name] for name in names])
                edges += [(a, b, row["seq"]) for a in row["used"] for b in row["produced"]]  # type: ignore[union-attr,attr-defined]
                if tree.size % EACH == 0:
                    raw.executemany(sql, rows)
                    rows.clear()
                    head = TreeHead(origin="bench", size=tree.size, root=tree.root, at=BEGIN)
                    notes.append(head.signed(key).written)
            raw.executemany(sql, rows)
            raw.executemany(edge, edges)
            raw.execute("UPDATE event_head SET seq = ?, hash = ?", (count, last))
        began = time.process_time()
        parse = msgspec.json.Decoder(msgspec.Raw).decode
        for text in texts:
            parse(text)
            sha256(text).hexdigest()
        floor = time.process_time() - began
        del texts
        with ws.read() as tx:
            began, wall = time.process_time(), time.perf_counter()
            found = examine(tx, checkpoints={"vault": "\n".join(notes)}, trust=[key.public.text])
            took, wall = time.process_time() - began, time.perf_counter() - wall
        assert (found.intact, found.checked, found.checkpoints) == (True, count, len(notes)), found
    print(f"{count:,} events, {len(notes)} checkpoints: {took:.2f} s of processor, {wall:.2f} s")
    print(f"{count / took:,.0f} events/s; wanted {LEAST:,.0f}")
    print(f"floor (JSON looked through and hashed): {floor:.2f} s; ratio {took / floor:.1f}")
    if count / took < LEAST:
        sys.exit("slower than wanted")


if __name__ == "__main__":
    main()
