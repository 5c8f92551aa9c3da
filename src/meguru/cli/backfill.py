"""`meguru backfill`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from meguru.cli.arguments import Id
from meguru.cli.groups import group
from meguru.cli.session import Session, read_pairs, with_session
from meguru.cli.tables import cell, print_table

if TYPE_CHECKING:
    from meguru.backfills.types import Backfill
    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace


@group
def command() -> None:
    """Backfills: a pipeline, run once for each part of the data, such as each day of a year."""


@command.command()
@click.argument("target", metavar="FILE.py:PIPELINE|PIPELINE")
@click.option(
    "--param", default="", help="The parameter that differs; not needed if one alone must be given."
)
@click.option("--from", "first", default="", metavar="DATE", help="The first partition.")
@click.option("--to", "last", default="", metavar="DATE", help="The last partition; it counts.")
@click.option("--step", type=click.Choice(["hour", "day", "week", "month"]), default="day", show_default=True)
@click.option("--values", default="", metavar="A,B,C", help="These partitions, instead of a range.")
@click.option("-p", "--param-value", "params", multiple=True, metavar="KEY=VALUE", help="Another parameter.")
@click.option("--parallel", default=4, show_default=True, help="Most runs at a time.")
@click.option("--order", type=click.Choice(["asc", "desc"]), default="asc", show_default=True)
@click.option("--on-failure", type=click.Choice(["stop", "go-on"]), default="stop", show_default=True)
@click.option("--priority", type=int, default=None, help="Of waiting runs the highest goes first.")
@click.option("--detach", is_flag=True, help="Don't wait for the end.")
@with_session
def start(
    session: Session, target: str, *, values: str, params: tuple[str, ...], detach: bool, **options: Any
) -> int:
    """Run a pipeline for each partition, and show the progress.

    In an embedded workspace this process does the work; killed, it is taken up by `resume`. At a server the
    server does, and Ctrl-C only ends the watching.
    """
    from meguru.app.calls import backfill_start as ask
    from meguru.pipelines.load import register_file

    ws = session.open(create=True)
    name = register_file(ws, target).ref if ".py" in target else target
    chosen = [value.strip() for value in values.split(",") if value.strip()]
    made = ask(ws, pipeline=name, values=chosen, params=read_pairs(params), **options)
    session.note(f"{made.ref}: {made.counts.total} partitions of {made.pipeline}@{made.version}")
    return _watch(session, ws, made, detach=detach)


@command.command("list")
@click.option("--limit", default=30, show_default=True, help="How many, newest first.")
@with_session
def list_(session: Session, limit: int) -> None:
    """List backfills, newest first."""
    from meguru.app.calls import backfill_list as list_backfills

    page = list_backfills(session.open(), limit=limit)
    rows = [
        (
            b.id,
            f"{b.pipeline}@{b.version}",
            b.state,
            f"{b.counts.succeeded}/{b.counts.total}",
            b.counts.failed,
        )
        for b in page.items
    ]
    session.table(
        page,
        ("backfill", "pipeline", "state", "done", "failed"),
        rows,
        begin="meguru backfill start FILE.py:PIPELINE --from DATE --to DATE",
    )


@command.command()
@click.argument("backfill", type=Id("bf"))
@click.option("--state", default=None, help="Only partitions of this state.")
@click.option("--limit", default=100, show_default=True, help="How many partitions.")
@with_session
def show(session: Session, backfill: str, state: str | None, limit: int) -> None:
    """Show BACKFILL and its partitions."""
    from meguru.app.calls import backfill_partitions as list_partitions
    from meguru.app.calls import backfill_show as ask

    ws = session.open()
    found = ask(ws, backfill=backfill)
    page = list_partitions(ws, backfill=backfill, state=state, limit=limit)  # type: ignore[arg-type]

    def human() -> None:
        click.echo(f"{found.ref}  {found.pipeline}@{found.version}  {found.state}  {line_of(found)}")
        for key, value in found.params.items():
            click.echo(f"  {key} = {value}")
        rows = [[p.key, p.state, p.run, p.ran, p.cached, cell(p.finished_at), p.reason] for p in page.items]
        print_table(("partition", "state", "run", "ran", "cached", "ended", "reason"), rows)

    session.show({"backfill": found, "partitions": page}, human)


@command.command()
@click.argument("backfill", type=Id("bf"))
@click.option("--reason", default="", help="Why; it is kept in the log.")
@with_session
def pause(session: Session, backfill: str, reason: str) -> None:
    """Begin no further partition of BACKFILL; those that run go on to their end."""
    from meguru.app.calls import backfill_pause as ask

    made = ask(session.open(), backfill=backfill, reason=reason)
    session.show(made, lambda: click.echo(f"{made.ref} is paused; undo: meguru backfill resume {made.id}"))


@command.command()
@click.argument("backfill", type=Id("bf"))
@click.option("--detach", is_flag=True, help="Don't wait for the end.")
@with_session
def resume(session: Session, backfill: str, *, detach: bool) -> int:
    """Go on with BACKFILL: one that was paused, or whose process was killed."""
    from meguru.app.calls import backfill_resume as ask

    ws = session.open()
    return _watch(session, ws, ask(ws, backfill=backfill), detach=detach)


@command.command()
@click.argument("backfill", type=Id("bf"))
@click.option("--reason", default="", help="Why; it is kept in the log.")
@with_session
def cancel(session: Session, backfill: str, reason: str) -> None:
    """Cancel BACKFILL with its running runs; what succeeded stays."""
    from meguru.app.calls import backfill_cancel as ask

    made = ask(session.open(), backfill=backfill, reason=reason)
    session.show(made, lambda: click.echo(f"{made.ref} is {made.state}  {line_of(made)}"))


@command.command()
@click.argument("backfill", type=Id("bf"))
@click.argument("partitions", nargs=-1)
@click.option(
    "--latest", is_flag=True, help="With the newest version of the pipeline, which has the mended code."
)
@click.option("--detach", is_flag=True, help="Don't wait for the end.")
@with_session
def retry(session: Session, backfill: str, partitions: tuple[str, ...], *, latest: bool, detach: bool) -> int:
    """Run the failed partitions of BACKFILL again, or only those named."""
    from meguru.app.calls import backfill_retry as ask

    ws = session.open()
    made = ask(ws, backfill=backfill, partitions=list(partitions), latest=latest)
    return _watch(session, ws, made, detach=detach)


def line_of(found: Backfill) -> str:
    """Say in one line where a backfill's partitions stand."""
    counts = found.counts
    others = ((name, getattr(counts, name)) for name in ("failed", "cancelled", "running", "waiting"))
    parts = [
        f"{counts.succeeded}/{counts.total} done",
        *(f"{count} {name}" for name, count in others if count),
    ]
    if found.seconds_left is not None:
        parts.append(f"about {found.seconds_left:.0f} s left")
    return ", ".join(parts)


def _watch(session: Session, ws: Workspace | RemoteWorkspace, found: Backfill, *, detach: bool) -> int:
    from meguru.backfills.types import BackfillState
    from meguru.backfills.work import see_through
    from meguru.cli.progress import Bar
    from meguru.errors import Interrupted

    if not detach:
        try:
            with Bar(quiet=session.as_json) as bar:
                found = see_through(
                    ws, found.id, lambda now: bar.move(now.counts.ended, now.counts.total, line_of(now))
                )
        except KeyboardInterrupt:
            goes_on = "the server goes on with it" if ws.is_remote else "it keeps its place"
            raise Interrupted(
                f"{found.ref}: you stopped watching; {goes_on}", hint=f"meguru backfill resume {found.id}"
            ) from None
    session.show(found, lambda: click.echo(f"{found.state}: {found.ref}  {line_of(found)}"))
    return 1 if found.state is BackfillState.FAILED else 0
