"""`meguru init`."""

from __future__ import annotations

from pathlib import Path

import click

from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session
from meguru.cli.text import gettext as _

TEMPLATES = Path(__file__).parent / "templates"
NEXT = ["meguru run train.py:train", "meguru up", "meguru demo flights"]


@verb
@click.argument("folder", default=".", type=click.Path(file_okay=False, path_type=Path))
@with_session
def command(session: Session, folder: Path) -> None:
    """Start a project in FOLDER: meguru.toml, a first pipeline on real data, and a workspace.

    Files that are there already are left as they are.
    """
    from meguru.app.open import open_local
    from meguru.base.names import check_name
    from meguru.base.roots import DATABASE, find_workspace
    from meguru.errors import masked

    target = folder.absolute()
    name = check_name("project", target.name.lower().replace(" ", "-"), field="folder")
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for source in sorted(TEMPLATES.iterdir()):
        place = target / source.name.removesuffix(".in")
        if not place.exists():
            place.write_text(source.read_text("utf-8").replace("{name}", name), "utf-8")
            written.append(place.name)
    above = find_workspace(target.parent)
    if session.place is None and (Path(above) / DATABASE).exists():
        session.note(_("there is a workspace above already: {place}").format(place=above))
    chosen = session.place or str(target / ".meguru")
    open_local(chosen).close()
    workspace = masked(chosen)

    steps = [f"cd {folder}", *NEXT] if target != Path.cwd() else NEXT

    def human() -> None:
        click.echo(f"{name}: wrote {', '.join(written) or 'nothing new'}; the workspace is {workspace}")
        click.echo("next:\n" + "\n".join(f"  {line}" for line in steps))

    session.show({"project": name, "written": written, "workspace": workspace, "next": steps}, human)
