"""The mark that makes a function an operation."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar

import msgspec

from meguru.base.type_errors import as_invalid
from meguru.errors import InternalError, InvalidInput, near_misses

if typing.TYPE_CHECKING:
    from meguru.kernel.operations.context import Context

P = ParamSpec("P")
R = TypeVar("R")
_registered: dict[str, Operation[..., Any]] = {}


class Door(Protocol):
    """Whatever can carry out an operation: a local workspace, a server, or an operation under way."""

    def execute(self, operation: Operation[..., Any], arguments: dict[str, Any]) -> Any:
        """Run an operation with these arguments."""
        ...


class Operation(Generic[P, R]):
    """A capability: calling it with a workspace runs it there, by whatever way leads there.

    Attributes
    ----------
    name
        ``noun.verb``; also its route, ``/api/v1/noun/verb``.
    permission
        What its caller must hold, ``noun:verb``.
    query
        True when it only asks; a query gets a read transaction and the HTTP method GET.
    evented
        False only for measured hot paths, whose changes are too many to tell of one by one.
    alone
        True when changes wait for each other from their first look at the database, on every database: what
        they read can't be old when they write. False only for hot paths, which lock what they change.
    quiet
        True when whoever waits for events may hear of it a little later, with others: for hot paths, each of
        which would wake all who wait.
    secret
        True when its answer holds a secret: it is given once, and not kept for a repeated request.
    on
        The argument that names what it touches, on which its caller is authorised; empty when it touches no
        single thing. A change without one needs its permission in every project; a query without one
        answers only with what its caller may see.
    refers
        The kinds of the arguments that name things: each is completed with the project in which it is asked.
    door
        The protocol that asks it, with names of its own that know no projects (``mlflow``): it has no native
        route, and all that it names is of the one project that the door is in. Its function does not find
        what is of another.
    """

    def __init__(
        self,
        function: Callable[Concatenate[Context, P], R],
        name: str,
        permission: str,
        *,
        query: bool,
        evented: bool,
        alone: bool = True,
        secret: bool = False,
        quiet: bool = False,
        on: str = "",
        refers: Mapping[str, str] | None = None,
        door: str = "",
    ) -> None:
        self.function = function
        self.on, self.refers, self.door = on, dict(refers or {}), door
        if on:
            self.refers.setdefault(on, name.partition(".")[0])
        self.name, self.permission = name, permission
        self.query, self.evented, self.alone = query, evented, alone
        self.secret, self.quiet = secret, quiet
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__
        self.__module__ = function.__module__

    def __call__(self, where: Door, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the operation at `where`; arguments go by keyword."""
        if args:
            message = f"{self.name} takes its arguments by keyword"
            raise TypeError(message)
        result: R = where.execute(self, kwargs)
        return result

    @property
    def path(self) -> str:
        """The HTTP path of this operation."""
        return "/api/v1/" + self.name.replace(".", "/")

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        return (inspect.getdoc(self.function) or self.name).splitlines()[0]

    @cached_property
    def _hints(self) -> dict[str, Any]:
        return typing.get_type_hints(self.function, include_extras=True)

    @cached_property
    def result_type(self) -> Any:
        """The type of what it returns."""
        return self._hints.get("return", Any)

    @cached_property
    def arguments_type(self) -> type[msgspec.Struct]:
        """A struct with one field a parameter, made from the signature."""
        fields: list[Any] = []
        for parameter in list(inspect.signature(self.function).parameters.values())[1:]:
            if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
                message = f"operation {self.name}: parameter {parameter.name!r} must be keyword-only"
                raise InternalError(message)
            kind = _zoned(self._hints.get(parameter.name, Any))
            if parameter.default is inspect.Parameter.empty:
                fields.append((parameter.name, kind))
            else:
                fields.append((parameter.name, kind, _default(parameter.default)))
        title = "".join(part.capitalize() for part in self.name.replace("_", ".").split("."))
        return msgspec.defstruct(title + "Arguments", fields, kw_only=True, forbid_unknown_fields=True)

    def read_arguments(self, given: dict[str, Any], *, strict: bool = True) -> dict[str, Any]:
        """Check plain data against the signature; return the arguments, typed.

        Raises
        ------
        InvalidInput
            Naming the field that is missing, unknown or of the wrong type.
        """
        known = self.arguments_type.__struct_fields__
        for name in given:
            if name not in known:
                close = near_misses(name, known)
                hint = (
                    f"did you mean {close[0]!r}?"
                    if close
                    else f"it takes {', '.join(known) or 'no arguments'}"
                )
                raise InvalidInput(f"{self.name} has no argument {name!r}", field=name, hint=hint)
        try:
            struct = msgspec.convert(given, self.arguments_type, strict=strict)
        except msgspec.ValidationError as error:
            raise as_invalid(error, self.name, self.arguments_type) from error
        return msgspec.structs.asdict(struct)


def operation(
    name: str,
    *,
    permission: str,
    query: bool = False,
    evented: bool = True,
    alone: bool = True,
    secret: bool = False,
    quiet: bool = False,
    on: str = "",
    refers: Mapping[str, str] | None = None,
    door: str = "",
) -> Callable[[Callable[Concatenate[Context, P], R]], Operation[P, R]]:
    """Mark a function as an operation; see `Operation` for what each word means."""

    def mark(function: Callable[Concatenate[Context, P], R]) -> Operation[P, R]:
        made = Operation(
            function,
            name,
            permission,
            query=query,
            evented=evented,
            alone=alone,
            secret=secret,
            quiet=quiet,
            on=on,
            refers=refers,
            door=door,
        )
        known = _registered.setdefault(name, made)
        if known.__module__ != made.__module__:
            message = f"two operations are called {name}: in {known.__module__} and {made.__module__}"
            raise InternalError(message)
        return made

    return mark


def registered() -> dict[str, Operation[..., Any]]:
    """Return every operation whose module was imported, by name."""
    return dict(sorted(_registered.items()))


def native() -> dict[str, Operation[..., Any]]:
    """Return the registered operations that have a native route, by name."""
    return {name: one for name, one in registered().items() if not one.door}


def _zoned(kind: Any) -> Any:
    # A moment without a zone means another time on another machine.
    aware = typing.Annotated[datetime, msgspec.Meta(tz=True)]
    if kind is datetime:
        return aware
    return aware | None if kind == datetime | None else kind


def _default(value: Any) -> Any:
    return msgspec.field(default_factory=value.copy) if isinstance(value, list | dict) else value
