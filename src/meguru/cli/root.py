"""The root command; it knows every command's name and one line about it, and imports none."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from meguru.base.text import gettext as _

COMMANDS = {
    "init": "Start a project here: meguru.toml, a first pipeline, a workspace.",
    "up": "Serve the workspace: console, API, predictions, jobs, triggers.",
    "demo": "Play a year of real data through the whole system.",
    "run": "Run a pipeline: meguru run FILE.py:PIPELINE -p key=value",
    "runs": "List and show runs.",
    "import": "Bring over what another system keeps: meguru import mlflow SOURCE",
    "sweep": "Run a pipeline many times to find its best parameters.",
    "component": "List the steps that installed packages offer; what a new version affects.",
    "export": "Send what is here to another system: meguru export mlflow TARGET",
    "data": "Add, list, show and compare dataset versions.",
    "model": "List and show models and their versions.",
    "release": "Create, check, promote and roll back releases.",
    "endpoint": "Declare endpoints, and ask them for predictions.",
    "monitor": "Declare, run and read monitors.",
    "trigger": "Declare, fire and read triggers.",
    "backfill": "Run a pipeline for each part of the data, such as each day of a year.",
    "webhook": "Call an address when something happens to a model.",
    "pool": "Say how many steps may use a scarce thing at a time: meguru pool set gpu 2",
    "why": "Explain why something is as it is: meguru why endpoint/NAME",
    "lineage": "Show what was made from what.",
    "events": "Read the event log.",
    "audit": "Verify the event log's hash chain.",
    "principal": "Add and list who may act here.",
    "token": "Make, list and revoke access tokens.",
    "doctor": "Check this machine and the workspace.",
    "explain": "Explain an error code: meguru explain MG-110",
}


MODULES = {"import": "bring", "export": "send"}
"""Commands whose names can't be a module's."""


class LazyGroup(click.Group):
    """A group whose commands live in ``meguru.cli.<name>`` as ``command``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of use."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command when it is called."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = MODULES.get(cmd_name, cmd_name)
        command: click.Command = import_module(f"meguru.cli.{module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, _(line)) for name, line in COMMANDS.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Offer near misses for an unknown command."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in COMMANDS:
            from meguru.errors import near_misses

            close = near_misses(name, COMMANDS)
            hint = f"; did you mean {close[0]!r}?" if close else "; see meguru --help"
            ctx.fail(f"there is no command {name!r}{hint}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="meguru")
def root() -> None:
    """Keep machine-learning models true while the world changes."""
