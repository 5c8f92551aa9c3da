"""`meguru model`: what people say of models, who uses them, and which version is the best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from meguru.cli.arguments import MODEL
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, read_pairs, with_session
from meguru.cli.tables import cell

_STAGE = "A stage of its versions: a name, or JSON with name, needs, after and by; all are replaced."
_WHERE = "Only such, as \"size_mb < 50 and flavor = 'sklearn'\"."

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meguru.metrics.base import Direction


@verb
@click.argument("name", type=MODEL)
@click.option("--description", help="What it predicts.")
@click.option("--owner", help="Who answers for it.")
@click.option("--group", help="The use case that it is a candidate for; empty for none.")
@click.option("--tag", "tags", multiple=True, help="KEY=VALUE; an empty value takes the tag away.")
@click.option("--baseline", "baselines", multiple=True, help="METRIC=VALUE; an empty value takes it away.")
@click.option("--stage", "stages", multiple=True, help=_STAGE)
@with_session
def update(
    session: Session,
    name: str,
    *,
    description: str | None,
    owner: str | None,
    group: str | None,
    tags: tuple[str, ...],
    baselines: tuple[str, ...],
    stages: tuple[str, ...],
) -> None:
    """Say what model NAME is for, and who owns it; what is not given stays. A new name is declared."""
    import msgspec

    from meguru.app.calls import model_declare
    from meguru.cli.specs import show
    from meguru.registry.kind import ModelSpec

    ws = session.open(create=True)
    before = _spec(ws, name)
    known = before or ModelSpec()
    given = {
        "description": description,
        "owner": owner,
        "group": group,
        "tags": _changed(known.tags, tags, text=True),
        "baselines": _changed(known.baselines, baselines),
        "stages": [_rule(each) for each in stages] or None,
    }
    said = {key: value for key, value in given.items() if value is not None}
    after = msgspec.structs.replace(known, **said)
    expect = msgspec.to_builtins(before) if before else {}
    made = model_declare(ws, name=name, spec=after, expect=expect)
    session.show(made, lambda: show(made))


def _spec(ws: Any, name: str) -> Any:
    """Return what is said of a model; None where there is no such model yet."""
    import msgspec

    from meguru.app.calls import model_plan
    from meguru.registry.kind import ModelSpec

    found = model_plan(ws, name=name, spec=ModelSpec())
    if found.change == "created":
        return None
    before = {each.field: each.before for each in found.fields}
    return msgspec.convert(found.spec | before, ModelSpec)


def _rule(given: str) -> Any:
    """Read a stage: its name, or JSON with what it takes."""
    import msgspec

    from meguru.registry.kind import StageRule

    if not given.startswith("{"):
        return StageRule(name=given)
    try:
        return msgspec.json.decode(given.encode(), type=StageRule)
    except msgspec.MsgspecError as error:
        raise click.BadParameter(f"{given!r} is no stage: {error}") from None


@verb
@click.argument("ref", type=MODEL)
@click.argument("stage")
@click.option("--reason", default="", help="Why; it is kept in the log.")
@with_session
def stage(session: Session, ref: str, stage: str, reason: str) -> None:
    """Put version REF (NAME@3) into STAGE, if it has what the stage needs."""
    from meguru.app.calls import model_stage as ask

    found = ask(session.open(), ref=ref, stage=stage, reason=reason)
    session.show(found, lambda: click.echo(f"{found.ref} is in the stage {found.stage}"))


def _changed(known: dict[str, Any], given: Iterable[str], *, text: bool = False) -> dict[str, Any]:
    found = dict(known)
    for pair in given:
        key, _, value = pair.partition("=")
        (name, read) = next(iter(read_pairs([pair]).items()))
        if value:
            found[name] = value if text else read
        else:
            found.pop(key, None)
    return found


@verb
@click.argument("name", type=MODEL)
@with_session
def retire(session: Session, name: str) -> None:
    """Take model NAME out of use: it is in no list any more; its versions stay."""
    from meguru.app.calls import model_retire
    from meguru.cli.specs import retire as ask

    ask(session, model_retire, name)


@verb
@click.argument("group")
@click.option("--metric", required=True, help="The metric to go by.")
@click.option("--where", "query", default="", help=_WHERE)
@click.option("--direction", type=click.Choice(["higher", "lower"]), help="What is better; known of ours.")
@click.option("--limit", default=10, show_default=True, help="At most so many.")
@with_session
def best(
    session: Session, group: str, metric: str, query: str, direction: Direction | None, limit: int
) -> None:
    """List the best versions of GROUP (a use case, or a model) by a metric."""
    from meguru.app.calls import model_best as ask

    found = ask(
        session.open(), group=group, metric=metric, query=query, direction=direction or "", limit=limit
    )
    rows = [
        (
            each.version.ref,
            cell(each.value),
            "" if each.baseline is None else f"{each.value - each.baseline:+.4g}",
            f"{each.version.size / 1e6:.3g}",
            each.version.created_at,
            " ".join(each.version.aliases),
        )
        for each in found
    ]
    columns = ("version", metric, "over baseline", "MB", "since", "aliases")
    session.table(found, columns, rows, empty="no version has this metric")


@verb
@click.argument("ref", type=MODEL)
@with_session
def uses(session: Session, ref: str) -> None:
    """List who uses a model, or one version of it (NAME@3)."""
    from meguru.app.calls import model_uses as ask

    found = ask(session.open(), ref=ref)
    rows = [(each.ref, each.how, each.version) for each in found]
    session.table(found, ("by", "how", "version"), rows, empty="nobody uses it")


COMMANDS = (update, stage, retire, best, uses)
