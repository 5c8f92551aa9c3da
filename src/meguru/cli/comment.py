"""`meguru comment`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from meguru.base.text import gettext as _
from meguru.cli.arguments import Id
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell

if TYPE_CHECKING:
    from meguru.comments.types import Comment


@group
def command() -> None:
    """Comments: what people say to each other about a thing."""


@command.command()
@click.argument("about", metavar="REF")
@click.argument("text")
@click.option("--reply-to", default="", help="The comment that it answers.")
@with_session
def add(session: Session, about: str, text: str, *, reply_to: str) -> None:
    """Say something about REF, in Markdown; @name tells that person of it. TEXT - is read from the input."""
    from meguru.app.calls import comment_add as ask

    made = ask(session.open(), about=about, text=_read(text), reply_to=reply_to)
    session.show(made, lambda: _tell(made))


@command.command("list")
@click.argument("about", metavar="[REF]", default="")
@click.option("--limit", default=30, show_default=True, help="How many, newest first.")
@with_session
def list_(session: Session, about: str, *, limit: int) -> None:
    """List what was said about REF and its versions, or about anything; newest first."""
    from meguru.app.calls import comment_list as ask

    page = ask(session.open(), about=about, limit=limit)

    def human() -> None:
        for each in page.items:
            _tell(each)
        if not page.items:
            click.echo(_("nobody said anything so far"), err=True)

    session.show(page, human)


@command.command()
@click.argument("comment", type=Id("cmt"))
@click.argument("text")
@with_session
def edit(session: Session, comment: str, text: str) -> None:
    """Write your COMMENT anew."""
    from meguru.app.calls import comment_edit as ask

    made = ask(session.open(), comment=comment, text=_read(text))
    session.show(made, lambda: _tell(made))


@command.command()
@click.argument("comment", type=Id("cmt"))
@click.option("--reason", default="", help="Why, when it is another's: that needs comment:moderate.")
@with_session
def remove(session: Session, comment: str, *, reason: str) -> None:
    """Remove the text of your COMMENT, or of another's; that there was one stays."""
    from meguru.app import calls

    ws = session.open()
    gone = (
        calls.comment_moderate(ws, comment=comment, reason=reason)
        if reason
        else calls.comment_remove(ws, comment=comment)
    )
    session.show(gone, lambda: _tell(gone))


def _read(text: str) -> str:
    return sys.stdin.read() if text == "-" else text


def _tell(said: Comment) -> None:
    edited = f"  {_('changed')} {cell(said.edited_at)}" if said.edited_at else ""
    click.echo(f"{said.id}  {said.about}  {said.author}  {cell(said.created_at)}{edited}")
    if said.reply_to:
        click.echo(f"  {_('answers')} {said.reply_to}")
    text = said.text or _("removed by {who}").format(who=said.removed_by)
    for line in text.splitlines():
        click.echo(f"  {line}")
