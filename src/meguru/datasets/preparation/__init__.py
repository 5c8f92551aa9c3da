"""Make tables ready to learn from: functions from frames to frames, for steps and notebooks.

Each is deterministic: the same rows and options give the same result on every machine, in any order of rows
where the result has no order of its own.
"""

from meguru.datasets.preparation.deduplicate import deduplicate
from meguru.datasets.preparation.near import near_duplicates, without_near_duplicates
from meguru.datasets.preparation.repair import repair_types
from meguru.datasets.preparation.sample import sample
from meguru.datasets.preparation.split import TableSplit, split

__all__ = [
    "TableSplit",
    "deduplicate",
    "near_duplicates",
    "repair_types",
    "sample",
    "split",
    "without_near_duplicates",
]
