"""The folder of a demo: made anew or gone on with, and never anybody else's."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from meguru.demo.flights.child import wait_for_end
from meguru.demo.flights.data import MONTHS
from meguru.errors import Conflict, InvalidInput

MARK = "demo.json"
FIRST, LAST = 3, MONTHS[-1]
"""The months that can be played: two before them are needed to train on."""


class DemoMonths(msgspec.Struct, frozen=True, kw_only=True):
    """Which months a demo plays."""

    first: int = FIRST
    last: int = LAST
    demo: str = "flights"

    @property
    def months(self) -> range:
        """The months, in order."""
        return range(self.first, self.last + 1)


def read_months(text: str) -> DemoMonths:
    """Read ``3-5`` or ``4``.

    Raises
    ------
    InvalidInput
        If these are no months from 3 to 12 in order.
    """
    first, dash, last = text.partition("-")
    try:
        plan = DemoMonths(first=int(first), last=int(last) if dash else int(first))
    except ValueError:
        plan = DemoMonths(first=0, last=0)
    if not FIRST <= plan.first <= plan.last <= LAST:
        raise InvalidInput(
            f"{text[:50]!r} are no months to play",
            field="--months",
            why=f"months go from {FIRST} to {LAST}; the first model learns from the two before the first",
            hint="write 3-5, or 4",
        )
    return plan


def prepare(folder: Path, plan: DemoMonths | None, *, resume: bool) -> tuple[DemoMonths, bool]:
    """Make the folder ready; return what to play, and whether an earlier demo was removed for it.

    Raises
    ------
    Conflict
        If there is something else in the folder, a server serves it, or a demo of other months began there.
    """
    before = _found(folder)
    if before is not None:
        wait_for_end(folder)
    if before is not None and resume:
        return _continued(folder, before, plan), False
    if before is not None:
        shutil.rmtree(folder)
    chosen = plan or DemoMonths()
    _mark(folder, chosen)
    return chosen, before is not None


def _found(folder: Path) -> DemoMonths | None:
    try:
        return msgspec.json.decode((folder / MARK).read_bytes(), type=DemoMonths)
    except (FileNotFoundError, NotADirectoryError):
        if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
            return None
    except msgspec.MsgspecError:
        pass
    raise Conflict(
        f"{folder} is there already, and no demo made it",
        where=str(folder),
        hint="choose another --workspace",
    )


def _continued(folder: Path, before: DemoMonths, plan: DemoMonths | None) -> DemoMonths:
    if plan is None or plan == before:
        return before
    if plan.first != before.first or plan.last < before.last:
        raise Conflict(
            f"the demo in {folder} plays the months {before.first} to {before.last}",
            field="--months",
            hint="leave --months away, or start anew without --resume",
        )
    _mark(folder, plan)
    return plan


def _mark(folder: Path, plan: DemoMonths) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{MARK}.new"
    draft.write_bytes(msgspec.json.encode(plan))
    draft.replace(folder / MARK)
