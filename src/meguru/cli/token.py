"""`meguru token`."""

from __future__ import annotations

from typing import Any

import click

from meguru.cli.arguments import PRINCIPAL, Id
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT = "urn:ietf:params:oauth:token-type:jwt"


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

    found = list_tokens(session.open(), limit=1000)
    rows = [(t.id, t.principal, " ".join(t.scope), t.expires_at, t.revoked_at, t.note) for t in found.items]
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


@command.command()
@click.option("--audience", default="meguru", show_default=True, help="For whom the forge is to sign.")
@click.option("--token-file", type=click.File("r"), help="The signed token; - reads it from standard input.")
@click.option("--variable", default="MEGURU_ID_TOKEN", show_default=True, help="Where GitLab's job has it.")
@click.option("--trust", default="", help="By which trust, where several would take it.")
@with_session
def exchange(session: Session, audience: str, token_file: Any, variable: str, trust: str) -> None:
    """Get a short token for the one that this job's forge signed; print it alone.

    On GitHub the job needs the permission `id-token: write`; on GitLab an `id_tokens` entry.
    """
    from meguru.base.credentials import server_of
    from meguru.cli.forge import signed_token
    from meguru.cli.login import server_in
    from meguru.errors import Unauthenticated
    from meguru.kernel.token_endpoint import post

    signed = token_file.read().strip() if token_file else signed_token(audience, variable)
    fields = {"grant_type": EXCHANGE, "subject_token": signed, "subject_token_type": JWT, "trust": trust}
    got = post(f"{server_of(server_in(session))}/v1/token/exchange", fields)
    if "access_token" not in got:
        raise Unauthenticated("the server gives no token for this one", why=got.get("error_description", ""))
    session.show(got, lambda: click.echo(got["access_token"]))
