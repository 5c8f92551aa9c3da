"""`meguru plan`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meguru.cli.environments import nearest
from meguru.cli.files import write_file
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session
from meguru.cli.text import gettext as _

if TYPE_CHECKING:
    from meguru.applies.types import ApplyPlan, PlannedAction
    from meguru.project.types import ProjectFile

SIGNS = {"created": "+", "updated": "~", "retired": "-"}
CHANGES_PRESENT = 2


@verb
@click.option("--file", "-f", type=click.Path(path_type=Path), help="Default: meguru.toml.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Save the plan, to apply it.")
@click.option("--md", "as_markdown", is_flag=True, help="Print Markdown, for a review.")
@click.option("--adopt", "adopted", multiple=True, metavar="REF", help="Write into the file how REF is now.")
@click.option("--exit-code", is_flag=True, help="Exit with 2 when there is something to do.")
@with_session
def command(
    session: Session,
    file: Path | None,
    out: Path | None,
    *,
    as_markdown: bool,
    adopted: tuple[str, ...],
    exit_code: bool,
) -> None:
    """Say what has to change so that everything is as meguru.toml says; nothing is changed.

    What was changed past the file stays so with --adopt, which writes it there; an apply takes it back.
    """
    import msgspec

    project, ws = opened(session, file)
    from meguru.project.plan_apply import plan_project

    found = plan_project(ws, project)
    if adopted:
        from meguru.project.adopt import adopt

        for path in adopt(ws, project, found, adopted):
            session.note(_("wrote {path}").format(path=path))
        project, ws = opened(session, file)
        found = plan_project(ws, project)
    if out:
        write_file(out, msgspec.json.format(msgspec.json.encode(found)))
    session.show(found, lambda: click.echo(markdown(found) if as_markdown else text(found)))
    if exit_code and found.actions:
        sys.exit(CHANGES_PRESENT)


def opened(session: Session, file: Path | None) -> tuple[ProjectFile, Any]:
    """Read the project file, and open the workspace that it is about."""
    from meguru.project.read import FILE, read_project

    project = read_project(file or nearest(FILE), environment=session.environment)
    if project.workspace and session.place is None:
        session.place = project.workspace
    return project, session.open(create=True)


def text(plan: ApplyPlan) -> str:
    """Return a plan for a terminal."""
    lines = [line for action in plan.actions for line in _lines(action)]
    return "\n".join([*lines, _summary(plan)])


def markdown(plan: ApplyPlan) -> str:
    """Return a plan as Markdown."""
    lines = [f"### {_summary(plan)}", ""]
    for action in plan.actions:
        head, *more = _lines(action)
        lines += [f"- `{head.strip()}`", *(f"  - {line.strip()}" for line in more)]
    return "\n".join(lines)


def _lines(action: PlannedAction) -> list[str]:
    lines = [f"{SIGNS[action.change.value]} {action.ref}"]
    if action.change == "updated":
        lines += [
            f"    {change.field}: {_short(change.before)} -> {_short(change.after)}"
            for change in action.fields
        ]
    lines += [f"    ! {touch}" for touch in action.touches]
    if action.pending:
        lines.append("    " + _("pending: {why}").format(why=action.pending))
    if moved := action.out_of_sync:
        said = _("changed past the file by {who}, {when} ({event})")
        lines.append(
            "    ! " + said.format(who=moved.by, when=f"{moved.at:%Y-%m-%d %H:%M}", event=moved.event)
        )
    return lines


def _summary(plan: ApplyPlan) -> str:
    counts = dict.fromkeys(SIGNS, 0)
    for action in plan.actions:
        counts[action.change.value] += 1
    said = _("{created} to create, {updated} to change, {retired} to retire, {unchanged} as they should be")
    return said.format(**counts, unchanged=plan.unchanged)


def _short(value: Any) -> str:
    import msgspec

    shown = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return shown if len(shown) <= 60 else shown[:59] + "…"
