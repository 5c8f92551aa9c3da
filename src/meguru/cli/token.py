"""`meguru token`."""

from __future__ import annotations

import click

from meguru.cli.arguments import PRINCIPAL, Id
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session


@group
def command() -> None:
    """Make, list and revoke access tokens."""


@command.command()
@click.argument("principal", type=PRINCIPAL)
@click.option("--note", default="", help="What the token is for.")
@click.option(
    "--scope", multiple=True, help="A permission such as endpoint:predict; repeat it. Default: all."
)
@click.option("--days", default=90, show_default=True, help="How long it is valid.")
@with_session
def create(session: Session, principal: str, note: str, scope: tuple[str, ...], days: int) -> None:
    """Make a token for PRINCIPAL; its secret is shown this once."""
    from meguru.app.calls import token_create as create_token

    made = create_token(session.open(), principal=principal, note=note, scope=list(scope) or None, days=days)

    def human() -> None:
        click.echo(made.secret)
        session.note(
            f"valid until {made.token.expires_at:%Y-%m-%d}; revoke: meguru token revoke {made.token.id}"
        )

    session.show(made, human)


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List tokens, without their secrets."""
    from meguru.app.calls import token_list as list_tokens

    found = list_tokens(session.open())
    rows = [(t.id, t.principal, " ".join(t.scope), t.expires_at, t.revoked_at, t.note) for t in found]
    session.table(
        found,
        ("id", "principal", "scope", "expires", "revoked", "note"),
        rows,
        begin="meguru token create PRINCIPAL",
    )


@command.command()
@click.argument("token_id", type=Id("tok"))
@with_session
def revoke(session: Session, token_id: str) -> None:
    """End a token at once."""
    from meguru.app.calls import token_revoke as revoke_token

    found = revoke_token(session.open(), id=token_id)
    session.show(found, lambda: click.echo(f"{found.id} is revoked"))
