"""`meguru schema`."""

from __future__ import annotations

from pathlib import Path

import click

from meguru.cli.files import write_file
from meguru.cli.groups import command as verb
from meguru.cli.text import gettext as _


@verb
@click.option("--json", "_json", is_flag=True, help="It is JSON anyway.", expose_value=False)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write it to this file.")
def command(out: Path | None) -> None:
    """Print the JSON Schema of meguru.toml: editors complete and check by it.

    Put "#:schema ./.meguru/schema.json" first in meguru.toml, and write that file with --out.
    """
    import msgspec

    from meguru.project.json_schema import json_schema

    text = msgspec.json.format(msgspec.json.encode(json_schema())).decode() + "\n"
    if out is None:
        click.echo(text, nl=False)
    else:
        write_file(out, text)
        click.echo(_("wrote {path}").format(path=out), err=True)
