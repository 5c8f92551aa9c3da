"""`meguru completion`."""

from __future__ import annotations

import sys
from typing import Any

import click

from meguru.cli.groups import command as verb
from meguru.cli.session import Session, with_session

HOW = {
    "bash": 'add to ~/.bashrc:  eval "$(meguru completion bash)"',
    "zsh": 'add to ~/.zshrc:  eval "$(meguru completion zsh)"',
    "fish": "write it to a file:  meguru completion fish > ~/.config/fish/completions/meguru.fish",
}


@verb
@click.argument("shell", type=click.Choice(list(HOW)))
@with_session
def command(session: Session, shell: str) -> None:
    """Print the script with which SHELL completes commands, options, names and ids.

    On a terminal it also says where the script goes.
    """
    from click.shell_completion import get_completion_class

    from meguru.cli.root import root

    kind: Any = get_completion_class(shell)
    script = kind(root, {}, "meguru", "_MEGURU_COMPLETE").source()
    session.show({"shell": shell, "script": script}, lambda: click.echo(script))
    if sys.stdout.isatty():
        session.note(HOW[shell])
