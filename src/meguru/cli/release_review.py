"""`meguru release request`, `review`, `approve`, `refuse` and `withdraw`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import ENDPOINT, MODEL
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace
    from meguru.releases.review.types import JudgedDecision
    from meguru.releases.types import Release

_KEY = click.option(
    "--key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Sign with the private key in this file; it stays here.",
)
_SAW = click.option(
    "--saw",
    metavar="DIGEST",
    default="",
    help="The digest at the end of the review that you looked at: refused if that has changed.",
)


@verb
@click.argument("endpoint", type=ENDPOINT)
@click.argument("model", type=MODEL, required=False)
@click.option("--app", default=None, help="Commit of the application that calls the endpoint.")
@click.option("--note", default="", help="What it is for: reviewers read it.")
@with_session
def request(session: Session, endpoint: str, model: str | None, app: str | None, note: str) -> int:
    """Ask people for a review: of a release of MODEL (NAME@N) for ENDPOINT, or of the release ENDPOINT@N.

    The release is put together and checked first; one of this model that is open is checked again.
    """
    from meguru.app.calls import release_request as ask
    from meguru.cli.review_text import print_standing
    from meguru.errors import Busy, GateFailed
    from meguru.releases.types import ReleaseState

    ws = session.open()
    release = _checked(ws, endpoint, model, app, note)
    codes = {ReleaseState.REFUSED: GateFailed.exit_code, ReleaseState.UNDECIDED: Busy.exit_code}
    if release.state in codes:
        session.show(
            release, lambda: click.echo(f"{release.ref}  {release.state}\n  " + "\n  ".join(release.reasons))
        )
        return codes[release.state]
    standing = ask(ws, release=release.ref, note=note)
    session.show(standing, lambda: print_standing(standing))
    session.note(f"next: meguru release approve {release.endpoint}@{release.version}")
    return 0


def _checked(
    ws: Workspace | RemoteWorkspace, endpoint: str, model: str | None, app: str | None, note: str
) -> Release:
    """Return the release that is asked about, as its gates see it now."""
    from meguru.app.calls import model_show, release_check, release_create, release_of_model, release_show
    from meguru.base import refs
    from meguru.errors import Conflict

    if model is None:
        found = release_show(ws, ref=endpoint)
    else:
        ref = model_show(ws, ref=model).ref
        name = refs.parse(endpoint, kind="endpoint").name
        open_ = [
            each
            for each in release_of_model(ws, model=ref)
            if refs.bare(each.endpoint) == refs.bare(name)
            and each.state in {"created", "passed", "undecided"}
        ]
        reused = open_[0] if open_ and app is None else None
        found = reused or release_create(ws, endpoint=endpoint, model=ref, app=app, note=note)
    try:
        return release_check(ws, release=found.ref)
    except Conflict:
        if found.state != "refused":
            raise
        return found  # no waiver covers what refused it


@verb
@click.argument("release", type=ENDPOINT)
@with_session
def review(session: Session, release: str) -> None:
    """Show what RELEASE would change, who agreed to it by now, and what lacks."""
    from meguru.app.calls import release_review as ask
    from meguru.cli.review_text import print_review

    found = ask(session.open(), release=release)
    session.show(found, lambda: print_review(found))


@verb
@with_session
def awaiting(session: Session) -> None:
    """List the releases that wait for people."""
    from meguru.app.calls import release_awaiting as ask

    found = ask(session.open())
    rows = [(each.release, each.requested_by, each.requested_at, "; ".join(each.lacks)) for each in found]
    session.table(found, ("release", "asked by", "since", "lacks"), rows, empty="no release waits for people")


@verb
@click.argument("release", type=ENDPOINT)
@click.option("--note", default="", help="What you looked at; it is signed with it.")
@_SAW
@_KEY
@with_session
def approve(session: Session, release: str, note: str, saw: str, key: Path | None) -> None:
    """Agree to RELEASE, as it is now or as you saw it; the server signs for you, or your own --key does."""
    from meguru.app.calls import release_approve as ask

    ws = session.open()
    envelope = _signed(ws, release, "approved", note, key) if key else ""
    made = ask(ws, release=release, note=note, envelope=envelope, saw=saw)
    session.show(made, lambda: _print(made))


@verb
@click.argument("release", type=ENDPOINT)
@click.option("--note", required=True, help="Why not.")
@_SAW
@_KEY
@with_session
def refuse(session: Session, release: str, note: str, saw: str, key: Path | None) -> None:
    """Say no to RELEASE, which is final for what it is now."""
    from meguru.app.calls import release_refuse as ask

    ws = session.open()
    envelope = _signed(ws, release, "refused", note, key) if key else ""
    made = ask(ws, release=release, note=note, envelope=envelope, saw=saw)
    session.show(made, lambda: _print(made))


@verb
@click.argument("release", type=ENDPOINT)
@click.option("--note", default="", help="Why.")
@with_session
def withdraw(session: Session, release: str, note: str) -> None:
    """Take your approval of RELEASE back."""
    from meguru.app.calls import release_withdraw as ask
    from meguru.cli.review_text import print_standing

    found = ask(session.open(), release=release, note=note)
    session.show(found, lambda: print_standing(found))


def _signed(ws: Workspace | RemoteWorkspace, release: str, decision: str, note: str, file: Path) -> str:
    """Return the statement under one's own signature: the key never leaves this machine.

    Raises
    ------
    Conflict
        If the statement that came is not about this release.
    """
    import msgspec

    from meguru.app.calls import release_show, release_statement
    from meguru.cli.own_key import own_key
    from meguru.errors import Conflict
    from meguru.releases.review.types import ReviewDecision
    from meguru.signing import dsse

    key, wanted = own_key(file), ReviewDecision(decision)
    asked = release_statement(ws, release=release, decision=wanted, note=note, key=key.public.id)
    said = msgspec.json.decode(asked.payload)
    there = release_show(ws, ref=release)
    told = said["predicate"]
    subject = (said["subject"][0]["name"], said["subject"][0]["digest"]["sha256"], told["note"])
    meant = {wanted, ReviewDecision.SIGNED} if wanted is ReviewDecision.APPROVED else {wanted}
    if subject != (there.ref, there.digest, note.strip()) or told["decision"] not in meant:
        raise Conflict("the server asks you to sign something else", where=there.ref, why=asked.payload[:300])
    made = dsse.sign(asked.payload.encode(), asked.payload_type, [key])
    return msgspec.json.encode(made).decode()


def _print(made: JudgedDecision) -> None:
    by = "own key" if made.own_key else "the server's key"
    click.echo(f"{made.principal} {made.decision}  {made.state}  {made.digest[:12]}")
    click.echo(f"  signed by {by} {made.key[:12]}")
    for right in made.rights:
        click.echo(f"  {right}")
    if made.note:
        click.echo(f"  {made.note}")
