"""The account of the example of mortgages, for people."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import click

from meguru.cli.tables import cell, coloured

if TYPE_CHECKING:
    from meguru.demo.mortgages.account import AccountChapter, MortgageAccount

WIDTH = 110


def print_chapter(chapter: AccountChapter) -> None:
    """Print a chapter."""
    click.echo(f"\n{coloured(chapter.title, '1')}   {cell(chapter.at)}")
    for line in chapter.lines:
        click.echo(
            f"  {line.who} {line.did}" + (f"   {coloured('$ ' + line.command, '2')}" if line.command else "")
        )
        for part in textwrap.wrap(line.said, WIDTH):
            click.echo(f"      {part}")


def print_end(account: MortgageAccount) -> None:
    """Print where to look."""
    place = account.workspace
    click.echo(f"\nplayed in {account.seconds} s. Look at it:")
    for words in ("up", "why endpoint/loans", "waiver list", "release list loans"):
        click.echo(f"  meguru {words} --workspace {place}")
