"""Errors on the command line: four lines on stderr, or one JSON object on stdout; then an exit code."""

from __future__ import annotations

import os
import sys

import click

from meguru.cli.groups import UnknownCommand
from meguru.cli.session import leave_quietly
from meguru.cli.text import gettext as _
from meguru.cli.text import width_of
from meguru.errors import InternalError, Interrupted, MeguruError, UsageError, near_misses


def run(root: click.Group) -> int:
    """Run a command line; return its exit code."""
    try:
        code = root.main(standalone_mode=False)
    except click.UsageError as error:
        return _usage(error)
    except (click.Abort, KeyboardInterrupt):
        return report(
            Interrupted("interrupted", hint="run the same command again: it goes on where it stopped")
        )
    except click.exceptions.Exit as error:
        return error.exit_code
    except MeguruError as error:
        return report(error)
    except BrokenPipeError:
        leave_quietly()
    except Exception as error:
        if os.environ.get("MEGURU_DEBUG"):
            raise
        bug = InternalError(f"{type(error).__name__}: {error}", hint="set MEGURU_DEBUG=1 for the traceback")
        return report(bug)
    return code if isinstance(code, int) else 0


def report(error: MeguruError) -> int:
    """Show an error; return its exit code."""
    if "--json" in sys.argv[1:]:
        import msgspec

        sys.stdout.write(msgspec.json.encode({"error": error.as_dict()}).decode() + "\n")
        return error.exit_code
    bold = "\x1b[1m" if sys.stderr.isatty() and not os.environ.get("NO_COLOR") else ""
    plain = "\x1b[0m" if bold else ""
    lines = [f"{bold}{error.code} {error.what}{plain}"]
    places = {"at": error.where or error.field, "why": error.why, "try": error.hint}
    for label, text in places.items():
        if text:
            shown = _(label, context="error")
            lines.append(f"  {shown}{' ' * (4 - width_of(shown))} {text}")
    sys.stderr.write("\n".join(lines) + "\n")
    return error.exit_code


def _usage(error: click.UsageError) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return UsageError.exit_code
    return report(in_four_lines(error))


def in_four_lines(error: click.UsageError) -> UsageError:
    """Say what the parser of the command line refused as every other error is said."""
    path = error.ctx.command_path if error.ctx else "meguru"
    what, hint = error.format_message().rstrip("."), f"{path} --help"
    if isinstance(error, UnknownCommand):
        hint = error.hint
    elif isinstance(error, click.NoSuchOption):
        what = _("{path} has no option {option!r}").format(path=path, option=error.option_name)
        near = near_misses(error.option_name, error.possibilities or ())
        own = _("what the script itself takes comes after --: meguru run FILE.py -- {option}")
        hint = own.format(option=error.option_name) if path == "meguru run" else hint
        hint = _(" or ").join(near) or hint
    elif isinstance(error, click.MissingParameter):
        what, hint = _("{name} is missing").format(name=_name_of(error)), _call_of(error) or hint
    elif isinstance(error, click.BadParameter):
        what = f"{_name_of(error)}: {error.message.rstrip('.')}"
    return UsageError(what, where=path, hint=hint)


def _name_of(error: click.BadParameter) -> str:
    if error.param is None or error.ctx is None:
        return str(error.param_hint or "")
    if isinstance(error.param, click.Option):
        return max(error.param.opts, key=len)
    return error.param.make_metavar(error.ctx)


def _call_of(error: click.BadParameter) -> str:
    if error.ctx is None:
        return ""
    return " ".join([error.ctx.command_path, *error.ctx.command.collect_usage_pieces(error.ctx)])
