"""Groups and commands: help in the reader's language, with examples; what was meant by a wrong word."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import click

from meguru.cli.examples import EXAMPLES
from meguru.cli.synonyms import VERBS
from meguru.cli.text import gettext as _
from meguru.cli.text import width_of, wrap


class _Formatter(click.HelpFormatter):
    """Breaks lines by the cells that letters take, not by their number."""

    def write_text(self, text: str) -> None:
        """Write paragraphs; one that begins with a backspace mark keeps its lines."""
        indent = " " * self.current_indent
        for number, paragraph in enumerate(text.split("\n\n")):
            self.write("\n" if number else "")
            kept = paragraph.startswith("\b\n")
            lines = paragraph.splitlines()[1:] if kept else wrap(paragraph, self.width - self.current_indent)
            self.write("".join(f"{indent}{line}\n" for line in lines))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write terms and what they mean, in two columns."""
        rows = list(rows)
        first = min(max((width_of(term) for term, _ in rows), default=0), col_max) + col_spacing
        room = max(self.width - self.current_indent - first, 20)
        for term, meaning in rows:
            lines = wrap(meaning, room) or [""]
            head = f"{'':{self.current_indent}}{term}"
            gap = first + self.current_indent - width_of(head)
            if gap < col_spacing:
                self.write(f"{head}\n")
                head, gap = "", first + self.current_indent
            self.write(f"{head}{' ' * gap}{lines[0]}".rstrip() + "\n")
            for line in lines[1:]:
                self.write(f"{'':{first + self.current_indent}}{line}\n")


class _Context(click.Context):
    formatter_class = _Formatter


class _Helped(click.Command):
    """A command whose help is written in the reader's language, and ends with examples."""

    context_class = _Context

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first line of the help, whole."""
        del limit
        return _(paragraphs_of(self)[0])

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how the command is called."""
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, prefix=f"{_('Usage')}: ")

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command does, paragraph by paragraph."""
        del ctx
        shown = [each if each.startswith("\b") else _(each) for each in paragraphs_of(self)]
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text("\n\n".join(shown))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, and for a group its commands."""
        rows = []
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and not isinstance(parameter, click.Argument):
                plain = getattr(parameter, "help", None) or ""
                rows.append((record[0], record[1].replace(plain, _(plain), 1)))
        with formatter.section(_("Options")):
            formatter.write_dl(rows)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        lines = EXAMPLES.get(ctx.command_path.partition(" ")[2], ())
        if lines:
            with formatter.section(_("Examples")):
                for line in lines:
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")


def paragraphs_of(command: click.Command) -> list[str]:
    """Return the paragraphs of a help, each on one line but those that begin with the mark of kept lines."""
    found = inspect.cleandoc(command.help or "").split("\n\n")
    return [each if each.startswith("\b") else " ".join(each.split()) for each in found]


class Verb(_Helped):
    """One command."""


class Noun(_Helped, click.Group):
    """What can be done with one kind of thing; ``ls`` stands for ``list`` where there is one."""

    command_class = Verb

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command by its name."""
        found = super().get_command(ctx, cmd_name)
        return super().get_command(ctx, "list") if found is None and cmd_name == "ls" else found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with the first lines of their help."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, command.get_short_help_str()) for name, command in found if command]
        with formatter.section(_("Commands")):
            formatter.write_dl(rows)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find the command that `args` begin with, or say which was meant."""
        word = args[0]
        if not word.startswith("-") and self.get_command(ctx, word) is None:
            here = self.list_commands(ctx)
            meant = [verb for verb in VERBS.get(word, ()) if verb in here]
            raise unknown(ctx, word, meant or close(word, here))
        return super().resolve_command(ctx, args)


def group(function: Callable[..., Any]) -> Noun:
    """Make a function the group of a noun's commands."""
    return click.group(cls=Noun)(function)


def command(function: Callable[..., Any]) -> Verb:
    """Make a function a command of its own."""
    return click.command(cls=Verb)(function)


class UnknownCommand(click.UsageError):
    """A word that is no command; `hint` says what to type instead."""

    def __init__(self, word: str, ctx: click.Context, hint: str) -> None:
        super().__init__(_("there is no command {word!r}").format(word=word), ctx)
        self.hint = hint


def unknown(ctx: click.Context, word: str, meant: Iterable[str], advice: str = "") -> UnknownCommand:
    """Return the error for a word that is no command; `meant` are commands to type instead."""
    typed = _(" or ").join(f"{ctx.command_path} {each}" for each in meant)
    return UnknownCommand(word, ctx, _(advice) if advice else typed or f"{ctx.command_path} --help")


def close(word: str, known: Iterable[str]) -> list[str]:
    """Return the known words that are spelled nearly like one."""
    from meguru.errors import near_misses

    return near_misses(word, known)
