"""Kill an import of outcomes in the middle: it goes on where it was, and nothing is there twice."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from sqlalchemy import func, select

from meguru.app.open import open_local
from meguru.app.outcome_import import import_outcomes
from meguru.predictions import counts, ids, outcome_days, payload, store
from meguru.predictions.schema import earlier_outcome, outcome
from meguru.predictions.types import PredictionBatch
from meguru.serving.operations import create

pytestmark = pytest.mark.crash
ROWS, A_CALL = 3_000, 100
MARCH = datetime(2026, 3, 1, tzinfo=UTC)
PROGRAM = textwrap.dedent(
    f"""
    import os
    import sys

    import meguru.app.outcome_import as module
    from meguru.app.open import open_local

    module.A_CALL = {A_CALL}
    with open_local(sys.argv[1]) as workspace:
        module.import_outcomes(
            workspace, "delay", sys.argv[2], progress=lambda done: os.write(1, b"%d\\n" % done.count)
        )
    """
)


def test_a_killed_import_is_finished_by_the_next_and_nothing_is_there_twice(tmp_path, monkeypatch):
    times = [MARCH + timedelta(seconds=row) for row in range(ROWS)]
    keys = [f"k{row}" for row in range(ROWS)]
    content = payload.make({"x": "double"}, {"x": [0.5] * ROWS}, [0.25] * ROWS, times)
    batch = PredictionBatch(
        id=ids.new_batch_id(), endpoint="delay", model_ref="model/delay@1", release_ref="release/delay@1",
        received_at=MARCH, first_time=times[0], last_time=times[-1], n=ROWS, payload=payload.pack(content),
        rows=list(zip(keys, times, strict=True)),
    )  # fmt: skip
    with open_local(tmp_path / "w") as ws:
        create(ws, name="delay", model="delay")
        with ws.db.write() as tx:
            store.add(tx, [batch])
    file = tmp_path / "o.csv"
    pl.DataFrame({"key": keys, "value": [row % 2 for row in range(ROWS)]}).write_csv(file)
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "w"), str(file)], stdout=subprocess.PIPE
    )
    told = [int(process.stdout.readline()) for _ in range(7)]
    process.kill()
    told += [int(line) for line in process.communicate()[0].splitlines()]
    monkeypatch.setattr("meguru.app.outcome_import.A_CALL", A_CALL)
    with open_local(tmp_path / "w") as ws:
        with ws.read() as tx:
            there = counts.totals(tx, "delay").outcomes
        assert told[-1] <= there < ROWS  # what was told is there, and it was killed before its end
        done = import_outcomes(ws, "delay", str(file))
        assert (done.count, done.repeated, done.corrected) == (ROWS, 0, 0)
        with ws.read() as tx:
            kept = [
                tx.execute(select(func.count()).select_from(t)).scalar() for t in (outcome, earlier_outcome)
            ]
            assert kept == [ROWS, 0]
            assert counts.totals(tx, "delay").outcomes == ROWS
            assert outcome_days.changes(tx, "delay") == {"2026-03-01": ROWS}
