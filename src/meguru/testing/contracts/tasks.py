"""What every task must do. Subclass it, and give a task with its options, a raw answer and some outcomes."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from meguru.errors import InvalidInput
from meguru.metrics import metric_of
from meguru.tasks import RawAnswer, Task, WrongShape, plain, task_of
from meguru.tasks.scoring import scored_rows

ROWS = 4


class TaskContract:
    """The promises of `meguru.tasks.Task`."""

    def task(self) -> Task:
        """Return the task under test, with options of its own."""
        raise NotImplementedError

    def raw(self) -> RawAnswer:
        """Return what a model of this task answers for four rows."""
        return np.array([0.25, 0.75, 0.5, 1.0])

    def outcomes(self) -> list[Any]:
        """Return some outcomes as clients send them."""
        return [1, 0]

    def test_it_is_written_down_and_read_again(self) -> None:
        task = self.task()
        written = msgspec.json.decode(msgspec.json.encode(plain(task)))
        assert task_of(written) == task
        assert task_of(task) is task

    def test_an_answer_has_each_output_that_is_promised_with_an_entry_a_row(self) -> None:
        task = self.task()
        outputs, answer = task.outputs(), task.answer(self.raw(), ROWS)
        assert list(answer) == [output.name for output in outputs]
        assert len({output.name for output in outputs} | {"id"}) == len(outputs) + 1
        for output in outputs:
            values = answer[output.name]
            assert len(values) == ROWS
            if output.labels:
                assert np.shape(values) == (ROWS, len(output.labels)) == (ROWS, *output.shape)

    def test_another_number_of_rows_is_a_wrong_shape(self) -> None:
        with pytest.raises(WrongShape, match=r"\d"):
            self.task().answer(self.raw(), ROWS + 1)

    def test_an_outcome_is_kept_as_it_would_be_read_again(self) -> None:
        task = self.task()
        for given in self.outcomes():
            kept = task.outcome(given)
            assert isinstance(kept, float) or not task.has_number
            assert msgspec.json.decode(msgspec.json.encode(kept)) == kept
            assert task.outcome(kept) == kept

    def test_the_schema_of_outcomes_is_json_and_tells_of_those_that_are_taken(self) -> None:
        task = self.task()
        schema = msgspec.json.decode(msgspec.json.encode(task.outcome_schema()))
        assert isinstance(schema, dict)
        for given in self.outcomes():
            assert given in schema.get("enum", [given])

    def test_what_is_no_outcome_is_refused_with_its_field(self) -> None:
        for given in (object(), float("nan"), {"no": "such"}, None):
            with pytest.raises(InvalidInput) as caught:
                self.task().outcome(given)
            assert caught.value.field == "value"

    def test_the_truth_has_a_row_for_each_outcome_and_none_where_it_is_unknown(self) -> None:
        import polars as pl

        task = self.task()
        kept = [task.outcome(given) for given in self.outcomes()]
        truth = task.truth_of_outcomes(pl.Series("label", [*kept, None]))
        assert truth.dtype == np.float64
        assert len(truth) == len(kept) + 1
        assert np.isnan(truth[-1]).all()
        assert not np.isnan(truth[:-1]).all()

    def test_its_default_metrics_read_its_answers_and_their_truth(self) -> None:
        import polars as pl

        task = self.task()
        kept = [task.outcome(given) for given in self.outcomes() * ROWS][:ROWS]
        truth = task.truth_of_outcomes(pl.Series("label", kept))
        rows = scored_rows(task, truth, task.answer(self.raw(), ROWS), group=np.arange(ROWS) // 2)
        assert len(rows) == np.isfinite(truth.reshape(ROWS, -1)).all(axis=1).sum()
        assert task.metrics
        for name in task.metrics:
            metric = metric_of(name)
            assert task.key in metric.tasks
            if not metric.missing(rows):
                value = metric.value(rows)
                assert np.isnan(value) or metric.low <= value <= metric.high
        assert not metric_of(task.metrics[0]).missing(rows)
