"""`meguru init`."""

from __future__ import annotations

from pathlib import Path

import click

from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session
from meguru.cli.text import gettext as _

TEMPLATES = Path(__file__).parent / "templates"
NAMES = sorted(each.name for each in TEMPLATES.iterdir() if each.is_dir())
BLANK = "blank"
NEXT = {
    BLANK: ["meguru run train.py:train", "meguru up", "meguru demo flights"],
    "tabular": ["meguru plan", "meguru apply --wait", "meguru status", "meguru up"],
}
SUFFIX = ".in"


@verb
@click.argument("folder", default=".", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--template",
    type=click.Choice(NAMES),
    default=BLANK,
    help="What to begin with; tabular: data, pipeline, gates, endpoint, monitor and triggers in meguru.toml.",
)
@with_session
def command(session: Session, folder: Path, template: str) -> None:
    """Start a project in FOLDER: meguru.toml, a first pipeline on real data, and a workspace.

    Files that are there already are left as they are.
    """
    from meguru.app.open import open_local
    from meguru.base.names import check_name
    from meguru.base.roots import DATABASE, find_workspace
    from meguru.errors import masked

    target = folder.absolute()
    name = check_name("project", target.name.lower().replace(" ", "-"), field="folder")
    written = _write(TEMPLATES / template, target, name)
    above = find_workspace(target.parent)
    if session.place is None and (Path(above) / DATABASE).exists():
        session.note(_("there is a workspace above already: {place}").format(place=above))
    chosen = session.place or str(target / ".meguru")
    open_local(chosen).close()
    if template != BLANK:
        _write_schema(target / ".meguru" / "schema.json")
    workspace = masked(chosen)

    following = NEXT[template]
    steps = [f"cd {folder}", *following] if target != Path.cwd() else following

    def human() -> None:
        click.echo(f"{name}: wrote {', '.join(written) or 'nothing new'}; the workspace is {workspace}")
        click.echo("next:\n" + "\n".join(f"  {line}" for line in steps))

    session.show({"project": name, "written": written, "workspace": workspace, "next": steps}, human)


def _write(template: Path, target: Path, name: str) -> list[str]:
    """Write the files of a template; return those that were not there."""
    files = {
        source.relative_to(template).as_posix().removesuffix(SUFFIX): source.read_text("utf-8")
        for source in sorted(template.rglob("*"))
        if source.is_file()
    }
    if template.name == "tabular":
        files |= _measurements()
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for path, text in files.items():
        place = target / path.replace("gitignore", ".gitignore")
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text.replace("{name}", name), "utf-8")
            written.append(place.relative_to(target).as_posix())
    return written


def _write_schema(place: Path) -> None:
    """Write what editors complete meguru.toml by: it names this place in its first line."""
    import msgspec

    from meguru.project.json_schema import json_schema

    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(msgspec.json.format(msgspec.json.encode(json_schema())))


def _measurements() -> dict[str, str]:
    """Return 569 real tumours, which scikit-learn brings along, as a CSV file, and a question about one."""
    from meguru.errors import MissingDependency

    try:
        from sklearn.datasets import load_breast_cancer
    except ImportError as error:
        raise MissingDependency.of("sklearn", "scikit-learn") from error
    data = load_breast_cancer()
    names = [name.replace(" ", "_") for name in data.feature_names]
    rows = data.data.tolist()
    lines = [["id", *names, "benign"]]
    lines += [[n, *row, benign] for n, (row, benign) in enumerate(zip(rows, data.target, strict=True), 1)]
    asked = ",\n".join(f'  "{name}": {value}' for name, value in zip(names, rows[0], strict=True))
    return {
        "data/measurements.csv": "".join(",".join(map(str, line)) + "\n" for line in lines),
        "request.json": f'{{"rows": [{{\n{asked}\n}}]}}\n',
    }
