"""`meguru monitor replay`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meguru.cli.arguments import MONITOR
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, read_pairs, with_session
from meguru.errors import UsageError

if TYPE_CHECKING:
    from meguru.monitoring.replay_report import MonitorReplay


@verb
@click.argument("name", type=MONITOR)
@click.option(
    "--set",
    "fields",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Try it with this field; JSON, or text.",
)
@click.option(
    "--file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Try it as this project file declares it.",
)
@click.option("--start", type=click.DateTime(), help="Windows from this moment on (UTC).")
@click.option("--end", type=click.DateTime(), help="Windows up to this moment (UTC).")
@click.option("--limit", default=100, show_default=True, help="So many windows at most, the newest.")
@with_session
def replay(
    session: Session,
    name: str,
    fields: tuple[str, ...],
    file: Path | None,
    start: datetime | None,
    end: datetime | None,
    limit: int,
) -> None:
    """Tell how often monitor NAME would have rung over the windows that were; nothing is saved."""
    from meguru.app.calls import monitor_replay as ask

    changes = (_declared(file, name) if file else {}) | _nested(read_pairs(fields))
    moments = {key: moment.replace(tzinfo=UTC) for key, moment in (("start", start), ("end", end)) if moment}
    found = ask(session.open(), name=name, changes=changes, limit=limit, **moments)
    rows = [
        (
            f"{window.start:%Y-%m-%d %H:%M}",
            window.rows,
            window.model,
            window.verdict,
            "begins" if window.began else "",
            window.then,
            "; ".join(window.reasons),
        )
        for window in found.windows
    ]
    if not session.as_json:
        session.note(_summary(found))
    session.table(
        found,
        ("window", "rows", "model", "verdict", "alert", "then", "reasons"),
        rows,
        begin=f"meguru monitor run {name} --start TIME --end TIME",
    )


def _summary(found: MonitorReplay) -> str:
    return (
        f"It would have rung in {found.rang} of {len(found.windows)} windows, in {found.alerts} alerts; "
        f"it did in {found.rang_then}."
    )


def _nested(given: dict[str, Any]) -> dict[str, Any]:
    """Return fields with those of their parts, as in ``persist.windows=1``."""
    found: dict[str, Any] = {}
    for key, value in given.items():
        field, dot, part = key.partition(".")
        if not dot:
            found[field] = value
        elif isinstance(found.setdefault(field, {}), dict):
            found[field] = found[field] | {part: value}
        else:
            what = f"{field} is set as a whole and by its parts"
            raise UsageError(what, field="--set", hint=f"set {field}.{part} alone")
    return found


def _declared(file: Path, name: str) -> dict[str, Any]:
    """Return what a project file declares of a monitor, but what it watches."""
    import msgspec

    from meguru.base import refs
    from meguru.errors import NotFound
    from meguru.monitoring.kind import MonitorSpec
    from meguru.project.read import read_project

    bare = refs.parse(name, kind="monitor").name.rpartition("/")[2]
    declared = [each for each in read_project(file).wanted if each.kind == "monitor"]
    found = next((each for each in declared if each.name == bare), None)
    if found is None:
        raise NotFound.of("monitor", bare, [each.name for each in declared], hint=f"of those in {file}")
    plain: dict[str, Any] = msgspec.to_builtins(msgspec.convert(found.spec, MonitorSpec))
    return {key: value for key, value in plain.items() if key not in {"endpoint", "dataset", "reference"}}
