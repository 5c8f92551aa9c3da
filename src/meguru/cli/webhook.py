"""`meguru webhook`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

import click

from meguru.cli.arguments import Id
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell

if TYPE_CHECKING:
    from meguru.webhooks.types import Webhook


@group
def command() -> None:
    """Webhooks: addresses that are called when something happens."""


_secret = click.option(
    "--secret-file",
    type=click.File("r"),
    help="A file with the secret that calls are signed with; - reads it from the standard input.",
)


@command.command()
@click.argument("name")
@click.argument("url")
@click.option(
    "--on",
    "events",
    multiple=True,
    metavar="PATTERN",
    help="Types of events to tell, such as 'release.*', again for each; default: all.",
)
@click.option("--topic", "topics", multiple=True, help="A topic of MLflow to tell, again for each.")
@click.option("--description", default="")
@_secret
@click.option("--disabled", is_flag=True, help="Make it, but don't call it yet.")
@with_session
def create(
    session: Session,
    name: str,
    url: str,
    events: tuple[str, ...],
    topics: tuple[str, ...],
    description: str,
    secret_file: TextIO | None,
    *,
    disabled: bool,
) -> None:
    """Call URL when something happens, such as release.promoted."""
    from meguru.app.calls import webhook_create as ask
    from meguru.webhooks.types import WebhookState

    made = ask(
        session.open(create=True),
        name=name,
        url=url,
        topics=list(topics),
        events=list(events or (() if topics else ("*",))),
        description=description,
        secret=_read(secret_file) or "",
        state=WebhookState.DISABLED if disabled else WebhookState.ACTIVE,
    )
    session.show(made, lambda: _print(made))


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List webhooks, the newest first."""
    from meguru.app.calls import webhook_list as list_webhooks

    found = list_webhooks(session.open())
    rows = [
        (w.name, w.state.value, w.url, ", ".join([*w.events, *w.topics]), w.has_secret, w.id) for w in found
    ]
    columns = ("name", "state", "url", "told of", "signed", "id")
    session.table(found, columns, rows, begin="meguru webhook create NAME URL")


@command.command()
@click.argument("webhook", type=Id("webhook"))
@with_session
def show(session: Session, webhook: str) -> None:
    """Show WEBHOOK (its id, or its name); never its secret."""
    from meguru.app.calls import webhook_show as ask

    found = ask(session.open(), webhook=webhook)
    session.show(found, lambda: _print(found))


@command.command()
@click.argument("webhook", type=Id("webhook"))
@click.option("--name")
@click.option("--url")
@click.option(
    "--on",
    "events",
    multiple=True,
    metavar="PATTERN",
    help="Types of events to tell instead, again for each.",
)
@click.option("--topic", "topics", multiple=True, help="Topics of MLflow to tell instead, again for each.")
@click.option("--description")
@_secret
@click.option("--enable/--disable", "is_on", default=None, help="Call it, or don't.")
@with_session
def update(
    session: Session,
    webhook: str,
    name: str | None,
    url: str | None,
    events: tuple[str, ...],
    topics: tuple[str, ...],
    description: str | None,
    secret_file: TextIO | None,
    *,
    is_on: bool | None,
) -> None:
    """Change what is given of WEBHOOK."""
    from meguru.app.calls import webhook_show as find
    from meguru.app.calls import webhook_update as ask
    from meguru.webhooks.types import WebhookState

    states = {True: WebhookState.ACTIVE, False: WebhookState.DISABLED}
    ws = session.open()
    changed = ask(
        ws,
        webhook=find(ws, webhook=webhook).id,
        name=name,
        url=url,
        topics=list(topics) or None,
        events=list(events) or None,
        description=description,
        secret=_read(secret_file),
        state=None if is_on is None else states[is_on],
    )
    session.show(changed, lambda: _print(changed))


@command.command()
@click.argument("webhook", type=Id("webhook"))
@with_session
def delete(session: Session, webhook: str) -> None:
    """Remove WEBHOOK; calls that were promised are not made."""
    from meguru.app.calls import webhook_delete as ask
    from meguru.app.calls import webhook_show as find

    ws = session.open()
    gone = find(ws, webhook=webhook)
    ask(ws, webhook=gone.id)
    session.show(gone, lambda: click.echo(f"{gone.name} is gone"))


@command.command()
@click.argument("webhook", type=Id("webhook"))
@click.option("--topic", default="", help="What to tell: a type of event, or a topic; default: its first.")
@with_session
def test(session: Session, webhook: str, topic: str) -> None:
    """Call WEBHOOK once with an example, and show what came back; exit 1 if it was not taken."""
    from meguru.app.calls import webhook_show as find
    from meguru.app.calls import webhook_test as try_out

    ws = session.open()
    answer = try_out(ws, webhook=find(ws, webhook=webhook).id, topic=topic)
    session.show(answer, lambda: click.echo(answer.error or f"it answered {answer.status}"))
    if not answer.is_taken:
        raise SystemExit(1)


@command.command()
@click.argument("webhook", type=Id("webhook"))
@click.option("--limit", default=50, show_default=True)
@with_session
def deliveries(session: Session, webhook: str, limit: int) -> None:
    """List the calls that WEBHOOK made, the newest first: what was told, and what came back."""
    from meguru.app.calls import webhook_deliveries as ask

    found = ask(session.open(), webhook=webhook, limit=limit)
    rows = [
        (d.at, d.topic, d.attempt, d.status or "", "taken" if d.is_taken else d.error, d.seconds, d.delivery)
        for d in found
    ]
    columns = ("at", "topic", "attempt", "status", "result", "seconds", "delivery")
    session.table(found, columns, rows, empty="it was not called yet")


def _read(file: TextIO | None) -> str | None:
    return None if file is None else file.read().rstrip("\r\n")


def _print(hook: Webhook) -> None:
    click.echo(f"{hook.name}  {hook.state.value}  {hook.url}  {cell(hook.created_at)}  {hook.id}")
    click.echo(f"  signed  {'yes' if hook.has_secret else 'no'}")
    for pattern in hook.events:
        click.echo(f"  event   {pattern}")
    for topic in hook.topics:
        click.echo(f"  topic   {topic}")
