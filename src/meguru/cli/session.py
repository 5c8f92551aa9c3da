"""What every command shares: where the workspace is, and how results are shown."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from meguru.cli.tables import print_table
from meguru.cli.text import gettext as _

if TYPE_CHECKING:
    from datetime import datetime

    from meguru.base.settings import Settings
    from meguru.errors import InvalidInput, MeguruError
    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace

F = TypeVar("F", bound=Callable[..., Any])


class Session:
    """The options that every command has."""

    def __init__(self, workspace: str | None, *, as_json: bool, environment: str = "") -> None:
        self.place, self.as_json, self.environment = workspace, as_json, environment
        self._ws: Workspace | RemoteWorkspace | None = None

    def open(self, *, create: bool = False) -> Workspace | RemoteWorkspace:
        """Open the workspace; it is made if it isn't there only when `create` says so."""
        from meguru.app import open_workspace
        from meguru.base.collector import end_start

        if self._ws is not None:
            return self._ws
        self.settle()
        new = self.missing_folder() if create else None
        self._ws = open_workspace(self.place, settings=self._settings(), create=create)
        end_start()
        click.get_current_context().call_on_close(self._ws.close)
        self.tell_of_new(new)
        return self._ws

    def settle(self) -> None:
        """Find the workspace of the environment that was asked for, unless one was named."""
        if self.environment and self.place is None:
            from meguru.cli.environments import place_of

            self.place = place_of(self.environment)

    def _settings(self) -> Settings | None:
        if not self.environment:
            return None
        from meguru.base.settings import load_settings
        from meguru.cli.environments import token_of

        return load_settings(workspace=self.place, token=token_of(self.environment))

    def written_out(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the options with ids written out that were given as `@last` or by their beginning."""
        from meguru.cli.arguments import Id
        from meguru.cli.ids import expand, is_short

        for parameter in click.get_current_context().command.params:
            kind, given = parameter.type, options.get(parameter.name or "")
            if not isinstance(kind, Id) or not given:
                continue
            texts = given if isinstance(given, tuple) else (given,)
            if any(is_short(text, kind.kinds) for text in texts):
                ws = self.open()
                texts = tuple(expand(ws, text, kind.kinds, as_ref=kind.as_ref) for text in texts)
                options[parameter.name or ""] = texts if isinstance(given, tuple) else texts[0]
        return options

    def missing_folder(self) -> Path | None:
        """Return the folder that opening will make a workspace; None if one is there, or on a server."""
        from meguru.base.roots import DATABASE
        from meguru.base.settings import load_settings

        place = load_settings(workspace=self.place).workspace
        folder = Path(place).absolute()
        return None if "://" in place or (folder / DATABASE).exists() else folder

    def tell_of_new(self, folder: Path | None) -> None:
        """Say in one line that a workspace was made: none is ever made silently."""
        if folder is not None:
            self.note(_("a new workspace: {folder}").format(folder=folder))

    def show(self, value: Any, human: Callable[[], object] | None = None) -> None:
        """Print a result: one JSON object with ``--json``, else as `human` prints it."""
        if self.as_json:
            import msgspec

            shown = {"items": value} if isinstance(value, list) else value
            sys.stdout.write(msgspec.json.encode(shown).decode() + "\n")
        elif human is not None:
            human()

    def table(
        self,
        value: Any,
        columns: Sequence[str],
        rows: Iterable[Sequence[Any]],
        *,
        empty: str = "",
        begin: str = "",
    ) -> None:
        """Print a list as a table on a terminal, as tab-separated values in a pipe.

        Without rows it says `empty` on standard error; or that there is none yet, and what begins one.
        """
        text = _(empty) if empty else _("none yet: {command}").format(command=begin) if begin else ""
        listed = [list(row) for row in rows]
        self.show(value, lambda: print_table(columns, listed, empty=text))
        call = click.get_current_context(silent=True)
        has_limit = call is not None and any(each.name == "limit" for each in call.command.params)
        if getattr(value, "next_cursor", None) and not has_limit:  # who gives a limit knows of it
            self.note(_("only the first {count} are listed").format(count=f"{len(listed):,}"))

    def refuse(self, value: Any, error: MeguruError) -> NoReturn:
        """End with an error; with ``--json`` the result is what tells of it: one JSON object, as ever."""
        if not self.as_json:
            raise error
        self.show(value)
        raise click.exceptions.Exit(error.exit_code)

    def note(self, text: str) -> None:
        """Tell a person something that is not the result."""
        if not self.as_json:
            click.echo(text, err=True)


def with_session(function: F, *, environments: bool = True) -> Callable[..., Any]:
    """Give a command ``--workspace``, ``--env`` and ``--json``, and a `Session` as first argument.

    Without `environments` it has no ``--env``, which means something else there.
    """

    @click.option("--workspace", "-w", metavar="PLACE", help="Folder, database URL or server URL.")
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
    @functools.wraps(function)
    def wrapped(*, workspace: str | None, as_json: bool, in_environment: str = "", **options: Any) -> Any:
        from meguru.errors import InvalidInput

        try:
            environment = in_environment or os.environ.get("MEGURU_ENV", "")
            session = Session(workspace, as_json=as_json, environment=environment)
            return function(session, **session.written_out(options))
        except InvalidInput as error:
            raise as_typed(error, click.get_current_context().command) from error
        except BrokenPipeError:
            leave_quietly()

    if not environments:
        return wrapped
    return click.option(
        "--env", "in_environment", default="", metavar="NAME", help="An environment of meguru.toml."
    )(wrapped)


def as_typed(error: InvalidInput, command: click.Command) -> InvalidInput:
    """Return a refusal of what an option or argument said as a mistake of usage that names it."""
    from meguru.errors import InvalidInput, UsageError

    if type(error) is not InvalidInput:
        return error
    named = error.field.partition(".")[0].partition("[")[0]
    for parameter in command.params:
        if named and (parameter.name or "").rstrip("_") == named:
            return UsageError(
                error.what, where=error.where, why=error.why, hint=error.hint, field=error.field
            )
    return error


def leave_quietly() -> NoReturn:
    """End well, without another word: whoever read our output has seen enough, and went away."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(0)


def read_moment(text: str) -> datetime:
    """Read a moment such as ``2026-03-29T02:30:00+01:00``; without a zone it is this machine's time."""
    from datetime import datetime

    from meguru.errors import UsageError

    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{text[:60]!r} is no moment", why=str(error), hint="write it like 2026-03-29T02:30:00Z"
        ) from error


def read_pairs(pairs: Iterable[str]) -> dict[str, Any]:
    """Read ``key=value`` options; a value that is JSON is taken as such, any other as text."""
    import msgspec

    from meguru.errors import UsageError

    found: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise UsageError(f"{pair!r} is not key=value")
        try:
            found[key] = msgspec.json.decode(text)
        except msgspec.DecodeError:
            found[key] = text
    return found
