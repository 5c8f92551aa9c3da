"""`meguru up`."""

from __future__ import annotations

import click

from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session


@verb
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=7474, show_default=True, help="Port to listen on; 0 takes a free one.")
@click.option("--auth", is_flag=True, help="Require tokens, also from this machine.")
@click.option(
    "--insecure-no-auth", "insecure", is_flag=True, help="Let everybody who reaches the port be owner."
)
@click.option("--exit-with-parent", is_flag=True, help="Stop when standard input ends.")
@with_session
def command(
    session: Session, host: str, port: int, *, auth: bool, insecure: bool, exit_with_parent: bool
) -> None:
    """Serve the workspace: console, API, predictions, jobs and triggers, in one process."""
    from meguru.base.settings import load_settings
    from meguru.server.up import serve

    new = session.missing_folder()

    def ready(url: str) -> None:
        session.tell_of_new(new)
        session.show({"url": url})
        session.note(f"Meguru is up: {url}\nstop it with Ctrl-C")

    serve(
        load_settings(workspace=session.place),
        host=host,
        port=port,
        auth=auth,
        insecure=insecure,
        exit_with_parent=exit_with_parent,
        ready=ready,
    )
