"""The options that say when a monitor looks by itself, and how that is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from meguru.monitoring.schedule.types import WindowLook, WindowsStatus
    from meguru.monitoring.types import Monitor

F = TypeVar("F", bound=Callable[..., Any])
_OPTIONS = (
    click.option(
        "--window",
        type=click.Choice(["hour", "day", "week", "month", "none"]),
        help="Let the server look at each hour, day, week or month; none: only when it is told to.",
    ),
    click.option("--rows", type=int, help="Let the server look at each so many rows instead."),
    click.option("--zone", help="The time zone of --window and --schedule, as in Asia/Tokyo. Default: UTC."),
    click.option(
        "--schedule",
        help="When to look: 'window' (as soon as one is full) or a cron expression such as '0 6 * * *'.",
    ),
    click.option("--lateness", help="So late may rows come, as in 2h; a window is full only then."),
    click.option("--label-delay", help="So long after a window outcomes are waited for, as in 30d."),
    click.option(
        "--coverage", type=float, help="The share of rows with an outcome from which none is waited for."
    ),
    click.option("--quiet", help="After so long without anything, time goes on by the clock. Default: 10m."),
    click.option("--debounce", help="So long after something came late it is looked at again. Default: 1m."),
    click.option("--make-up", type=int, help="So many missed windows are made up for. Default: 100."),
)


def timing_options(function: F) -> F:
    """Give a command the options of when a monitor looks."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def timing(given: dict[str, Any], known: Monitor | None = None) -> dict[str, Any]:
    """Return the fields of a spec that were given, over those that are known; takes them out of `given`."""
    options = {
        name: given.pop(name)
        for name in (
            "window",
            "rows",
            "zone",
            "schedule",
            "lateness",
            "label_delay",
            "coverage",
            "quiet",
            "debounce",
            "make_up",
        )
    }
    found = {name: options[name] for name in ("debounce", "make_up") if options[name] is not None}
    return found | _window(options, known) | _schedule(options, known) | _complete(options, known)


def _window(options: dict[str, Any], known: Monitor | None) -> dict[str, Any]:
    from meguru.monitoring.schedule.rules import WindowRule

    before = known.window if known else None
    if options["window"] == "none":
        return {"window": None}
    if options["rows"] is not None and options["window"] is None:
        return {"window": WindowRule(rows=options["rows"])}
    calendar = options["window"] or (before.calendar if before else None)
    zone = options["zone"] or (before.zone if before else "UTC")
    if options["window"] is None and (options["zone"] is None or calendar is None):
        return {}
    return {"window": WindowRule(calendar=calendar, zone=zone, rows=options["rows"])}


def _schedule(options: dict[str, Any], known: Monitor | None) -> dict[str, Any]:
    from meguru.monitoring.schedule.rules import CronRule

    if options["schedule"] is None:
        return {}
    if options["schedule"] == "window":
        return {"schedule": "window"}
    before = known.schedule if known else None
    zone = options["zone"] or (before.zone if isinstance(before, CronRule) else "UTC")
    return {"schedule": CronRule(cron=options["schedule"], zone=zone)}


def _complete(options: dict[str, Any], known: Monitor | None) -> dict[str, Any]:
    import msgspec

    from meguru.monitoring.schedule.rules import Completeness

    named = ("lateness", "label_delay", "coverage", "quiet")
    given = {name: options[name] for name in named if options[name] is not None}
    if not given:
        return {}
    return {"complete": msgspec.structs.replace(known.complete if known else Completeness(), **given)}


def tell(windows: WindowsStatus | None) -> None:
    """Print where a monitor stands that looks by itself."""
    if windows is None:
        return
    if windows.following is not None:
        click.echo(f"next window: {_span(windows.following)}; {'; '.join(windows.waits_for)}")
    else:
        click.echo(f"next window: {'; '.join(windows.waits_for)}")
    if windows.next_at is not None:
        click.echo(f"next look: {windows.next_at:%Y-%m-%d %H:%M} UTC")
    if windows.last is not None and windows.last.evaluated_at is not None:
        partial = ", partial" if windows.last.partial else ""
        at = f"{windows.last.evaluated_at:%Y-%m-%d %H:%M:%S} UTC"
        click.echo(f"last evaluated: {_span(windows.last)} at {at}{partial}")
    for window_look in windows.due:
        what = "late" if window_look.late else "due"
        when = f"{window_look.due_at:%Y-%m-%d %H:%M:%S} UTC" if window_look.due_at else ""
        click.echo(f"{what}: {_span(window_look)}, looked at from {when} on{_error(window_look)}")
    if windows.partial:
        click.echo(f"partial: {', '.join(map(_span, windows.partial))}")


def _span(window: WindowLook) -> str:
    if window.start == window.end:
        return f"from {window.start:%Y-%m-%d %H:%M} on"
    whole_days = window.start.hour == window.end.hour and window.start.minute == window.end.minute == 0
    form = "%Y-%m-%d" if whole_days else "%Y-%m-%dT%H:%M"
    return f"{window.start.strftime(form)}..{window.end.strftime(form)}"


def _error(window: WindowLook) -> str:
    return f" ({window.error})" if window.error else ""
