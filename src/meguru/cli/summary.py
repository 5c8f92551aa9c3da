"""`meguru summary`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from meguru.base.text import gettext as _
from meguru.base.text import language_of
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    from meguru.summaries.types import BusinessSummary, PlainSentence


@verb
@click.option("--days", type=click.IntRange(1, 3660), default=30, show_default=True, help="How far back.")
@click.option("--language", default="", help="en or ja; default: yours.")
@with_session
def command(session: Session, *, days: int, language: str) -> None:
    """Tell what services were worth, what is at risk, and what changed, in plain words."""
    from meguru.app.calls import summary_show as ask

    since = datetime.now().astimezone() - timedelta(days=days)
    found = ask(session.open(), since=since)
    session.show(found, lambda: _tell(found, language or language_of()))


def _tell(found: BusinessSummary, language: str) -> None:
    for summary in found.endpoints:
        click.echo(f"{summary.endpoint}  {summary.standing.say(language)}")
        if summary.purpose:
            click.echo(f"  {summary.purpose}")
        for title, lines in (
            (_("worth"), summary.value),
            (_("at risk"), summary.risks),
            (_("changed"), summary.changes),
        ):
            _lines(title, lines, language)
    _lines(_("else at risk"), found.risks, language)
    if not (found.endpoints or found.risks):
        click.echo(_("there is no service yet"), err=True)


def _lines(title: str, lines: list[PlainSentence], language: str) -> None:
    for number, each in enumerate(lines):
        day = f"{each.at:%Y-%m-%d}  " if each.at else ""
        click.echo(f"  {title if number == 0 else '':<14}{day}{each.say(language)}")
