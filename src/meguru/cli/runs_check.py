"""`meguru runs check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import RUN
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    from meguru.pipelines.determinism.types import StepCheck

MARKS = {"equal": "✓", "differs": "✗", "changed": "✗", "failed": "✗", "skipped": "-"}


@verb
@click.argument("ref", metavar="RUN[.STEP]", type=RUN)
@with_session
def check(session: Session, ref: str) -> int:
    """Run a finished step twice from the same inputs, and tell whether it returns the same.

    Without a STEP, every finished step of the run is checked. Neither the run nor the cache is changed. Ends
    with 1 if a step differs that is not declared ``deterministic=False``.
    """
    from meguru.pipelines.determinism.wait import check_now

    found = check_now(session.open(), ref, None if session.as_json else _tell)
    surprises = sum(result.is_surprise for result in found.results)

    def human() -> None:
        same = sum(result.verdict == "equal" for result in found.results)
        click.echo(f"{same} of {len(found.results)} steps returned the same twice")
        if surprises:
            click.echo("  draw from seeded generators and sort what has no order,")
            click.echo("  or declare it: @step(deterministic=False)")

    session.show(found, human)
    return 1 if surprises else 0


def _tell(step_check: StepCheck) -> None:
    declared = "" if step_check.declared else "  (declared deterministic=False)"
    click.echo(f"{MARKS[step_check.verdict]} {step_check.step} {step_check.verdict}{declared}", err=True)
    for text in step_check.differences:
        click.echo(f"    {text}", err=True)
