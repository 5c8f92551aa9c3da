from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from meguru.kernel.workspace import Workspace
from meguru.predictions import ids, payload, store
from meguru.predictions.types import PredictionBatch

MARCH = datetime(2013, 3, 1, tzinfo=UTC)


@pytest.fixture
def answered(workspace: Workspace) -> Callable[..., PredictionBatch]:
    """Store the predictions of one request, as the data plane does, and return the batch."""

    def answered(
        n: int = 1,
        *,
        endpoint: str = "delay",
        model: str = "model/delay@1",
        times: list[datetime] | None = None,
        scores: list[float] | None = None,
        shadows: dict[str, list[float]] | None = None,
        **given: Any,
    ) -> PredictionBatch:
        when = times or [MARCH] * n
        content = payload.make(
            {"hour": "long", "delay": "double"},
            {"hour": list(range(n)), "delay": [None, *[0.5] * (n - 1)]},
            scores or [0.25] * n,
            when,
            shadows,
        )
        batch = PredictionBatch(
            id=ids.new_batch_id(),
            endpoint=endpoint,
            model_ref=model,
            release_ref="release/delay@1",
            received_at=MARCH,
            first_time=min(when),
            last_time=max(when),
            n=n,
            payload=payload.pack(content),
            **given,
        )
        with workspace.db.write() as tx:
            store.add(tx, [batch])
        return batch

    return answered
