"""`meguru incident`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meguru.base.text import gettext as _
from meguru.base.text import language_of
from meguru.cli.arguments import Id
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell, state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meguru.alerts.incidents.types import Incident, IncidentStory
    from meguru.artifacts.types import Cause


@group
def command() -> None:
    """Incidents: what went wrong, from the alert to what was done and the test that stays."""


@command.command("list")
@click.option("--state", "state_", default="", help="open or closed; default: all.")
@click.option("--limit", default=30, show_default=True, help="How many, newest first.")
@with_session
def list_(session: Session, state_: str, limit: int) -> None:
    """List incidents, newest first."""
    from meguru.app.calls import incident_list as ask

    page = ask(session.open(), state=state_, limit=limit)
    rows = [
        (i.id, i.severity.value, i.state.value, i.about, i.opened_at, i.conclusion, ", ".join(i.tests))
        for i in page.items
    ]
    columns = ("incident", "severity", "state", "about", "since", "conclusion", "tests")
    session.table(page, columns, rows, empty=_("nothing went wrong so far"))


@command.command("open")
@click.argument("alert", type=Id("alert"))
@with_session
def open_(session: Session, alert: str) -> None:
    """Open an incident for ALERT; critical alerts open theirs by themselves."""
    from meguru.app.calls import incident_open as ask

    made = ask(session.open(), alert=alert)
    session.show(made, lambda: _short(made))


@command.command()
@click.argument("incident", type=Id("inc"))
@with_session
def show(session: Session, incident: str) -> None:
    """Tell the story of INCIDENT: why, what was done, how long it took, and what stays."""
    from meguru.app.calls import incident_show as ask

    story = ask(session.open(), incident=incident)
    session.show(story, lambda: _tell(story))


@command.command()
@click.argument("incident", type=Id("inc"))
@click.argument("text", default="")
@click.option("--test", default="", help="What stays: dataset/golden@3, endpoint/NAME, a test's name.")
@with_session
def note(session: Session, incident: str, text: str, test: str) -> None:
    """Write TEXT to INCIDENT, or name the test that stays."""
    from meguru.app.calls import incident_note as ask

    found = ask(session.open(), incident=incident, text=text, test=test)
    session.show(found, lambda: _short(found))


@command.command()
@click.argument("incident", type=Id("inc"))
@click.argument("conclusion")
@click.option("--test", default="", help="What stays: dataset/golden@3, endpoint/NAME, a test's name.")
@with_session
def close(session: Session, incident: str, conclusion: str, test: str) -> None:
    """Close INCIDENT, whose alert is over, with what was learnt."""
    from meguru.app.calls import incident_close as ask

    found = ask(session.open(), incident=incident, conclusion=conclusion, test=test)
    session.show(found, lambda: _short(found))


def _tell(story: IncidentStory) -> None:
    from meguru.alerts.sentences import sentence_of

    _short(story.incident)
    click.echo(f"  {sentence_of(story.alert, language_of())}")
    figures = story.figures
    for name, at, seconds in (
        ("began", figures.began_at, None),
        ("noticed", figures.noticed_at, figures.to_notice),
        ("acted", figures.acted_at, figures.to_act),
        ("restored", figures.restored_at, figures.to_restore),
    ):
        after = "" if seconds is None else f"  +{_length(seconds)}"
        click.echo(f"  {_(name)}  {cell(at) or '–'}{after}")
    _chain("why", story.causes)
    _chain("what was done", story.done)
    for each in story.notes:
        click.echo(f"  {cell(each.at)}  {each.by}: {' '.join(filter(None, (each.text, each.test)))}")
    for test in story.incident.tests:
        click.echo(f"  {_('stays')}  {test}")
    if story.incident.conclusion:
        click.echo(f"  {_('learnt')}  {story.incident.conclusion}")


def _chain(title: str, found: Sequence[Cause]) -> None:
    if found:
        click.echo(f"  {_(title)}")
    for each in found:
        click.echo(f"    {cell(each.at)}  {each.says}")


def _length(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"


def _short(found: Incident) -> None:
    click.echo(f"{found.id}  {found.severity.value}  {state(found.state.value)}  {found.about}")
