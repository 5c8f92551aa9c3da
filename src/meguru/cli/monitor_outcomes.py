"""What `meguru monitor show` tells of outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from meguru.monitoring.types import MonitorHistory

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def tell_outcomes(found: MonitorHistory) -> None:
    """Print how long outcomes take, and how many of the newest window's came."""
    if found.delay is None:
        return
    half, most = written(found.delay.median), written(found.delay.most)
    click.echo(f"outcomes: half are known after {half}, nine of ten after {most}")
    ripe = found.ripeness
    if ripe is None:
        return
    span = f"{ripe.start:%Y-%m-%d}..{ripe.end:%Y-%m-%d}"
    end = "" if ripe.expected is None else f", and {ripe.expected:.0%} are to be expected"
    click.echo(f"outcomes of {span}: {ripe.coverage:.0%} of the rows have one{end}")


def written(seconds: float) -> str:
    """Return a length of time to two digits: ``3.2 h``."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds / size:.2g} {unit}"
    return f"{seconds:.2g} s"
