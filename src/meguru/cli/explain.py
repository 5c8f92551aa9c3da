"""`meguru explain`."""

from __future__ import annotations

import inspect

import click

from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session


@verb
@click.argument("code", required=False)
@with_session
def command(session: Session, code: str | None) -> None:
    """Explain an error code; without one, list them all."""
    from meguru.errors import NotFound, all_errors

    known = all_errors()
    if code is not None and code.upper() not in known:
        raise NotFound.of("error code", code.upper(), known)
    chosen = [known[code.upper()]] if code else list(known.values())
    facts = [
        {
            "code": kind.code,
            "name": kind.__name__,
            "meaning": inspect.getdoc(kind),
            "status": kind.status,
            "exit": kind.exit_code,
        }
        for kind in chosen
    ]
    rows = [(fact["code"], fact["name"], fact["status"], fact["exit"], fact["meaning"]) for fact in facts]
    session.table(facts, ("code", "name", "HTTP", "exit", "meaning"), rows)
