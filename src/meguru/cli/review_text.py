"""A review as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from meguru.cli.tables import cell
from meguru.cli.text import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meguru.flavors.measures import Measure
    from meguru.releases.review.content import ReviewContent
    from meguru.releases.review.show import ReleaseReview
    from meguru.releases.review.types import ReviewStanding


def print_review(found: ReleaseReview) -> None:
    """Print what a release would change, then where its review stands."""
    content = found.content
    click.echo(f"{found.release.ref}  {found.release.standing}  {found.release.model}")
    if content.note:
        click.echo(f"  {content.note}")
    against = content.against or _("nothing is live")
    _section(
        _("What changes ({against})").format(against=against),
        (f"{each.part}: {each.before or '–'} → {each.after or '–'}" for each in content.changes),
    )
    _section(_("Code"), content.code)
    _section(_("Data"), _data(content))
    _section(
        _("Parameters"),
        (f"{each.part}: {each.before or '–'} → {each.after or '–'}" for each in content.params),
    )
    _section(_("Metrics"), _metrics(content))
    _section(_("Gates"), (f"{each.gate}  {each.verdict}  {each.reason}" for each in content.gates))
    _section(_("Documents"), (f"{each.ref}  {each.digest[:12]}" for each in content.documents))
    _section(_("What a promotion will do"), content.plan)
    print_standing(found.standing)
    click.echo(f"  {_('what you saw')}  {found.saw}")


def print_standing(found: ReviewStanding) -> None:
    """Print who decided what, and what lacks."""
    click.echo(f"{found.release}  {found.digest[:12]}")
    if found.requested_at:
        click.echo(f"  asked by {found.requested_by}, {cell(found.requested_at)}  {found.note}".rstrip())
    for each in found.decisions:
        who = each.principal if each.person in {each.principal, ""} else f"{each.principal} ({each.person})"
        click.echo(f"  {each.decision:<9} {each.state:<9} {who}  {cell(each.at)}  {each.note}".rstrip())
        if each.why:
            click.echo(f"    {each.why}")
        for change in each.changes:
            click.echo(f"    {change.part}: {change.before or '–'} → {change.after or '–'}")
    for policy in found.policies:
        for stage in policy.stages:
            click.echo(
                f"  {policy.policy}  {stage.name}: {len(stage.by)}/{stage.wanted} {stage.right}  "
                f"{', '.join(stage.by)}".rstrip()
            )
    if glass := found.glass:
        late = "overdue" if glass.is_overdue else f"due {cell(glass.due_at)}"
        click.echo(f"  glass broken by {glass.by}, {cell(glass.at)}: {glass.reason}")
        click.echo(f"    signed by {len(glass.signed)}/{glass.wanted} {', '.join(glass.signed)}, {late}")
    if found.clock:
        click.echo(f"  {found.clock}")
    for lack in found.lacks:
        click.echo(f"  lacks  {lack}")
    if not found.lacks:
        click.echo("  nothing lacks")


def _section(title: str, lines: Iterable[str]) -> None:
    shown = list(lines)
    if shown:
        click.echo(f"\n{title}")
        for line in shown:
            click.echo(f"  {line}")
        click.echo()


def _data(content: ReviewContent) -> Iterable[str]:
    for each in content.data:
        rows = f"{_count(each.rows_before)} → {_count(each.rows_after)} rows"
        yield f"{each.dataset}: {each.before or '–'} → {each.after or '–'}, {rows}"
        yield from (f"  {one.part}: {one.before or '–'} → {one.after or '–'}" for one in each.columns)


def _count(rows: int | None) -> str:
    return "–" if rows is None else f"{rows:,}"


def _metrics(content: ReviewContent) -> Iterable[str]:
    for each in content.metrics:
        name = f"{each.metric} {each.slice}".rstrip()
        yield f"{name}: {_measure(each.before)} → {_measure(each.after)}"


def _measure(found: Measure | None) -> str:
    if found is None:
        return "–"
    span = "" if found.low is None or found.high is None else f" [{found.low:.4g}, {found.high:.4g}]"
    return f"{found.value:.4g}{span}"
