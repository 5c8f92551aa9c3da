"""`meguru fmt`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session


@verb
@click.argument("files", nargs=-1, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if a file is not in its usual form.")
@with_session
def command(session: Session, files: tuple[Path, ...], *, check: bool) -> None:
    """Write project files in their usual form; comments, order and meaning stay.

    FILES are meguru.toml of this folder (or of the nearest one above) and what it includes, unless named.
    """
    from meguru.cli.environments import nearest
    from meguru.project.files import FILE, read_files, replace_text
    from meguru.project.format import formatted

    chosen = list(files) or [source.file for source in read_files(nearest(FILE))]
    texts = {file: formatted(file) for file in chosen}
    changed = [file for file, text in texts.items() if text.encode() != file.read_bytes()]
    if not check:
        for file in changed:
            replace_text(file, texts[file])
    shown = [str(file) for file in changed]
    session.show({"changed": shown}, lambda: click.echo("".join(f"{each}\n" for each in shown), nl=False))
    if check and changed:
        sys.exit(1)
