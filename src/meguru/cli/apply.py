"""`meguru apply`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meguru.cli import plan as plans
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session
from meguru.cli.text import gettext as _

if TYPE_CHECKING:
    from meguru.app.status.types import NeedLine
    from meguru.applies.types import Apply, ApplyPlan, PlannedAction

FAILED = 5


@verb
@click.argument("saved", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--file", "-f", type=click.Path(path_type=Path), help="Default: meguru.toml.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--wait", is_flag=True, help="Wait until what it set off has ended: runs, gates, releases.")
@click.option("--timeout", default=3600.0, show_default=True, help="Seconds to wait at most.")
@with_session
def command(
    session: Session,
    saved: Path | None,
    file: Path | None,
    *,
    yes: bool,
    wait: bool,
    timeout: float,
) -> None:
    """Make everything as meguru.toml says; SAVED is a plan that was looked at before.

    What the file declared once and does not any more is retired; what it never declared is left alone.
    """
    project, ws = plans.opened(session, file)
    from meguru.project.plan_apply import apply_plan, check_same, plan_project

    found = plan_project(ws, project)
    if saved:
        check_same(_read(saved), found)
    if not session.as_json:
        click.echo(plans.text(found), err=True)
    if found.actions and not yes:
        click.confirm(_("carry this out?"), abort=True, err=True)
    done = None
    if found.actions or found.adopts:
        done = apply_plan(ws, found, project, None if session.as_json else _tell)
    failed = _settled(session, ws, done, timeout) if wait else []
    said = _("{ref}: all is as the file says").format(ref=done.ref if done else project.head.name)
    session.show({"apply": done, "plan": found, "failed": failed}, lambda: click.echo(said))
    if failed:
        sys.exit(FAILED)


def _settled(session: Session, ws: Any, done: Apply | None, timeout: float) -> list[NeedLine]:
    from meguru.cli.wait_idle import settle

    failed = settle(session, ws, done.started_at if done else None, timeout=timeout)
    for each in failed:
        session.note(f"! {each.what} {each.state}: {each.why}")
        session.note(f"    {each.command}")
    return failed


def _tell(action: PlannedAction) -> None:
    click.echo(f"{plans.SIGNS[action.change.value]} {action.ref} {action.change.value}", err=True)


def _read(saved: Path) -> ApplyPlan:
    import msgspec

    from meguru.applies.types import ApplyPlan
    from meguru.errors import InvalidInput

    try:
        return msgspec.json.decode(saved.read_bytes(), type=ApplyPlan)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        hint = "meguru plan --out FILE"
        raise InvalidInput("this is no saved plan", where=str(saved), why=str(error), hint=hint) from error
