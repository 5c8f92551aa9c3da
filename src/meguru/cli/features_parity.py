"""`meguru features parity`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from meguru.cli.arguments import ENDPOINT
from meguru.cli.groups import Verb
from meguru.cli.session import Session, with_session
from meguru.errors import NotFound

if TYPE_CHECKING:
    from meguru.serving.features.parity import ParityReport

_DIFFER = 5


@click.command("parity", cls=Verb)
@click.argument("target", required=False, type=ENDPOINT)
@click.option("--limit", default=1000, show_default=True, help="So many of the newest predictions.")
@click.option("--no-record", is_flag=True, help="Only look: the outcome is not kept.")
@with_session
def parity(session: Session, target: str | None, *, limit: int, no_record: bool) -> None:
    """Compare what views gave with what a training set would have, to the bit.

    TARGET is an endpoint, or a feature service (feature_service/NAME); without it, each endpoint that has
    views. Ends with 5 if something differs.
    """
    from meguru.serving.features.parity import parity as compare

    ws = session.open()
    found = [compare(ws, name, limit=limit, record=not no_record) for name in _endpoints(ws, target)]
    columns = ("endpoint", "feature", "view", "values", "cause", "e.g.", "served", "truth")
    rows = [
        (
            report.endpoint,
            difference.feature,
            difference.view,
            difference.rows,
            difference.cause.value,
            difference.prediction,
            str(difference.served),
            str(difference.truth),
        )
        for report in found
        for difference in report.differences
    ]
    if all(report.equal for report in found):
        session.show({"items": found}, lambda: click.echo("\n".join(map(_equal, found))))
        return
    session.table({"items": found}, columns, rows)
    sys.exit(_DIFFER)


def _equal(report: ParityReport) -> str:
    compared = f"{report.values:,} values of {report.rows:,} predictions"
    sent = f", beside {report.sent:,} that clients sent" if report.sent else ""
    return f"{report.endpoint}  {compared} are those of {report.features} to the bit{sent}"


def _endpoints(ws: Any, target: str | None) -> list[str]:
    """Return the endpoints that are meant."""
    from meguru.serving.operations import list_endpoints

    known = [each for each in list_endpoints(ws, limit=1000).items if each.live and each.live.features]
    if target is None:
        names = [each.name for each in known]
        if not names:
            raise NotFound("no endpoint is given anything by a feature view", hint="meguru endpoint list")
        return names
    if not target.startswith(("feature_service/", "feature_view/")):
        return [target.removeprefix("endpoint/")]
    names = [each.name for each in known if each.live and _reads(each.live.features, target)]
    if not names:
        raise NotFound(
            f"no endpoint answers with features of {target}", hint="meguru features show " + target
        )
    return names


def _reads(features: Any, target: str) -> bool:
    refs = [features.ref, *features.views]
    return any(ref == target or ref.partition("@")[0] == target for ref in refs)
