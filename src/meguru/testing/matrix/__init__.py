"""Tiny models for every flavor and task, so that one test asks the whole wheel of each.

`FLAVORS` has a function for each flavor: given a `TaskQuestion` it returns an estimator of that flavor.
Weights are set, not trained, wherever a library lets them be: the wheel is asked here, not the learning.
"""

from __future__ import annotations

from meguru.testing.matrix.estimators import FEW, FLAVORS, Needs, estimator
from meguru.testing.matrix.questions import FRAME, QUESTIONS, TaskQuestion, question

__all__ = ["FEW", "FLAVORS", "FRAME", "QUESTIONS", "Needs", "TaskQuestion", "estimator", "question"]
