"""`meguru monitor report`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import MONITOR
from meguru.cli.files import write_file
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    from meguru.monitoring.evidence.translation import EvidenceWords
    from meguru.monitoring.types import Report


@verb
@click.argument("name", type=MONITOR)
@click.option("--start", type=click.DateTime(), help="Start of a window (UTC); it is evaluated if need be.")
@click.option("--end", type=click.DateTime(), help="End of that window (UTC), not in it.")
@click.option("--report", "ref", default="", help="One report, by its id. Default: the newest.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page to this file.")
@click.option(
    "--drawing",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a drawing: .svg or .png.",
)
@with_session
def report(
    session: Session,
    name: str,
    start: datetime | None,
    end: datetime | None,
    ref: str,
    html: Path | None,
    drawing: Path | None,
) -> None:
    """Show one report of monitor NAME: what it comes to, why, and what it is not."""
    found = _find(session, name, start, end, ref)
    words = _words()
    if html is not None:
        from meguru.monitoring.report_page.page import report_html

        write_file(html, report_html(found, words))
    if drawing is not None:
        _draw(found, words, drawing)
    session.show(found, lambda: _print(found, words))
    for file in (html, drawing):
        if file is not None:
            session.note(words.text("written to {file}", file=file))


def _draw(found: Report, words: EvidenceWords, file: Path) -> None:
    """Write the evidence as one drawing, as the name's ending says."""
    from meguru.errors import UsageError
    from meguru.monitoring.evidence.png import png_of
    from meguru.monitoring.evidence.poster import poster

    svg = poster(found, words)
    match file.suffix.lower():
        case ".svg":
            write_file(file, svg)
        case ".png":
            write_file(file, png_of(svg))
        case _:
            raise UsageError(f"{file.name} is neither .svg nor .png", where="--drawing", hint="march.png")


def _find(session: Session, name: str, start: datetime | None, end: datetime | None, ref: str) -> Report:
    from meguru.app.calls import monitor_run, monitor_show, report_show
    from meguru.errors import NotFound, UsageError

    if ref and (start or end):
        raise UsageError("a report has its window", why="--report goes without --start and --end")
    if (start is None) != (end is None):
        raise UsageError("a window has a start and an end", hint="--start 2026-03-01 --end 2026-04-01")
    ws = session.open()
    if start is not None and end is not None:
        made = monitor_run(ws, name=name, start=start.replace(tzinfo=UTC), end=end.replace(tzinfo=UTC))
        return report_show(ws, ref=made.ref)
    if not ref:
        newest = monitor_show(ws, name=name, limit=1).reports
        if not newest:
            hint = f"meguru monitor run {name} --start TIME --end TIME"
            raise NotFound(f"monitor {name!r} has no report yet", where=name, hint=hint)
        ref = newest[0].id
    found = report_show(ws, ref=ref)
    if found.monitor != monitor_show(ws, name=name, limit=1).monitor.name:
        raise NotFound(f"this is a report of monitor {found.monitor!r}", where=ref)
    return found


def _words() -> EvidenceWords:
    from functools import partial

    from meguru.base.text import language_of
    from meguru.monitoring.evidence.translation import EvidenceWords
    from meguru.sentences.spoken import spoken

    language = language_of()
    return EvidenceWords(language, partial(spoken, language=language))


def _print(found: Report, words: EvidenceWords) -> None:
    window = f"{found.start:%Y-%m-%d %H:%M} – {found.end:%Y-%m-%d %H:%M} UTC"
    click.echo(f"{found.monitor}  {window}  {words.text(found.verdict.value)}")
    for line in dict.fromkeys((*found.reasons, *found.partial, *found.notes)):
        click.echo(f"  {words.spoken(line)}")
    from meguru.monitoring.evidence.poster import likely_words

    evidence = found.evidence
    if evidence is None or evidence.likely is None:
        return
    for line in likely_words(evidence, words):
        click.echo(line)
    for explanation in evidence.explanations:
        said = [("+", point) for point in explanation.speaks_for] + [
            ("−", point) for point in explanation.speaks_against
        ]
        for sign, point in said:
            click.echo(f"  {sign} {words.cause(explanation.cause)}: {words.point(point)}")
