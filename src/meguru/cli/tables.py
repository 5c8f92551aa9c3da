"""Tables: for a terminal as wide as it is, where no id is ever broken; for a pipe tab-separated values."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from meguru.cli.text import cut, width_of
from meguru.cli.text import gettext as _

GAP, LEAST = 2, 12
"""Cells between columns, and the cells that a text is at least given before a column is left out."""
STATES = {
    **dict.fromkeys(
        ("succeeded", "live", "ok", "on", "passed", "approved", "verified", "active", "sent"), "32"
    ),
    **dict.fromkeys(("failed", "refused", "alert", "killed", "BAD", "interrupted", "revoked", "lost"), "31"),
    **dict.fromkeys(("waiver_ended", "denied"), "31"),
    **dict.fromkeys(("running", "checking", "testing", "cached"), "36"),
    **dict.fromkeys(("waiting", "paused", "asking", "open", "queued", "pending", "stopped", "unknown"), "33"),
    **dict.fromkeys(("waived", "requested", "granted", "expired"), "33"),
    **dict.fromkeys(("cancelled", "retired", "skipped", "replaced", "disabled", "suppressed"), "2"),
}
"""The colour of a state, as a terminal's code."""
_COLOURED = {"", "state", "verdict"}


def print_table(columns: Sequence[str], rows: list[list[Any]], *, empty: str = "") -> None:
    """Print rows for people or for pipes; what there is instead of rows goes to standard error."""
    if not rows:
        click.echo(empty or _("none yet"), err=True)
    elif sys.stdout.isatty():
        _print_fitted(columns, rows)
    else:
        for row in [list(columns), *rows]:
            click.echo("\t".join(clean(cell(value)) for value in row))


def cell(value: Any) -> str:
    """Write one value for a person: short numbers, local times without microseconds, with their zone."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
    return str(value)


def exact(value: Any) -> Any:
    """Return a value of somebody's data as it is to be shown: a number with all its digits, not rounded."""
    return repr(value) if isinstance(value, float) else value


def coloured(text: str, code: str) -> str:
    """Return a text in a colour, where the terminal has colours and the reader wants them."""
    wanted = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return f"\x1b[{code}m{text}\x1b[0m" if wanted and text else text


def state(text: str) -> str:
    """Return the word of a state in its colour."""
    return coloured(text, STATES[text]) if text in STATES else text


class _Column:
    """One column: its cells as text, and how much room it needs."""

    def __init__(self, title: str, values: list[Any]) -> None:
        self.title = _(title)
        self.moments = all(isinstance(value, datetime | None) for value in values) and any(values)
        self.numbers = all(isinstance(value, int | float | None) for value in values)
        self.has_states = title in _COLOURED
        self._values = values
        self._zone = ""
        self.cells = self._texts("%Y-%m-%d %H:%M:%S")
        # Words are ids, names, states: they are shown whole or not at all. Only prose is shortened.
        self.is_prose = not self.moments and any(
            " " in text or text[:1] in "{[" for text in self.cells if text
        )
        self.is_short = False
        self.width = self.natural = max(map(width_of, [self.head, *self.cells]))

    @property
    def head(self) -> str:
        return f"{self.title} ({self._zone})" if self._zone else self.title

    def shorten_moments(self) -> None:
        """Leave out the year and the seconds."""
        self.is_short = True
        self.cells = self._texts("%m-%d %H:%M")
        self.width = max(map(width_of, [self.head, *self.cells]))

    def write(self, text: str, *, last: bool) -> str:
        """Return a cell in the width of the column."""
        shown = cut(text, self.width)
        space = " " * (self.width - width_of(shown))
        drawn = state(shown) if self.has_states else shown
        if self.numbers:
            return space + drawn
        return drawn if last else drawn + space

    def _texts(self, form: str) -> list[str]:
        if not self.moments:
            return [clean(cell(value)) for value in self._values]
        local = [value.astimezone() if value else None for value in self._values]
        zones = {value.tzname() for value in local if value}
        self._zone = str(next(iter(zones))) if len(zones) == 1 else ""
        form = form if self._zone else f"{form} %Z"
        return [value.strftime(form) if value else "" for value in local]


def _print_fitted(columns: Sequence[str], rows: list[list[Any]]) -> None:
    import shutil  # imports every compression: only where a person looks at a table

    made = [_Column(title, [row[index] for row in rows]) for index, title in enumerate(columns)]
    made = [one for one in made if any(one.cells)] or made[:1]
    shown = fit(made, shutil.get_terminal_size().columns)
    click.echo(_line([coloured(one.write(one.head, last=one is shown[-1]), "1") for one in shown]))
    for index in range(len(rows)):
        click.echo(_line([one.write(one.cells[index], last=one is shown[-1]) for one in shown]))
    left_out = [one.title for one in made if one not in shown]
    if left_out:
        text = _("not shown in this width: {columns} (--json has all)").format(columns=", ".join(left_out))
        click.echo(coloured(text, "2"), err=True)


def fit(columns: list[_Column], room: int) -> list[_Column]:
    """Make columns fit into a width: shorten prose, then times; then leave columns out, from the right.

    The first column and those of states stay, however narrow it is.
    """
    shown = list(columns)
    while _missing(shown, room) > 0:
        prose = [one for one in shown if one.is_prose and one.width > LEAST]
        moments = [one for one in shown if one.moments and not one.is_short]
        spare = [one for one in shown[1:] if not one.has_states]
        if prose:
            widest = max(prose, key=lambda one: one.width)
            widest.width = max(LEAST, widest.width - _missing(shown, room))
        elif moments:
            moments[-1].shorten_moments()
        elif spare:
            shown.remove(spare[-1])
            for one in shown:
                one.width = one.natural if one.is_prose else one.width
        else:
            break
    return shown


def _missing(columns: list[_Column], room: int) -> int:
    return sum(one.width for one in columns) + GAP * (len(columns) - 1) - room


def _line(cells: list[str]) -> str:
    return (" " * GAP).join(cells).rstrip()


def clean(text: str) -> str:
    """Return a text on one line; nothing in it can steer the terminal."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else " " for letter in text)
