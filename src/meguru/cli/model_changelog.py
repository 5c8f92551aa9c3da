"""`meguru model changelog`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from meguru.cli.arguments import MODEL
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_COMMITS, PATIENCE_SECONDS = 30, 5


@verb
@click.argument("name", type=MODEL)
@click.option("--limit", default=20, show_default=True, help="How many versions, the newest first.")
@click.option("--language", type=click.Choice(["en", "ja"]), help="Default: that of this terminal.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A Markdown file to write.")
@with_session
def changelog(session: Session, name: str, *, limit: int, language: str | None, out: Path | None) -> None:
    """Tell in plain words what changed in each version of model NAME: data, code, metrics, gates, and why.

    What commits say is read from the repository in which this is run, where it has them.
    """
    from meguru.app.calls import card_changelog as ask
    from meguru.cards.export import words_in
    from meguru.cards.render.changelog import changelog_page
    from meguru.cards.render.markdown import markdown
    from meguru.cli.card import language_of
    from meguru.cli.files import write_file

    found = ask(session.open(), model=name, limit=limit)
    text = markdown(changelog_page(name, found, words_in(language_of(language)), _messages))
    if out is not None:
        write_file(out, text)
        session.note(str(out))
    session.show(found, lambda: click.echo(text, nl=False) if out is None else None)


def _messages(before: str, after: str) -> Sequence[str]:
    """Return the first lines of the commits from one to another; nothing where git knows none of them."""
    import shutil
    import subprocess

    program, span = shutil.which("git"), [each.rstrip("+") for each in (before, after)]
    if program is None or not all(each.isalnum() for each in span):
        return ()
    question = [program, "log", "--oneline", f"--max-count={MAX_COMMITS}", f"{span[0]}..{span[1]}", "--"]
    try:
        done = subprocess.run(question, capture_output=True, check=False, timeout=PATIENCE_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return done.stdout.decode("utf-8", "replace").splitlines() if done.returncode == 0 else ()
