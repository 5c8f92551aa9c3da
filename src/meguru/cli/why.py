"""`meguru why`."""

from __future__ import annotations

import re

import click

from meguru.cli.arguments import REF
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell

STEP = re.compile(r"(step_run/)?prun-[0-9a-z]+\..+")


@verb
@click.argument("ref", type=REF)
@with_session
def command(session: Session, ref: str) -> None:
    """Explain why REF is as it is now: the chain of causes, each with its event and time.

    REF is a reference such as endpoint/delay, model/delay@3, release/delay@2 or pipeline_run/ID; or
    RUN.STEP, to learn why that step ran or was taken from an earlier run.
    """
    if STEP.fullmatch(ref):
        _step(session, ref)
        return
    from meguru.app.calls import why_show as show

    found = show(session.open(), ref=ref)

    def human() -> None:
        click.echo(f"{ref}: {found.state}\n")
        for depth, link in enumerate(found.chain):
            mark = "└─ " if depth else ""
            click.echo(f"{'   ' * max(depth - 1, 0)}{mark}{link.says}")
            pad = "   " * depth
            click.echo(f"{pad}{link.type} · {cell(link.at)} · by {link.actor} · {link.event}")

    session.show(found, human)


def _step(session: Session, ref: str) -> None:
    from meguru.app.calls import step_run_explain as explain

    found = explain(session.open(), ref=ref)

    def human() -> None:
        click.echo(f"{found.step.id}: {found.step.state}")
        for reason in found.reasons:
            click.echo(f"  {reason}")
        if found.seed is not None:
            click.echo(f"  seed of its random numbers: {found.seed}")
        if not found.declared:
            click.echo("  declared deterministic=False")
        if found.checked is not None:
            said = "; ".join(found.checked.differences)
            verdict = f"{found.checked.verdict}{': ' + said if said else ''}"
            click.echo(f"  run twice at {cell(found.checked.at)}: {verdict}")

    session.show(found, human)
