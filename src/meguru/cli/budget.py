"""`meguru budget`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meguru.base.text import gettext as _
from meguru.cli.groups import group
from meguru.cli.session import Session, with_session

if TYPE_CHECKING:
    from meguru.costs.types import BudgetState

BEGIN = "meguru apply  # with [budget.NAME] in meguru.toml"


@group
def command() -> None:
    """Budgets: how much runs may use up; declared as [budget.NAME] in meguru.toml."""


@command.command("list")
@with_session
def list_(session: Session) -> None:
    """List budgets, with what of each is spent."""
    from meguru.app.calls import budget_list as ask

    found = ask(session.open())
    columns = ("budget", "spent", "limit", "of", "per", "state", "since")
    session.table(
        found,
        columns,
        [_row(each) for each in found],
        begin=BEGIN,
    )


@command.command()
@click.argument("budget")
@with_session
def show(session: Session, budget: str) -> None:
    """Show what of BUDGET is spent since its day, week or month began."""
    from meguru.app.calls import budget_show as ask

    found = ask(session.open(), budget=budget)
    columns = ("budget", "spent", "limit", "of", "per", "state", "since")
    session.table(found, columns, [_row(found)])


def _row(budget_state: BudgetState) -> tuple[object, ...]:
    state = _("used up") if budget_state.exceeded else _("nearly used up") if budget_state.warned else _("ok")
    if not budget_state.is_priced:
        state = _("nothing has a price")
    from meguru.business.formatting import number

    return (
        budget_state.name,
        number(budget_state.spent),
        number(budget_state.spec.limit),
        budget_state.spec.of,
        budget_state.spec.per,
        state,
        budget_state.start,
    )
