"""`meguru explain`."""

from __future__ import annotations

import inspect

import click

from meguru.cli.groups import command as verb
from meguru.cli.remedies import REMEDIES
from meguru.cli.session import Session, with_session
from meguru.cli.text import gettext as _
from meguru.cli.text import width_of
from meguru.errors import MeguruError


@verb
@click.argument("code", required=False)
@with_session
def command(session: Session, code: str | None) -> None:
    """Explain an error code: what leads to it, and what mends it; without one, list them all."""
    from meguru.errors import NotFound, all_errors

    known = all_errors()
    if code is None:
        facts = [_facts(kind) for kind in known.values()]
        rows = [(fact["code"], fact["name"], fact["status"], fact["exit"], fact["meaning"]) for fact in facts]
        session.table(facts, ("code", "name", "HTTP", "exit", "meaning"), rows)
        return
    name = code.upper() if code.upper().startswith("MG-") else f"MG-{code}"
    if name not in known:
        raise NotFound.of("error code", name, known)
    found = _facts(known[name])

    def human() -> None:
        click.echo(f"{found['code']} {found['name']}: {found['meaning']}")
        for title, text in ((_("cause"), found["cause"]), (_("cure"), found["cure"])):
            click.echo(f"  {title}{' ' * (6 - width_of(title))} {text}")
        click.echo(f"  HTTP   {found['status']}, {_('exit code')} {found['exit']}")

    session.show(found, human)


def _facts(kind: type[MeguruError]) -> dict[str, object]:
    cause, cure = REMEDIES.get(kind.code, ("", ""))
    return {
        "code": kind.code,
        "name": kind.__name__,
        "meaning": _((inspect.getdoc(kind) or "").partition("\n")[0]),
        "cause": _(cause),
        "cure": _(cure),
        "status": kind.status,
        "exit": kind.exit_code,
    }
