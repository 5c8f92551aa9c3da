"""`meguru doctor`'s look at blobs: how many, and what is said of what was found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from meguru.app.blob_walk import WalkProgress, walk
from meguru.app.doctor import DoctorCheck
from meguru.artifacts.integrity.types import BlobReport, LostBlob
from meguru.errors import UsageError

if TYPE_CHECKING:
    from meguru.kernel.operations import Door

SAMPLE, SAMPLE_SECONDS, SAMPLE_LARGEST = 200, 5.0, 64 << 20
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)%")


class BlobScope(msgspec.Struct, frozen=True, kw_only=True):
    """How many blobs are looked at: all, a percentage, or (without either) a sample of bounded cost."""

    everything: bool = False
    percent: float | None = None

    @property
    def is_sample(self) -> bool:
        """Whether time and sizes are bounded."""
        return not self.everything and self.percent is None


def read_scope(text: str) -> BlobScope | None:
    """Read ``all``, ``sample``, ``none`` (which is None) or a percentage such as ``5%``.

    Raises
    ------
    UsageError
        If it is none of these.
    """
    if text == "none":
        return None
    if text in {"all", "sample"}:
        return BlobScope(everything=text == "all")
    found = _PERCENT.fullmatch(text)
    if not found or not 0 < float(found[1]) <= 100:
        raise UsageError(
            f"--blobs can't be {text[:40]!r}", hint="use all, sample, none or a percentage such as 5%"
        )
    return BlobScope(percent=float(found[1]))


def look(ws: Door, scope: BlobScope, progress: WalkProgress | None = None) -> BlobReport:
    """Walk the blobs of a workspace, here or on a server."""
    if scope.is_sample:
        return walk(ws, count=SAMPLE, seconds=SAMPLE_SECONDS, largest=SAMPLE_LARGEST, progress=progress)
    return walk(ws, percent=scope.percent, progress=progress)


def check_of(report: BlobReport) -> DoctorCheck:
    """Say what a walk found, and what it is worth."""
    detail = f"{report.checked:,} read, each with its digest"
    if report.lost_count:
        detail = f"{report.lost_count:,} lost or changed, {report.checked:,} whole"
    if report.present:
        detail += f", {report.present:,} of over {SAMPLE_LARGEST >> 20} MiB only looked for"
    if not report.references:
        detail = "nothing refers to a blob yet"
    elif report.complete:
        detail += ": all that anything refers to"
    else:
        detail += f": {report.looked_at:,} of {report.references:,} references, at random{_worth(report)}"
    hint = "meguru doctor --deep looks at all" if not report.complete else ""
    if report.lost_count:
        hint = "restore them from a backup, by their digests"
    return DoctorCheck(name="blob contents", ok=not report.lost_count, detail=detail, hint=hint)


def lost_check(lost: LostBlob) -> DoctorCheck:
    """Say what one lost blob takes with it."""
    more = f" and {lost.ref_count - len(lost.refs):,} more" if lost.ref_count > len(lost.refs) else ""
    needs = ", ".join(lost.refs) + more
    return DoctorCheck(
        name=f"blob {lost.digest[:12]}…",
        ok=False,
        detail=f"{lost.state}: {needs or 'nothing that was looked at'} can't be read without it",
        hint=f"restore {lost.digest}",
    )


def _worth(report: BlobReport) -> str:
    if report.lost_count or report.looked_at == report.references:
        return ""
    one = f"; that 1 is lost would be missed with a chance of {_percent(report.missed_one)}"
    most = max(1, report.references // 100)
    return one + (f", that {most:,} are with {_percent(report.missed_percent)}" if most > 1 else "")


def _percent(chance: float) -> str:
    # A chance is never rounded to what is certain.
    return f"{min(max(chance * 100, 0.1), 99.9):.3g} %"
