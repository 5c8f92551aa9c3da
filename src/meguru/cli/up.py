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
@click.option(
    "--serve",
    "beside",
    multiple=True,
    metavar="NAME=PLACE",
    help="Serve another workspace at /env/NAME; repeat it. Default: what meguru.toml says (served_from).",
)
@click.option("--exit-with-parent", is_flag=True, help="Stop when standard input ends.")
@with_session
def command(
    session: Session,
    host: str,
    port: int,
    beside: tuple[str, ...],
    *,
    auth: bool,
    insecure: bool,
    exit_with_parent: bool,
) -> None:
    """Serve the workspace: console, API, predictions, jobs and triggers, in one process.

    Environments of meguru.toml that say where this server keeps them (served_from) are served beside it, each
    at /env/NAME with its own database, blobs and log.
    """
    from meguru.base.settings import load_settings
    from meguru.cli.environments import served_here
    from meguru.server.up import serve

    session.settle()
    environments = served_here(beside)
    new = session.missing_folder()

    def ready(url: str) -> None:
        session.tell_of_new(new)
        places = {name: f"{url}/env/{name}" for name in environments}
        session.show({"url": url} | ({"environments": places} if places else {}))
        beside = "".join(f"\n  {name}: {place}" for name, place in places.items())
        session.note(f"Meguru is up: {url}{beside}\nstop it with Ctrl-C")

    serve(
        load_settings(workspace=session.place),
        host=host,
        port=port,
        auth=auth,
        insecure=insecure,
        exit_with_parent=exit_with_parent,
        ready=ready,
        environments=environments,
    )
