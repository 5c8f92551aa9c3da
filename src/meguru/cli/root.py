"""The root command; it knows every command's name and one line about it, and imports none."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from meguru.cli.groups import Noun, close, unknown
from meguru.cli.synonyms import ADVICE, TOP
from meguru.cli.text import gettext as _

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

GROUPS = {
    "Begin": {
        "init": "Start a project here: meguru.toml, a first pipeline, a workspace.",
        "plan": "Say what would change so that all is as meguru.toml says.",
        "apply": "Make everything as meguru.toml says.",
        "fmt": "Write meguru.toml in its usual form.",
        "schema": "Print the JSON Schema of meguru.toml, for editors.",
        "up": "Serve the workspace: console, API, predictions, jobs, triggers.",
        "status": "Show what is live, what runs, what failed and what waits for you.",
        "demo": "Play a year of real data through the whole system.",
    },
    "Train": {
        "run": "Run a pipeline: meguru run FILE.py:PIPELINE -p key=value",
        "runs": "List, show, edit and steer runs; read their logs.",
        "pipeline": "List and show pipelines; deploy the version that triggers run.",
        "experiments": "List, show, rename, delete and restore groups of tracked runs.",
        "sweep": "Run a pipeline many times to find its best parameters.",
        "backfill": "Run a pipeline for each part of the data, such as each day of a year.",
        "component": "List the steps that installed packages offer; what a new version affects.",
        "cost": "Tell what runs, models, endpoints and people used and cost.",
        "budget": "List budgets: how much runs may use up before they stop.",
        "pool": "Say how many steps may use a scarce thing at a time: meguru pool set gpu 2",
    },
    "Keep": {
        "data": "Add, list, show and compare dataset versions.",
        "features": "List and show what models eat; make and check training sets.",
        "model": "List and show models and their versions.",
        "card": "Read and write the cards of models and data, and the run-books of endpoints.",
        "quarantine": "Look at pickles that were handed over or saved; convert and vouch for them.",
        "import": "Bring over what another system keeps: meguru import mlflow SOURCE",
        "export": "Send what is here to another system: meguru export mlflow TARGET",
    },
    "Serve and watch": {
        "endpoint": "Declare endpoints, and ask them for predictions.",
        "contract": "Say what clients send and get, in versions; see who speaks them.",
        "release": "Create, check, promote and roll back releases.",
        "fairness": "Count groups of people where they are known; only the counts are sent.",
        "checklist": "Answer what a risk class asks of a model, with owners and days.",
        "waiver": "Let what a gate refused pass for a while, with a reason and a second person.",
        "prediction": "Show predictions; ask their model again.",
        "outcome": "Record what really happened, one by one or from a file.",
        "feedback": "Record what people say of answers, apart from the truth.",
        "label": "Have people say what happened to a sample of predictions.",
        "collection": "Have outcomes become data by themselves, for the next training.",
        "monitor": "Declare, run and read monitors.",
        "business-metric": "Name numbers that people count in: yen, minutes, calls; measure them.",
        "trigger": "Declare, fire and read triggers.",
        "incident": "Tell what went wrong, what was done, and what was learnt.",
        "notification": "Say who is told of what, when; see what was told.",
        "alert": "List what needs a person; acknowledge, mute and resolve it.",
        "webhook": "Call an address when something happens.",
    },
    "Talk": {
        "comment": "Say something about a thing, beside it; @name tells a person.",
        "follow": "Be told of what happens to a thing: meguru follow model/NAME",
        "unfollow": "Be told of a thing no more.",
        "summary": "Tell what services were worth, what is at risk, what changed: in plain words.",
        "inbox": "Read what happened to what you follow, and who named you.",
    },
    "Understand": {
        "find": "Find data, models, pipelines, components and endpoints.",
        "why": "Explain why something is as it is: meguru why endpoint/NAME",
        "lineage": "Show what was made from what.",
        "events": "Read the event log.",
        "evidence": "Export all that is known of a release as one signed file; check one.",
        "audit": "Verify the event log's hash chain, and ask it who did what.",
        "explain": "Explain an error code: meguru explain MG-110",
    },
    "Administer": {
        "project": "Make projects; say who may do what in each.",
        "policy": "Say which commits the code that runs here may come from.",
        "principal": "Add and list who may act here.",
        "role": "Declare roles: sets of permissions.",
        "group": "Declare groups of people.",
        "grant": "Give roles to people, groups and services, by project.",
        "login": "Sign in to a server in your browser.",
        "logout": "Forget and end what login was given.",
        "whoami": "Tell who you are here, and what you may do where.",
        "key": "Make the key that you sign with; list and revoke keys.",
        "token": "Make, list and revoke access tokens.",
        "erase": "Erase a person from all that is kept: meguru erase email=anna@example.com",
        "blob": "Encrypt the files that the workspace keeps; change the key.",
        "hold": "Place legal holds: nothing is erased or removed while they stand.",
        "retention": "Tell what is older than the rules of retention say.",
        "doctor": "Check this machine and the workspace.",
        "completion": "Complete commands, names and ids in your shell: bash, zsh or fish.",
        "version": "Print the version.",
    },
}
COMMANDS = {name: line for group in GROUPS.values() for name, line in group.items()}
MODULES = {"import": "import_", "business-metric": "business_metric"}
"""Commands whose names can't be a module's."""


class LazyGroup(Noun):
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
        """List the commands by what they are for, without importing them."""
        del ctx
        for title, commands in GROUPS.items():
            with formatter.section(_(title)):
                formatter.write_dl([(name, _(line)) for name, line in commands.items()], col_max=12)
        formatter.write_paragraph()
        formatter.write_text(_("Help of one command: meguru help runs log"))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer the commands with what they do, without importing them."""
        del ctx
        from click.shell_completion import CompletionItem

        return [
            CompletionItem(name, help=_(line))
            for name, line in COMMANDS.items()
            if name.startswith(incomplete)
        ]

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find the command, or say which was meant: by its meaning first, by its spelling then."""
        word = args[0] if args else ""
        if word == "help":
            args = [*args[1:], "--help"] if args[1:] else ["--help"]
            word = args[0]
        if word and not word.startswith("-") and word not in COMMANDS:
            meant = [TOP[word]] if word in TOP else close(word, COMMANDS)
            raise unknown(ctx, word, meant, ADVICE.get(word, ""))
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="meguru")
def root() -> None:
    """Keep machine-learning models true while the world changes."""
