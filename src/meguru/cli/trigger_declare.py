"""Make, change and retire a trigger."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meguru.cli.arguments import TRIGGER
from meguru.cli.groups import command as verb
from meguru.cli.session import Session, read_pairs, with_session

if TYPE_CHECKING:
    from meguru.triggers.types import TriggerBudget

_ON = "When, as KEY=VALUE: monitor=delay-watch; or as JSON. May be given several times."
_DO = "What, as KEY=VALUE: pipeline=train; or as JSON. May be given several times."
_LIMITS = (
    click.option("--param", "-p", "params", multiple=True, help="A parameter of what it starts, KEY=VALUE."),
    click.option("--filter", "filter_", help="Only events for which this holds: 'rows > 1000'."),
    click.option("--key", help="Fires once for each value of this: 'data.message_id'."),
    click.option("--debounce", help="Waits until nothing came for so long: 30s."),
    click.option("--debounce-max", help="Waits at most so long: 10m."),
    click.option("--cooldown", help="Least time between two firings: 1h, or seconds."),
    click.option("--max-per-day", type=int, help="Most firings of any 24 hours."),
    click.option("--budget", multiple=True, help="runs=10, seconds=7200, per=day or month."),
    click.option("--note", help="What it is for."),
)


def _limits(function: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_LIMITS):
        function = option(function)
    return function


@verb
@click.argument("name", type=TRIGGER)
@click.option("--on", "on", multiple=True, required=True, help=_ON)
@click.option("--do", "action", multiple=True, required=True, help=_DO)
@_limits
@with_session
def create(session: Session, name: str, **given: Any) -> None:
    """Make trigger NAME."""
    from meguru.app.calls import trigger_create as ask
    from meguru.cli.trigger import spelled

    fields = {key: value for key, value in _read(given).items() if value is not None}
    made = ask(session.open(), name=name, **fields)
    session.show(made, lambda: click.echo(f"{made.ref}: on {spelled(made.on)} do {spelled(made.action)}"))


@verb
@click.argument("name", type=TRIGGER)
@click.option("--on", "on", multiple=True, help=_ON)
@click.option("--do", "action", multiple=True, help=_DO)
@_limits
@with_session
def update(session: Session, name: str, **given: Any) -> None:
    """Change the declaration of trigger NAME; what is not given stays."""
    from meguru.app.calls import trigger_declare, trigger_show
    from meguru.cli.specs import change
    from meguru.triggers.kind import TriggerSpec

    known = trigger_show(session.open(), name=name)
    if given["params"] and not given["action"]:
        given["action"] = tuple(f"{key}={_json(value)}" for key, value in known.action.items())
    change(session, trigger_declare, known, TriggerSpec, _read(given))


@verb
@click.argument("name", type=TRIGGER)
@with_session
def delete(session: Session, name: str) -> None:
    """Take trigger NAME out of use: it fires no more; what it did stays."""
    from meguru.app.calls import trigger_retire
    from meguru.cli.specs import retire

    retire(session, trigger_retire, name)


def _read(given: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a spec that options give; None for what was not given."""
    from meguru.triggers.project_section import with_holidays

    action, params = _object("--do", given["action"]), read_pairs(given["params"])
    if params and action is not None:
        action["params"] = {**action.get("params", {}), **params}
    budget, on = read_pairs(given["budget"]), _object("--on", given["on"])
    return {
        "on": with_holidays(Path(), on) if on else None,
        "action": action,
        "filter": given["filter_"],
        "key": given["key"],
        **{name: _length(name, given[name]) for name in ("debounce", "debounce_max", "cooldown")},
        "max_per_day": given["max_per_day"],
        "budget": _budget(budget) if budget else None,
        "note": given["note"],
    }


def _budget(given: dict[str, Any]) -> TriggerBudget:
    import msgspec

    from meguru.base.type_errors import as_invalid
    from meguru.triggers.types import TriggerBudget

    try:
        return msgspec.convert(given, TriggerBudget)
    except msgspec.ValidationError as error:
        raise as_invalid(error, "budget", TriggerBudget) from None


def _object(option: str, parts: tuple[str, ...]) -> dict[str, Any] | None:
    """Read one JSON object, or pairs; a text that looks like neither is told so."""
    from meguru.errors import UsageError

    if not parts:
        return None
    if parts[0].lstrip().startswith("{"):
        import msgspec

        try:
            found = msgspec.json.decode(parts[0])
        except msgspec.DecodeError as error:
            raise UsageError(f"{option} is not JSON", why=str(error), hint="write KEY=VALUE") from error
        return found | read_pairs(parts[1:]) if isinstance(found, dict) else None
    return read_pairs(parts)


def _length(field: str, text: str | None) -> float | None:
    from meguru.base.durations import seconds

    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        return seconds(text, field=field)


def _json(value: object) -> str:
    import msgspec

    return msgspec.json.encode(value).decode()
