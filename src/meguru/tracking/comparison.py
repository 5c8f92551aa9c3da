"""What a comparison of runs tells."""

from __future__ import annotations

import msgspec

from meguru.tracking.types import Run


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One param, metric or tag: its value in each run, in their order; None where a run lacks it."""

    key: str
    values: list[str | float | None]
    differs: bool


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Some runs, and what each has; `surroundings` are captured: commit, command, packages, machine."""

    runs: list[Run]
    params: list[Compared]
    metrics: list[Compared]
    tags: list[Compared]
    surroundings: list[Compared]
