"""Whether categories come that the model was not trained on."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from meguru.monitoring.checks.base import no_columns
from meguru.monitoring.checks.share import ShareOfRows, check_share, share_finding
from meguru.monitoring.types import Finding, Severity
from meguru.monitoring.window import MonitoredWindow
from meguru.registry.lookups import KnownModel
from meguru.stats import CategoricalProfile
from meguru.stats.arrays import as_level


class NewCategories(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"check": "new_categories", "share": 0.05, "alpha": 0.01}``: rows of categories that nobody knew.

    It is breached when more than a `share` of a column's values are new, and more than the rare ones that
    the baseline missed by chance: with the chance `alpha` of any false alarm in a window. Of columns with
    more categories than the baseline names (64) nobody can tell.
    """

    key: ClassVar[str] = "new_categories"
    severities: ClassVar[frozenset[Severity]] = frozenset({Severity.DATA_BREAK})
    reads: ClassVar[frozenset[str]] = frozenset()

    share: float = 0.05
    alpha: float = 0.01

    def check(self) -> None:
        """Refuse a share that nothing is above, and an alpha that is no probability."""
        check_share("share", self.share)
        as_level(self.alpha, "alpha")

    def check_declaration(self, model: KnownModel) -> None:
        """Columns of any model can be counted."""

    def evaluate(self, window: MonitoredWindow) -> list[Finding]:
        """Look at every column of which the baseline names all categories.

        Those that come next are, in number, as many as those that came once: Good's estimate of what is
        unseen (1953).
        """
        if self.missing(window):
            return []
        known = [
            (column, column.profile)
            for column in window.columns
            if isinstance(column.profile, CategoricalProfile)
            and column.profile.count
            and not column.profile.other
        ]
        level = self.alpha / max(len(known), 1)
        return [
            share_finding(
                self.key,
                window,
                ShareOfRows(
                    column=each.name,
                    count=each.now.beyond,
                    rows=each.now.count,
                    count_before=sum(count == 1 for _, count in profile.top),
                    rows_before=profile.count,
                ),
                rise=self.share,
                level=level,
                label="unknown categories",
            )
            for each, profile in known
        ]

    def missing(self, window: MonitoredWindow) -> str:
        """Need enough rows, and a baseline."""
        return no_columns(window)
