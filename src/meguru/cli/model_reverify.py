"""`meguru model reverify`."""

from __future__ import annotations

from functools import partial

import click

from meguru.cli.arguments import MODEL
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session

_FAILED = 5
_ENVIRONMENT = "A virtual environment, or its Python; default: this one."


@verb
@click.argument("refs", nargs=-1, type=MODEL)
@click.option(
    "--env", "environment", default="", help="A virtual environment, or its Python; default: this one."
)
@partial(with_session, environments=False)
def reverify(session: Session, refs: tuple[str, ...], environment: str) -> None:
    """Ask every live model (or REFS) its example and holdout in a new environment; nothing is switched."""
    import sys

    from meguru.app.reverify import interpreter_of
    from meguru.app.reverify import reverify as ask

    python = interpreter_of(environment) if environment else sys.executable
    found = list(ask(session.open(), refs=refs, python=python))
    rows = [
        (
            each.ref,
            each.found.verdict,
            " ".join(each.endpoints),
            f"{each.found.example_rows} + {each.found.holdout_rows}",
            each.found.why or " ".join(f"{name} {number}" for name, number in each.found.packages.items()),
        )
        for each in found
    ]
    session.table(found, ("version", "state", "live at", "rows asked", "why"), rows, empty="no model is live")
    if any(each.found.verdict in {"differs", "fails"} for each in found):
        raise click.exceptions.Exit(_FAILED)
