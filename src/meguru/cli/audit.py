"""`meguru audit`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meguru.cli.audit_export import export
from meguru.cli.audit_proof import check_proof, proof
from meguru.cli.audit_questions import changes, in_force, person, who_could
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session
from meguru.cli.text import gettext as _

if TYPE_CHECKING:
    from meguru.audit.verdict import AuditVerdict
    from meguru.errors import MeguruError


@group
def command() -> None:
    """Prove that the record of what happened is whole, and ask it."""


@command.command()
@click.option("--expect", metavar="HEAD", default="", help="A head that was written down earlier.")
@click.option(
    "--checkpoint",
    "places",
    metavar="PLACE",
    multiple=True,
    help="A file of checkpoints, s3://BUCKET/PREFIX, or - for what is piped in; may be given several times.",
)
@click.option(
    "--trust", metavar="KEY", multiple=True, help="A public key, or a file with one: only these count."
)
@with_session
def verify(session: Session, *, expect: str, places: tuple[str, ...], trust: tuple[str, ...]) -> None:
    """Check the event log's whole hash chain, and that checkpoints of it still hold.

    Whoever writes the whole log anew can give it a chain that holds: that is found with checkpoints that were
    written elsewhere (meguru audit checkpoint), or with --expect HEAD, which must be in the chain. The files
    that the database refers to are checked by `meguru doctor --deep`.
    """
    from meguru.app.calls import audit_verify as check
    from meguru.cli.trusted_keys import trusted_keys

    texts = {place: _text_of(place) for place in places} if places else None
    keys = [trusted_key.text for trusted_key in trusted_keys(trust)] if trust else None
    verdict = check(session.open(), expect=expect, checkpoints=texts, trust=keys)
    if not verdict.intact:
        session.refuse(verdict, _error(verdict))
    session.show(verdict, lambda: _tell(verdict))


@command.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Append it to this file.")
@with_session
def checkpoint(session: Session, out: Path | None) -> None:
    """Sign a checkpoint of the log as it is, to be kept elsewhere.

    Declared checkpoints ([checkpoint.NAME] in meguru.toml) are signed and written by themselves.
    """
    from meguru.app.calls import checkpoint_take

    made = checkpoint_take(session.open())
    if out is not None:
        with out.open("a", encoding="utf-8") as file:
            file.write(f"{made.note}\n")
    session.show(made, lambda: click.echo(made.note if out is None else f"{made.size:,}: {out}"))


@command.command()
@with_session
def key(session: Session) -> None:
    """Print the public keys that checkpoints are signed with: keep them elsewhere too."""
    from meguru.app.calls import signing_key_list

    found = [each for each in signing_key_list(session.open(), owner="") if each.algorithm == "ed25519"]
    session.show(found, lambda: click.echo("\n".join(each.public for each in found)))


@command.command()
@with_session
def checkpoints(session: Session) -> None:
    """List where checkpoints are written, and how far each place has come."""
    from meguru.app.calls import checkpoint_list

    found = checkpoint_list(session.open())
    rows = [
        (each.name, place.place, each.every, max(place.written, 0), place.written_at, place.error)
        for each in found
        for place in each.places
    ]
    columns = ("checkpoint", "place", "every", "entries", "written", "problem")
    session.table(found, columns, rows, empty=_("none is declared: [checkpoint.NAME] in meguru.toml"))


def _text_of(place: str) -> str:
    if place == "-":
        return sys.stdin.read()
    if "://" in place:
        from meguru.audit.checkpoints.places.bucket import BucketPlace
        from meguru.base.settings import Settings

        return BucketPlace(place, Settings(), field="--checkpoint").read()
    from meguru.errors import UsageError

    path = Path(place.removeprefix("file:"))
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{path} can't be read", where=str(path), why=why) from error


def _error(verdict: AuditVerdict) -> MeguruError:
    from meguru.errors import TamperedLog

    if verdict.seq:
        return TamperedLog(
            f"event {verdict.seq} was tampered with",
            where=verdict.event or f"seq {verdict.seq}",
            why=verdict.why,
            hint="compare with a backup; the entries before it are intact",
        )
    if verdict.faults:
        more = len(verdict.faults) - 1
        told = [f"{fault.place}: {fault.why}" for fault in verdict.faults[:5]]
        return TamperedLog(
            "the event log is not the one that was signed",
            where=verdict.faults[0].place,
            why="; ".join(told) if more else verdict.faults[0].why,
            hint=f"entries up to {verdict.covered} are as they were signed; compare the rest with a backup",
        )
    return TamperedLog(
        "the event log is not the one expected",
        where=f"head {verdict.head}",
        why=verdict.why,
        hint="compare with a backup of the time of that head",
    )


def _tell(verdict: AuditVerdict) -> None:
    click.echo(f"intact: {verdict.checked:,} events, head {verdict.head}")
    if verdict.checkpoints:
        whose = "" if verdict.given else " (kept here: those written elsewhere prove more)"
        click.echo(
            f"{verdict.checkpoints:,} checkpoints hold, up to entry {verdict.covered:,}{whose}; "
            f"{verdict.checked - verdict.covered:,} entries are newer"
        )
    for step in verdict.steps:
        click.echo(f"the clock went back: event {step.seq} tells {step.at}, after {step.after}")
    if more := verdict.steps_back - len(verdict.steps):
        click.echo(f"… and {more:,} more that tell an earlier time than one before them")
    if verdict.unguarded:
        click.echo(f"the database no longer refuses changes: {', '.join(verdict.unguarded)} are gone")


for _verb in (proof, check_proof, who_could, changes, person, in_force, export):
    command.add_command(_verb)
