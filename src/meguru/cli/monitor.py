"""`meguru monitor`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from meguru.cli.arguments import ENDPOINT, MONITOR
from meguru.cli.groups import group
from meguru.cli.monitor_compare import compare
from meguru.cli.monitor_outcomes import tell_outcomes
from meguru.cli.monitor_replay import replay
from meguru.cli.monitor_report import report as show_report
from meguru.cli.monitor_timing import tell, timing, timing_options
from meguru.cli.session import Session, read_pairs, with_session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meguru.monitoring.types import ReportSummary


@group
def command() -> None:
    """Monitors: standing watches over endpoints."""


command.add_command(compare)
command.add_command(replay)
command.add_command(show_report)


@command.command()
@click.argument("name", type=MONITOR)
@click.option("--endpoint", type=ENDPOINT, default="", help="The endpoint to watch; or else")
@click.option(
    "--dataset", default="", help="the dataset to watch: each new version, or its rows by --window."
)
@click.option(
    "--reference", default=0, help="The version that a dataset is compared with. Default: the one before."
)
@click.option(
    "--check",
    "checks",
    multiple=True,
    help='A check as JSON: {"check":"psi"}. Default: performance, psi, ks, business, service, broken data.',
)
@click.option(
    "--alert-on", multiple=True, help="A severity that alerts: data_break, performance_drop, input_drift …"
)
@click.option("--important", multiple=True, help="An input whose drift rings; may be given several times.")
@click.option(
    "--min-drift-share", default=0.0, show_default=True, help="Drift alerts from this share of columns on."
)
@click.option("--min-rows", default=500, show_default=True, help="Smaller windows are not judged.")
@timing_options
@with_session
def create(
    session: Session,
    name: str,
    endpoint: str,
    dataset: str,
    reference: int,
    checks: tuple[str, ...],
    alert_on: tuple[str, ...],
    important: tuple[str, ...],
    min_drift_share: float,
    min_rows: int,
    **options: Any,
) -> None:
    """Set up monitor NAME; with --window or --rows the server looks by itself."""
    from meguru.app.calls import monitor_create as ask

    given = timing(options)
    if checks:
        given["checks"] = [read_pairs([f"check={check}"])["check"] for check in checks]
    if alert_on:
        given["alert_on"] = _severities(alert_on)
    if important:
        given["important"] = list(important)
    made = ask(
        session.open(),
        name=name,
        endpoint=endpoint,
        dataset=dataset,
        reference=reference,
        min_rows=min_rows,
        min_drift_share=min_drift_share,
        **given,
    )
    session.show(made, lambda: click.echo(f"{made.ref} watches {made.target}"))


@command.command()
@click.argument("name", type=MONITOR)
@click.option("--check", "checks", multiple=True, help="A check as JSON; all checks are replaced.")
@click.option("--alert-on", multiple=True, help="A severity that alerts; all are replaced.")
@click.option("--important", multiple=True, help="An input whose drift rings; all are replaced.")
@click.option("--min-drift-share", type=float, help="Drift alerts from this share of columns on.")
@click.option("--min-rows", type=int, help="Smaller windows are not judged.")
@timing_options
@with_session
def update(
    session: Session,
    name: str,
    checks: tuple[str, ...],
    alert_on: tuple[str, ...],
    important: tuple[str, ...],
    min_drift_share: float | None,
    min_rows: int | None,
    **options: Any,
) -> None:
    """Change the declaration of monitor NAME; what is not given stays."""
    from meguru.app.calls import monitor_declare
    from meguru.app.calls import monitor_show as ask
    from meguru.cli.specs import change
    from meguru.monitoring.kind import MonitorSpec

    known = ask(session.open(), name=name).monitor
    given = {
        "checks": [read_pairs([f"check={check}"])["check"] for check in checks] or None,
        "alert_on": _severities(alert_on) or None,
        "important": list(important) or None,
        "min_drift_share": min_drift_share,
        "min_rows": min_rows,
    }
    cleared = ["window"] if options["window"] == "none" else []
    change(session, monitor_declare, known, MonitorSpec, given | timing(options, known), *cleared)


@command.command()
@click.argument("name", type=MONITOR)
@with_session
def delete(session: Session, name: str) -> None:
    """Take monitor NAME out of use; its reports stay."""
    from meguru.app.calls import monitor_retire
    from meguru.cli.specs import retire

    retire(session, monitor_retire, name)


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List monitors with their newest reports."""
    from meguru.app.calls import monitor_list as list_monitors

    found = list_monitors(session.open())
    rows = [
        (
            item.monitor.name,
            item.monitor.target,
            item.last.verdict if item.last else "",
            "; ".join(item.last.reasons) if item.last else "",
        )
        for item in found
    ]
    session.table(
        found,
        ("monitor", "watches", "verdict", "reasons"),
        rows,
        begin="meguru monitor create NAME --endpoint ENDPOINT",
    )


@command.command()
@click.argument("name", type=MONITOR)
@click.option("--limit", default=24, show_default=True, help="How many reports.")
@with_session
def show(session: Session, name: str, limit: int) -> None:
    """Show the reports of monitor NAME, newest first, and where it stands if it looks by itself."""
    from meguru.app.calls import monitor_show as ask

    found = ask(session.open(), name=name, limit=limit)
    if not session.as_json:
        tell(found.windows)
        tell_outcomes(found)
    session.table(
        found,
        _columns(found.reports),
        [_row(item) for item in found.reports],
        begin=f"meguru monitor run {name} --start TIME --end TIME",
    )


@command.command()
@click.argument("name", type=MONITOR)
@click.option("--start", required=True, type=click.DateTime(), help="Start of the window (UTC).")
@click.option("--end", required=True, type=click.DateTime(), help="End of the window (UTC), not in it.")
@click.option("--exact", is_flag=True, help="Read the record, not what was counted.")
@with_session
def run(session: Session, name: str, start: datetime, end: datetime, *, exact: bool) -> None:
    """Evaluate monitor NAME over the predictions of a window of event time.

    A window of more than 200,000 rows is told by what was counted of it. With --exact
    the record is read instead, and counted anew if that says otherwise.
    """
    from meguru.app.calls import monitor_run as ask

    window = {"start": start.replace(tzinfo=UTC), "end": end.replace(tzinfo=UTC)}
    report = ask(session.open(), name=name, **window, exact=exact)
    session.table(report, _columns([report]), [_row(report)])


def _columns(reports: Sequence[ReportSummary]) -> tuple[str, ...]:
    """Return the headings; the metric is that by which the newest report judges."""
    from meguru.monitoring.measured import AUC, MeasuredMetric

    metric = next((report.metric for report in reports if report.live), AUC)
    label = MeasuredMetric(metric=metric).label
    return ("window", "verdict", "rows", "drifted", label, "95 %", "model", "reasons")


def _row(report: ReportSummary) -> tuple[object, ...]:
    judged = report.live.measured(report.metric) if report.live else None
    estimate = judged.estimate if judged else None
    window = f"{report.start:%Y-%m-%d}..{report.end:%Y-%m-%d}"
    interval = f"{estimate.low:.3f}-{estimate.high:.3f}" if estimate else ""
    drift = f"{len(report.drifted)}/{report.compared}"
    return (
        window,
        report.verdict,
        report.rows,
        drift,
        estimate.value if estimate else None,
        interval,
        report.model or report.dataset,
        "; ".join(report.reasons),
    )


def _severities(words: tuple[str, ...]) -> list[Any]:
    from meguru.errors import InvalidInput, near_misses
    from meguru.monitoring.types import Severity

    known = [str(item) for item in Severity]
    for word in words:
        if word not in known:
            close = near_misses(word, known)
            hint = f"did you mean {close[0]!r}?" if close else f"use {', '.join(known)}"
            raise InvalidInput(f"there is no severity {word!r}", field="--alert-on", hint=hint)
    return [Severity(word) for word in words]
