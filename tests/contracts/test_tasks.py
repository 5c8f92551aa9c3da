"""Every task of ours keeps the contract of its family."""

from __future__ import annotations

import numpy as np
import pytest

from meguru.tasks import TASKS, task_of
from meguru.testing.contracts.tasks import ROWS, TaskContract

WIDE = np.random.default_rng(1).uniform(size=(ROWS, 3))
CASES = {
    "anomaly": ({"classes": ["normal", "strange"]}, None, [1, False, "strange"]),
    "binary": ({"classes": ["no", "yes"]}, None, ["yes", 0, True]),
    "forecast": ({"series": "shop", "season": 7}, None, [1, 2.5]),
    "interval": ({"level": 0.8}, WIDE, [1.5, -2]),
    "multiclass": ({"classes": ["a", "b", "c"]}, WIDE, ["a", "new"]),
    "multilabel": ({"classes": ["a", "b", "c"]}, WIDE, [["c", "a"], []]),
    "multioutput": ({"targets": ["x", "y", "z"]}, WIDE, [[1, 2, 3], {"y": 2}]),
    "quantile": ({"levels": [0.1, 0.5, 0.9]}, WIDE, [3, 4.5]),
    "ranking": ({"group": "search"}, None, [0, 3, True]),
    "regression": ({"unit": "EUR"}, None, [1, -2.5]),
}


@pytest.mark.parametrize("key", CASES)
class TestTasks(TaskContract):
    @pytest.fixture(autouse=True)
    def _case(self, key):
        self.options, self.answered, self.given = CASES[key]
        self.key = key

    def task(self):
        return task_of({"task": self.key} | self.options)

    def raw(self):
        return super().raw() if self.answered is None else self.answered

    def outcomes(self):
        return self.given


def test_each_task_but_the_generic_one_is_tried_here():
    """Its outcomes are any JSON, and it has no truth: `tests/unit/tasks` tells."""
    assert {*CASES, "generic"} == set(TASKS.names())
