"""`meguru login`."""

from __future__ import annotations

import platform
import time
from typing import Any

import click

from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session
from meguru.cli.text import gettext as _

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@verb
@click.option("--no-browser", is_flag=True, help="Only print the address; open it where you like.")
@with_session
def command(session: Session, *, no_browser: bool) -> None:
    """Sign in to a server in your browser; the token is kept for the next commands."""
    from meguru.base.credentials import Credential, save, server_of

    server = server_of(server_in(session))
    asked = _post(f"{server}/v1/device", {"machine": platform.node()})
    page = asked["verification_uri_complete"]
    session.note(_("open {page} and check the code {code}").format(page=page, code=asked["user_code"]))
    if not no_browser:
        click.launch(page)
    got = _wait(server, asked)
    save(server, Credential(token=got["access_token"], principal=got["principal"]))
    shown = {"server": server, "principal": got["principal"], "expires_in": got["expires_in"]}
    session.show(
        shown,
        lambda: click.echo(_("signed in to {server} as {who}").format(server=server, who=got["principal"])),
    )


def _wait(server: str, asked: dict[str, Any]) -> dict[str, Any]:
    from meguru.errors import Unauthenticated

    until = time.monotonic() + asked["expires_in"]
    while time.monotonic() < until:
        found = _post(f"{server}/v1/token", {"grant_type": GRANT, "device_code": asked["device_code"]})
        if "access_token" in found:
            return found
        if found.get("error") != "authorization_pending":
            raise Unauthenticated("the server lets nobody in", why=found.get("error_description", ""))
        time.sleep(asked["interval"])
    raise Unauthenticated("nobody answered in time", hint="meguru login")


def _post(url: str, fields: dict[str, str]) -> dict[str, Any]:
    from meguru.kernel.token_endpoint import post

    return post(url, fields)


def server_in(session: Session) -> str:
    """Return the server that a command is to ask; refuse what is none."""
    from meguru.base.settings import load_settings
    from meguru.errors import UsageError

    place = load_settings(workspace=session.place).workspace
    if not place.startswith(("http://", "https://")):
        raise UsageError(
            "one signs in to a server",
            where="--workspace",
            why=f"{place} is worked in by whoever may open its files",
            hint="meguru login --workspace https://HOST",
        )
    return place
