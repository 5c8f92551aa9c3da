"""What came of the expectations of a dataset, version by version, and of rows that were refused."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from meguru.console import numbers
from meguru.console.charts.checks import CheckCell, CheckLine, check_grid
from meguru.console.page_request import PageFunction, Visit
from meguru.console.query_params import wanted
from meguru.datasets import show
from meguru.datasets.expectations.check import checks
from meguru.datasets.expectations.types import DatasetCheck, ExpectationResult

WINDOW, LINES, REFUSED = 60, 60, 20


def page(visit: Visit) -> Response:
    """Show the results of a version, those of others as a plot, and the newest refusals."""
    version = show.show(visit.ws, ref=wanted(visit, "dataset"))
    known = checks(visit.ws, name=version.name, limit=WINDOW).items
    mine = checks(visit.ws, name=version.name, version=version.version, limit=1).items
    refused = checks(visit.ws, name=version.name, version=0, limit=REFUSED).items
    return visit.render(
        "dataset_checks.html",
        version=version,
        check=mine[0] if mine else None,
        refused=refused,
        plot=_plot(visit, known[::-1]) if known else "",
        live="dataset",
    )


def _plot(visit: Visit, known: Sequence[DatasetCheck]) -> str:
    """Draw what came of each expectation, oldest first; refusals stand between the versions."""
    names = list(dict.fromkeys(result.says for check in known for result in check.results))[:LINES]
    found = [{result.says: result for result in check.results} for check in known]
    lines = [
        CheckLine(
            label=visit.spoken(name),
            cells=[_cell(visit, check, of.get(name)) for check, of in zip(known, found, strict=True)],
        )
        for name in names
    ]
    label = visit.text("What came of each expectation, version by version")
    return check_grid(
        lines,
        [str(dataset_check.version) if dataset_check.version else "×" for dataset_check in known],
        label,
    )


def _cell(visit: Visit, check: DatasetCheck, result: ExpectationResult | None) -> CheckCell | None:
    if result is None:
        return None
    tone = "good" if result.passed else "odd" if result.severity == "warn" else "bad"
    which = f"@{check.version}" if check.version else visit.text("refused")
    share = f"{numbers.count(result.failing)} / {numbers.count(result.rows)}"
    tip = "\n".join([which, visit.spoken(result.says), visit.spoken(result.observed), share])
    return CheckCell(tone=tone, share=result.share, tip=tip)


PAGES: dict[str, PageFunction] = {"/ui/datasets/{name}/{version}/checks": page}
