"""What people say of when a finding rings: how long it must last, when it is over, which seasons count."""

from __future__ import annotations

from typing import Literal

import msgspec

from meguru.errors import InvalidInput

MAX_WINDOWS = 50


class Persistence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"windows": 2, "of": 3}``: a finding rings when it comes in so many of so many windows in a row.

    One that is twice as large as what is worth an alarm rings at once, and so does what is certain without
    statistics: a column that is gone.
    """

    windows: int = 2
    of: int = 3

    def check(self) -> Persistence:
        """Return it; refuse fewer than one window, and more windows than are looked at."""
        if not 1 <= self.windows <= self.of <= MAX_WINDOWS:
            raise InvalidInput(
                f"persist.windows must lie between 1 and persist.of, and that be at most {MAX_WINDOWS}",
                field="persist",
                why=f"it is {self.windows} of {self.of}",
                hint="{windows = 2, of = 3}; {windows = 1, of = 1} rings at once",
            )
        return self


class Recovery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``{"windows": 2, "below": 0.5}``: what rings is over after so many windows in a row well below.

    Below `below` times the effect that is worth an alarm, that is: what hovers around the limit rings once,
    and not every other window.
    """

    windows: int = 2
    below: float = 0.5

    def check(self) -> Recovery:
        """Return it; refuse fewer than one window, and a share that is none."""
        if not 1 <= self.windows <= MAX_WINDOWS:
            raise InvalidInput(
                f"recover.windows must lie between 1 and {MAX_WINDOWS}",
                field="recover.windows",
                why=f"it is {self.windows}",
            )
        if not 0 <= self.below <= 1:
            raise InvalidInput(
                "recover.below must lie between 0 and 1", field="recover.below", why=f"it is {self.below:g}"
            )
        return self


Season = Literal["trailing", "day", "week", "year"]
"""Earlier windows that drift is held against: those just before; those of the same hour on the days before;
of the same weekday in the weeks before; of the same time of the year a year before."""
SEASONS: list[Season] = ["trailing", "day", "week", "year"]
TWO_OF_THREE, TWO_CALM = Persistence(), Recovery()
