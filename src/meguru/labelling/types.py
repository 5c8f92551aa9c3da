"""What a sample and its items are."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

import msgspec

Strategy = Literal["uncertain", "random"]
MAX_SAMPLE = 10_000
MAX_CANDIDATES = 500_000
MAX_LABELLERS = 50


class ItemState(StrEnum):
    """What became of one person's turn at one prediction."""

    OPEN = "open"
    LABELLED = "labelled"
    SKIPPED = "skipped"


class Labelling(msgspec.Struct, frozen=True, kw_only=True):
    """A sample of predictions to label.

    Attributes
    ----------
    strategy, seed
        ``uncertain``: those of which the model was least sure; ``random``. The same seed gives the same
        sample of the same predictions.
    labellers, labels_per_row
        Who labels it (nobody named: whoever may), and how many people label each prediction.
    open, labelled, skipped, disputed, decided
        Counts of turns, and of predictions on which people differ, or differed.
    """

    id: str
    endpoint: str
    strategy: Strategy
    seed: int
    size: int
    labellers: list[str]
    labels_per_row: int = msgspec.field(name="each")
    created_at: datetime
    created_by: str
    open: int = 0
    labelled: int = 0
    skipped: int = 0
    disputed: int = 0
    decided: int = 0


class LabelForm(msgspec.Struct, frozen=True, kw_only=True):
    """How a label is given: one of `choices`, several of them, a number, or any JSON as text."""

    kind: Literal["choice", "choices", "number", "text"]
    choices: list[str | int | bool] = []


class GivenLabel(msgspec.Struct, frozen=True, kw_only=True):
    """What one person said, and when."""

    by: str
    value: Any
    at: datetime


class LabelItem(msgspec.Struct, frozen=True, kw_only=True):
    """One prediction to label, or on which people differ (then with `labels`): its inputs and how to answer.

    What the model answered is not in it: who sees that is led by it.
    """

    labelling: str
    place: int
    prediction: str
    features: dict[str, Any]
    form: LabelForm
    left: int = 0
    done: int = 0
    labels: list[GivenLabel] = []
