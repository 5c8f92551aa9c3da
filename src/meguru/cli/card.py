"""`meguru card`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from meguru.cli.arguments import CARD
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session
from meguru.cli.text import gettext as _

if TYPE_CHECKING:
    from meguru.cards.types import CardChange

FORMATS = ("markdown", "html", "pdf", "json", "huggingface", "sagemaker", "cyclonedx")
KINDS = ("model/", "dataset/", "endpoint/")
_REF = "MODEL@N, model/NAME@N, dataset/NAME@N or endpoint/NAME"
_LANGUAGE = click.option(
    "--language", type=click.Choice(["en", "ja"]), help="Default: that of this terminal."
)
_KEPT = click.option("--kept", type=int, help="As it was kept: which number; 0: the newest.")


@group
def command() -> None:
    """Cards of models and data, run-books of endpoints: what the records say, and your words."""


def ref_of(text: str) -> str:
    """Return the reference that is meant: a bare name is a model's."""
    return text if text.startswith(KINDS) else f"model/{text}"


def language_of(given: str | None) -> str:
    """Return the language to write in."""
    from meguru.base.text import language_of as spoken

    return given or spoken()


@command.command()
@click.argument("ref")
@_LANGUAGE
@_KEPT
@with_session
def show(session: Session, ref: str, language: str | None, kept: int | None) -> None:
    """Show the card of REF: a model's version (delay@4) or a dataset's; or the run-book of an endpoint."""
    from meguru.app.calls import card_show as ask
    from meguru.cards.export import card_file, words_in

    found = ask(session.open(), ref=ref_of(ref), kept=kept)
    words = words_in(language_of(language))
    session.show(found, lambda: click.echo(card_file(found, "markdown", words).content.decode(), nl=False))


@command.command()
@click.argument("ref")
@click.option("--reason", default="", help="Why; the history shows it.")
@with_session
def write(session: Session, ref: str, reason: str) -> None:
    """Keep the card of REF as it is, under a digest; a server does so when a version comes or goes live."""
    from meguru.app.calls import card_write as ask

    found = ask(session.open(), ref=ref_of(ref), reason=reason)
    session.show(found, lambda: click.echo(f"{found.about} #{found.number} sha256:{found.digest}"))


@command.command()
@click.argument("ref")
@with_session
def history(session: Session, ref: str) -> None:
    """List the cards that were kept of REF, newest first."""
    from meguru.app.calls import card_history as ask

    found = ask(session.open(), ref=ref_of(ref))
    rows = [(each.number, each.digest, each.at, each.by, each.reason) for each in found]
    session.table(found, ("number", "digest", "at", "by", "reason"), rows, begin=f"meguru card write {ref}")


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List the cards for which people wrote something, with their parts."""
    from meguru.app.calls import card_list as ask

    found = ask(session.open())
    rows = [(each.name, each.about, ", ".join(each.words)) for each in found]
    begin = "meguru card edit NAME --part intended_use --text …"
    session.table(found, ("card", "about", "parts"), rows, begin=begin)


@command.command()
@click.argument("before")
@click.argument("after")
@with_session
def diff(session: Session, before: str, after: str) -> None:
    """Show in what the cards of BEFORE and AFTER differ: words, data, features, params, metrics, gates."""
    from meguru.app.calls import card_diff as ask

    found = ask(session.open(), before=ref_of(before), after=ref_of(after))
    rows = [_row(change) for change in found.changes]
    session.table(found, ("part", "name", "before", "after"), rows, empty="their cards say the same")


@command.command()
@click.argument("ref")
@click.option("--part", required=True, help="Which: intended_use, out_of_scope, owners, contacts, caveats, …")
@click.option("--text", help="What it says, in Markdown; an empty text takes the part away.")
@click.option("--file", type=click.File(encoding="utf-8"), help="A file that holds the text.")
@with_session
def edit(session: Session, ref: str, *, part: str, text: str | None, file: TextIO | None) -> None:
    """Write a part of the card of REF; without --text and --file, in your editor."""
    from meguru.app.calls import card_edit as ask
    from meguru.app.calls import card_list
    from meguru.errors import UsageError

    ws, ref = session.open(), ref_of(ref)
    if text is not None and file is not None:
        raise UsageError("the text is given twice", hint="--text or --file")
    said = file.read() if file is not None else text
    expect = None
    if said is None:
        about = ref.partition("@")[0]
        known = next((each.words for each in card_list(ws) if each.about == about), {})
        expect = known.get(part, "")
        said = click.edit(text=expect, extension=".md")
    if said is None:
        session.note(_("nothing was changed"))
        return
    found = ask(ws, ref=ref, part=part, text=said, expect=expect)
    session.show(found, lambda: click.echo(f"{found.ref}: {', '.join(found.words)}"))


@command.command()
@click.argument("ref")
@click.option("--part", "parts", multiple=True, help="Which part; repeat it. Default: all of them.")
@with_session
def confirm(session: Session, ref: str, parts: tuple[str, ...]) -> None:
    """Say that parts of the card were looked at, and hold for REF."""
    from meguru.app.calls import card_confirm as ask

    found = ask(session.open(), ref=ref_of(ref), parts=list(parts) or None)
    named = ", ".join(parts or found.words)
    session.show(found, lambda: click.echo(_("{parts}: confirmed for {ref}").format(parts=named, ref=ref)))


@command.command()
@click.argument("ref")
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Default: by the ending of --out.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to; default: its own name."
)
@_LANGUAGE
@_KEPT
@with_session
def export(
    session: Session,
    ref: str,
    *,
    format_: str | None,
    out: Path | None,
    language: str | None,
    kept: int | None,
) -> None:
    """Write the card of REF to a file: Markdown, HTML, PDF, JSON, or as Hugging Face and others have it."""
    from meguru.app.calls import card_export as ask
    from meguru.cli.files import write_file

    wanted = format_ or _format_of(out)
    said: Any = {"format": wanted, "language": language_of(language), "kept": kept}
    found = ask(session.open(), ref=ref_of(ref), **said)
    target = out or Path(found.name)
    write_file(target, found.content)
    told = {"file": str(target), "media_type": found.media_type, "bytes": len(found.content)}
    session.show(told, lambda: click.echo(target))


@command.command()
@click.argument("name", type=CARD)
@with_session
def delete(session: Session, name: str) -> None:
    """Take the words of card NAME out of use; the cards that were kept stay."""
    from meguru.app.calls import card_retire
    from meguru.cli.specs import retire

    retire(session, card_retire, name)


def _format_of(out: Path | None) -> str:
    endings = {".md": "markdown", ".html": "html", ".htm": "html", ".pdf": "pdf", ".json": "json"}
    if out is None:
        return "markdown"
    known = endings.get(out.suffix.casefold())
    if known is None:
        from meguru.errors import UsageError

        hint = f"--format {'|'.join(FORMATS)}"
        raise UsageError(f"{out.suffix or out.name!r} tells no format", where="--out", hint=hint)
    return known


def _row(change: CardChange) -> tuple[str, ...]:
    return (change.section, change.name, _short(change.before), _short(change.after))


def _short(value: object) -> str:
    import msgspec

    from meguru.cards.diff import essence

    said = essence(value)
    text = said if isinstance(said, str) else "" if said is None else msgspec.json.encode(said).decode()
    return text if len(text) <= 80 else text[:79] + "…"
