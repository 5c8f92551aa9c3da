"""Change and retire what was declared: the part that is the same for every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

if TYPE_CHECKING:
    from meguru.cli.session import Session
    from meguru.kernel.declarations import Declared
    from meguru.kernel.operations import Operation


Spec = TypeVar("Spec", bound=msgspec.Struct)


def change(
    session: Session,
    declare: Operation[..., Declared],
    known: Any,
    spec: type[msgspec.Struct],
    given: dict[str, Any],
    *cleared: str,
) -> None:
    """Declare what is known with the given fields (None: not given), unless it changed meanwhile.

    Those that are `cleared` become None.
    """
    before = msgspec.convert(known, spec, from_attributes=True)
    changed = {key: value for key, value in given.items() if value is not None} | dict.fromkeys(cleared)
    # As plain values and back: what an option said is of no type yet.
    after = read_spec(msgspec.to_builtins(before) | msgspec.to_builtins(changed), spec)
    made = declare(session.open(), name=known.name, spec=after, expect=msgspec.to_builtins(before))
    session.show(made, lambda: show(made))


def read_spec(given: dict[str, Any], spec: type[Spec]) -> Spec:
    """Return a spec of what options said; InvalidInput names the field that is not as it must be."""
    from meguru.base.type_errors import as_invalid

    try:
        return msgspec.convert(given, spec)
    except msgspec.ValidationError as error:
        raise as_invalid(error, "", spec) from error


def retire(session: Session, ask: Operation[..., Declared], name: str) -> None:
    """Take a thing out of use."""
    made = ask(session.open(), name=name)
    session.show(made, lambda: show(made))


def show(made: Declared) -> None:
    """Print what a declaration did, field by field."""
    click.echo(f"{made.ref} {made.change}")
    for field_change in made.fields:
        if made.change == "updated":
            click.echo(
                f"  {field_change.field}: {_short(field_change.before)} -> {_short(field_change.after)}"
            )


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else text[:59] + "…"
