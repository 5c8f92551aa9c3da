"""Report on the quality of a version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from meguru.datasets import store
from meguru.datasets.manifest import load_manifest
from meguru.datasets.personal.profile import without_values
from meguru.datasets.quality.measure import COPIES, ROWS
from meguru.datasets.quality.types import ColumnQuality, QualityFinding, QualityReport
from meguru.datasets.redaction import hidden_columns
from meguru.datasets.spec import spec_of
from meguru.kernel.operations import Context, operation

if TYPE_CHECKING:
    from meguru.datasets.differences import ColumnDrift

NOTABLE_SHARE, NEARLY_ALL = 0.05, 0.95
"""From this share of rows on, missing values and outliers are told; and texts are taken for numbers."""
_SHOWN = {"numbers": "numbers", "moments": "times"}


@operation("dataset.report", permission="dataset:read", query=True, on="ref")
def report(ctx: Context, *, ref: str) -> QualityReport:
    """Say how good the rows of a version are.

    Rows that repeat others, missing values, outliers, columns of one value, texts that are numbers or times,
    placeholders such as ``N/A``, spaces around texts, and drift from the version before. No value of a column
    that is personal is told.
    """
    from meguru.datasets.diff import drift_between
    from meguru.datasets.frames import profile_of, scan_of
    from meguru.datasets.quality.measure import measure_quality

    version = store.resolve(ctx.tx, ref, ctx.readable)
    earlier = store.versions(ctx.tx, version.name, before=version.version, limit=1)
    hidden = hidden_columns(spec_of(ctx.tx, version.name), load_manifest(ctx.blobs, version))
    profile = profile_of(ctx.blobs, version)
    found = measure_quality(scan_of(ctx.blobs, version), profile)
    moved = {each.column: each for each in drift_between(ctx.blobs, earlier[0], version)} if earlier else {}
    plain = profile.to_dict()
    shapes = plain["columns"] | plain.get("times", {})
    columns = [
        _column(
            column.name,
            column.type,
            found,
            without_values(shape) if column.name in hidden else dict(shape),
            moved.get(column.name),
        )
        for column in version.columns
        for shape in [shapes.get(column.name, {})]
    ]
    return QualityReport(
        ref=version.ref,
        before=earlier[0].ref if earlier else "",
        rows=version.rows,
        rows_before=earlier[0].rows if earlier else None,
        duplicates=int(found[COPIES]),
        columns=columns,
        findings=[
            *_of_rows(found),
            *(finding for column in columns for finding in _of_column(column, found)),
        ],
    )


def _column(
    name: str, kind: str, found: Mapping[str, Any], profile: dict[str, Any], moved: ColumnDrift | None
) -> ColumnQuality:
    nans = profile["nulls"] if profile.get("kind") == "numeric" else 0
    return ColumnQuality(
        name=name,
        type=kind,
        missing=max(int(found[f"{name}.missing"]), nans),
        distinct=found.get(f"{name}.distinct"),
        outliers=found.get(f"{name}.outliers"),
        psi=moved.psi if moved else None,
        drifted=bool(moved and moved.drifted),
        profile=profile,
    )


def _of_rows(found: Mapping[str, Any]) -> Iterator[QualityFinding]:
    if found[COPIES]:
        says = f"{found[COPIES]:,} of {found[ROWS]:,} rows repeat another one"
        yield QualityFinding(kind="duplicates", column="", says=says, rows=int(found[COPIES]))


def _of_column(column: ColumnQuality, found: Mapping[str, Any]) -> Iterator[QualityFinding]:
    name, rows = column.name, int(found[ROWS])
    known = rows - column.missing
    if not rows:
        return
    if column.missing >= NOTABLE_SHARE * rows:
        yield _finding("missing", name, column.missing, f"{column.missing / rows:.1%} of {name} is missing")
    if column.distinct == 1 and known > 1:
        yield _finding("constant", name, known, f"{name} has one value only")
    if column.outliers:
        yield _finding("outliers", name, column.outliers, f"{name} has {column.outliers:,} outliers")
    yield from _of_text(name, known, found)
    if column.drifted:
        yield _finding("drift", name, rows, f"{name} moved since the version before: PSI {column.psi:.3f}")


def _of_text(name: str, known: int, found: Mapping[str, Any]) -> Iterator[QualityFinding]:
    for what, word in _SHOWN.items():
        count = int(found.get(f"{name}.{what}") or 0)
        if known and count >= NEARLY_ALL * known:
            rest = known - count
            other = f", {rest:,} rows are none" if rest else ""
            yield _finding("type", name, count, f"{name} is text and looks like {word}{other}")
    for kind, what, word in (
        ("placeholder", "placeholders", "stand for nothing, such as N/A"),
        ("spaces", "spaces", "have spaces around them"),
    ):
        if count := int(found.get(f"{name}.{what}") or 0):
            yield _finding(kind, name, count, f"{count:,} texts of {name} {word}")


def _finding(kind: Any, column: str, rows: int, says: str) -> QualityFinding:
    return QualityFinding(kind=kind, column=column, says=says, rows=int(rows))
