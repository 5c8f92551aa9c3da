"""What the checks share that compare all columns together, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from meguru.monitoring.checks.base import no_columns
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import MonitoredWindow
from meguru.registry.lookups import KnownModel
from meguru.stats.arrays import as_level
from meguru.stats.drift.encoding import EncodedRows, encode_rows
from meguru.stats.drift.result import DriftResult, check_floor

if TYPE_CHECKING:
    import polars as pl

_MAX_ROWS, _MIN_ROWS = 4000, 50


class JointDriftCheck(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A drift test of all columns together, of rows that the model learned from and rows that came.

    `floor` is the effect that is worth an alarm; `alpha` the chance of a false alarm in a window without
    change.
    """

    key: ClassVar[str]
    label: ClassVar[str]
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.INPUT_DRIFT})
    reads: ClassVar[frozenset[str]] = frozenset({"rows", "reference"})

    floor: float
    alpha: float = 0.01

    def check(self) -> None:
        """Refuse a negative floor and an alpha that is no probability."""
        check_floor(self.floor)
        as_level(self.alpha, "alpha")

    def check_declaration(self, model: KnownModel) -> None:
        """Rows of any model can be compared."""

    def compare(self, rows: EncodedRows) -> DriftResult:
        """Compare two sets of vectors."""
        raise NotImplementedError

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Test all columns together."""
        if self.missing(window) or window.frame is None or window.reference is None:
            return []
        columns = _columns(window)
        rows = encode_rows(_some(window.reference.select(columns)), _some(window.frame.select(columns)))
        if not rows.names:
            return []
        result = self.compare(rows)
        beyond = "above" if result.drifted else "within"
        says = f"rows as a whole: {self.label} {result.statistic:.4f} is {beyond} {result.threshold:.4f}"
        telling = [name for name, _ in getattr(result, "telling", ())]
        return [
            Finding(
                check=self.key,
                severity=Severity.INPUT_DRIFT,
                model=window.model,
                says=f"{says}; told apart by {', '.join(telling)}" if telling else says,
                breached=result.drifted,
                statistic=result.statistic,
                threshold=result.threshold,
                effect=result.effect,
                p_value=result.p_value,
                n_reference=result.n_reference,
                n=result.n_current,
                floor=self.floor,
            )
        ]

    def missing(self, window: MonitoredWindow) -> str:
        """Need enough rows, and rows of the training data."""
        if why := no_columns(window):
            return why
        if window.reference is None or window.reference.height < _MIN_ROWS:
            return f"the rows that {window.model} was trained on are not in a dataset here"
        if window.frame is None or not _columns(window):
            return "no column of the training data came"
        if window.frame.height < _MIN_ROWS:
            return f"only {window.frame.height} rows, and {_MIN_ROWS} are needed"
        return ""


def _columns(window: MonitoredWindow) -> list[str]:
    """Return the columns that both sides have, in the order of the baseline."""
    known = window.reference.columns if window.reference is not None else []
    here = window.frame.columns if window.frame is not None else []
    wanted = (column.name for column in window.columns if column.severity is Severity.INPUT_DRIFT)
    return [each for each in wanted if each in known and each in here]


def _some(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.gather_every(max(1, -(-rows.height // _MAX_ROWS)))
