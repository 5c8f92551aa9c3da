"""`meguru data check`, `meguru data checks`: rows are held against what is expected of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meguru.cli.arguments import DATASET
from meguru.cli.files import write_file
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session
from meguru.cli.tables import cell

if TYPE_CHECKING:
    from meguru.datasets.expectations.types import DatasetCheck, ExpectationResult
    from meguru.datasets.types import DatasetVersion
    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace

FAILED = 5
"""The exit code of what was held against something, and does not hold it."""
_COLUMNS = 8


@verb
@click.argument("ref", type=DATASET)
@click.option("--propose", is_flag=True, help="Say what may be expected, by the look of the version.")
@click.option("--write", is_flag=True, help="Write what is proposed into meguru.toml.")
@click.option("--schema", default="", help="A schema of pandera to hold it against: FILE.py:NAME.")
@with_session
def check(session: Session, ref: str, *, propose: bool, write: bool, schema: str) -> int:
    """Hold a version against what is expected of its dataset, and keep what came of it.

    Ends with 5 if it does not hold what stops a version; a warning is only told.
    """
    from meguru.app.calls import dataset_check as ask

    if propose or write:
        _propose(session, ref, write=write)
        return 0
    found = ask(session.open(), ref=ref, expect=_of_schema(schema) if schema else None)

    def human() -> None:
        for line in lines_of(found):
            click.echo(line)

    session.show(found, human)
    return FAILED if found.state in {"failed", "refused"} else 0


def _of_schema(text: str) -> list[dict[str, Any]]:
    from meguru.datasets.expectations.pandera import load_schema

    return load_schema(Path.cwd(), text)


def _propose(session: Session, ref: str, *, write: bool) -> None:
    from meguru.app.calls import dataset_propose as ask
    from meguru.base import refs
    from meguru.cli.environments import nearest
    from meguru.project.expectations import as_toml, write_into
    from meguru.project.files import FILE

    found = ask(session.open(), ref=ref)
    name = refs.parse(found.ref, kind="dataset").name
    if not write:
        session.show(found, lambda: click.echo(as_toml(name, found.expect), nl=False))
        return
    file, new = write_into(nearest(FILE), name, found.expect)
    shown = {"file": str(file), "written": new}
    session.show(
        shown, lambda: click.echo(f"{file}: {new} expectations of dataset/{name} written; next: meguru plan")
    )


@verb
@click.argument("name", type=DATASET)
@click.option("--refused", is_flag=True, help="Only rows that became no version.")
@with_session
def checks(session: Session, name: str, *, refused: bool) -> None:
    """List what came of the expectations of dataset NAME, newest first."""
    from meguru.app.calls import dataset_checks as ask

    page = ask(session.open(), name=name, version=0 if refused else None)
    if refused and not session.as_json:
        for each in page.items:
            for line in lines_of(each):
                click.echo(line)
        return
    rows = [
        (
            f"{each.name}@{each.version}" if each.version else "–",
            each.state,
            each.rows,
            sum(not result.passed for result in each.results),
            each.at,
            each.by,
        )
        for each in page.items
    ]
    session.table(page, ("version", "state", "rows", "wrong", "since", "by"), rows)


@verb
@click.argument("ref", type=DATASET)
@click.option("--html", type=click.Path(path_type=Path), default=None, help="Write a page to this file.")
@with_session
def report(session: Session, ref: str, *, html: Path | None) -> None:
    """Say how good the rows of a version are: what is missing, repeated, odd, or not what it seems."""
    from meguru.app.calls import dataset_report as ask

    found = ask(session.open(), ref=ref)
    if html is not None:
        from meguru.base.text import language_of
        from meguru.datasets.quality.page import quality_html

        write_file(html, quality_html(found, language_of()))
        session.show({"file": str(html)}, lambda: click.echo(str(html)))
        return

    def human() -> None:
        click.echo(f"{found.ref}: {found.rows:,} rows, {len(found.columns)} columns")
        for finding in found.findings:
            click.echo(f"  {finding.says}")
        if not found.findings:
            click.echo("  nothing stands out")

    session.show(found, human)


def warnings_of(ws: Workspace | RemoteWorkspace, version: DatasetVersion) -> Iterator[str]:
    """Say what a version does not hold that did not stop it."""
    from meguru.app.calls import dataset_checks as ask

    for found in ask(ws, name=version.name, version=version.version, limit=1).items:
        for result in found.results:
            if not result.passed:
                yield f"warning: {result.says}: {result.observed}"


def lines_of(check: DatasetCheck) -> Iterator[str]:
    """Say what came of each expectation, and show rows that fail."""
    wrong = sum(not expectation_result.passed for expectation_result in check.results)
    what = f"dataset/{check.name}@{check.version}" if check.version else f"rows for dataset/{check.name}"
    facts = f"{check.rows:,} rows, {wrong} of {len(check.results)} expectations do not hold"
    yield f"{what}: {check.state}; {facts}"
    for result in check.results:
        yield f"  {_mark(result)} {result.says}{'' if result.passed else ': ' + result.observed}"
        for row in result.shown if not result.passed else ():
            yield "      " + ", ".join(f"{name}={cell(value)}" for name, value in _first(row))


def _mark(result: ExpectationResult) -> str:
    if result.passed:
        return "✓"
    return "!" if result.severity == "warn" else "✗"


def _first(row: dict[str, Any]) -> list[tuple[str, Any]]:
    return list(row.items())[:_COLUMNS]
