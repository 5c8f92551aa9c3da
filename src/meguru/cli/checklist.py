"""`meguru checklist`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meguru.base.text import gettext as _
from meguru.base.text import language_of
from meguru.cli.arguments import MODEL
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    from meguru.governance.checklists.types import ChecklistStanding, ItemStanding

FORMATS = ("md", "json", "csv")


@group
def command() -> None:
    """Checklists: what people answer about a model by risk class, with owners and days."""


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List the declared checklists."""
    from meguru.app.calls import checklist_list as ask

    found = ask(session.open())
    rows = [(c.name, c.title, c.risk, c.items, c.owner, c.due, ", ".join(c.models)) for c in found]
    columns = ("checklist", "title", "risk", "items", "owner", "due", "models")
    session.table(found, columns, rows, begin="meguru checklist templates")


@command.command()
@with_session
def templates(session: Session) -> None:
    """List the checklists that come with Meguru, and the texts that they follow."""
    from meguru.app.calls import checklist_templates as ask

    found = ask(session.open())
    is_ja = language_of() == "ja"
    rows = [(t.name, t.ja if is_ja else t.title, len(t.items), t.follows) for t in found]
    session.table(found, ("template", "title", "items", "follows"), rows)
    session.note(_("They are short paraphrases and no legal advice: have counsel check them."))


@command.command()
@click.argument("checklist")
@click.argument("model", type=MODEL)
@with_session
def show(session: Session, checklist: str, model: str) -> int:
    """Show how far MODEL (NAME@N) has come with CHECKLIST; exit code 5 while it is not through."""
    from meguru.app.calls import checklist_standing as ask
    from meguru.errors import GateFailed

    found = ask(session.open(), checklist=checklist, model=model)
    session.show(found, lambda: _print(found))
    return 0 if found.complete else GateFailed.exit_code


@command.command()
@click.argument("checklist")
@click.argument("model", type=MODEL)
@click.argument("item")
@click.option("--yes", "said", flag_value="yes", help="It is so.")
@click.option("--no", "said", flag_value="no", help="It is not so: the gate refuses the version.")
@click.option("--not-applicable", "said", flag_value="not_applicable", help="It does not apply; say why.")
@click.option("--confirm", "said", flag_value="confirm", help="The answer of an earlier version still holds.")
@click.option("--reason", default="", help="Why, or how.")
@click.option("--evidence", default="", help="Where it can be seen: a reference, or an address.")
@with_session
def answer(
    session: Session, checklist: str, model: str, item: str, said: str | None, reason: str, evidence: str
) -> None:
    """Answer ITEM of CHECKLIST for MODEL (NAME@N)."""
    from meguru.app.calls import checklist_answer as ask
    from meguru.errors import UsageError
    from meguru.governance.checklists.types import ItemAnswer

    if said is None:
        raise UsageError("what is the answer?", hint="--yes, --no, --not-applicable or --confirm")
    found = ask(
        session.open(),
        checklist=checklist,
        model=model,
        item=item,
        answer=None if said == "confirm" else ItemAnswer(said),
        reason=reason,
        evidence=evidence,
    )
    session.show(found, lambda: _told(found, item))


@command.command()
@click.argument("checklist")
@click.argument("model", type=MODEL)
@click.option("--format", "format_", type=click.Choice(FORMATS), default="md", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Into this file.")
@with_session
def export(session: Session, checklist: str, model: str, format_: str, out: Path | None) -> None:
    """Write CHECKLIST with the answers for MODEL (NAME@N): Markdown, JSON or CSV."""
    from meguru.app.calls import checklist_standing as ask
    from meguru.governance.checklists.export import exported

    text = exported(ask(session.open(), checklist=checklist, model=model), format_, language_of())
    if out is None:
        click.echo(text, nl=not text.endswith("\n"))
    else:
        out.write_text(text, "utf-8")
        session.note(str(out))


def _print(found: ChecklistStanding) -> None:
    left = len(found.unsettled)
    total = len(found.items)
    click.echo(f"{found.checklist}  {found.model}  {total - left} of {total} settled  ({found.title})")
    language = language_of()
    for each in found.items:
        click.echo(f"  {each.state.value:<14} {each.item.id}  {each.item.source}".rstrip())
        click.echo(f"    {each.item.ja if language == 'ja' and each.item.ja else each.item.text}")
        for line in _details(each):
            click.echo(f"    {line}")
    if found.follows:
        click.echo(f"  follows: {found.follows}. {found.note}")


def _details(each: ItemStanding) -> list[str]:
    said, item = each.answer, each.item
    lines = []
    if said:
        reason = f": {said.reason}" if said.reason else ""
        version = f" for version {said.version}" if said.version else ""
        lines.append(f"{said.answer.value} by {said.by} on {said.at:%Y-%m-%d}{version}{reason}")
    if said and said.evidence:
        lines.append(f"see {said.evidence}")
    if each.found:
        lines.append(f"found: {', '.join(each.found[:3])}{', …' if len(each.found) > 3 else ''}")
    if item.owner or item.due:
        late = " (overdue)" if each.overdue else ""
        lines.append(f"{item.owner or 'nobody in particular'}{f', by {item.due}' if item.due else ''}{late}")
    return lines


def _told(found: ChecklistStanding, item: str) -> None:
    each = next(one for one in found.items if one.item.id == item)
    click.echo(f"{found.checklist}  {found.model}  {item}: {each.state.value}")
    left = found.unsettled
    click.echo(f"  {len(left)} left: {', '.join(one.item.id for one in left[:8])}" if left else "  complete")
