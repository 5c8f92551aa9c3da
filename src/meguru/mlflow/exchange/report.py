"""What came over: what was read, what was found on the other side, what differs, what could not be read."""

from __future__ import annotations

import hashlib

import msgspec

from meguru.errors import MeguruError

SHOWN = 200


class Count(msgspec.Struct, kw_only=True):
    """Of one kind of thing: how many were read, how many of them are on the other side, and new there."""

    read: int = 0
    found: int = 0
    added: int = 0


class Mismatch(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not the same on both sides."""

    what: str
    field: str
    read: str
    found: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that could not be read or written."""

    what: str
    where: str = ""
    why: str = ""


class TransferReport(msgspec.Struct, kw_only=True):
    """The outcome of a move; `same` tells whether all that was read is there on the other side, unchanged."""

    source: str
    target: str
    counts: dict[str, Count] = msgspec.field(default_factory=dict)
    digest_read: str = ""
    digest_found: str = ""
    same: bool = False
    different: int = 0
    differences: list[Mismatch] = msgspec.field(default_factory=list)
    problem_count: int = 0
    problems: list[Problem] = msgspec.field(default_factory=list)
    left_out: dict[str, int] = msgspec.field(default_factory=dict)


class ReportBuilder:
    """Keeps a report while things move."""

    def __init__(self, source: str, target: str) -> None:
        self.report = TransferReport(source=source, target=target)
        self._read, self._found = hashlib.sha256(), hashlib.sha256()

    def count(self, kind: str, *, read: int = 0, found: int = 0, added: int = 0) -> None:
        """Count things of a kind."""
        known = self.report.counts.setdefault(kind, Count())
        known.read += read
        known.found += found
        known.added += added

    def add_problem(self, error: MeguruError) -> None:
        """Note a problem; it does not end the move."""
        self.report.problem_count += 1
        if len(self.report.problems) < SHOWN:
            self.report.problems.append(Problem(what=error.what, where=error.where, why=error.why))

    def compare(self, what: str, read: dict[str, object], found: dict[str, object] | None) -> bool:
        """Compare a thing on both sides, field by field, and add it to the digests."""
        # In the order in which things are read, which is the same on both sides: one digest stands for all.
        for hashed, side in ((self._read, read), (self._found, found)):
            hashed.update(msgspec.json.encode([what, side], order="sorted"))
        if found is None:
            self._differs(what, "", "was read", "is missing")
            return False
        different = [field for field in read if read[field] != found.get(field)]
        for field in different:
            self._differs(what, field, _short(read[field]), _short(found.get(field)))
        return not different

    def leave_out(self, kind: str, count: int = 1) -> None:
        """Count what is not moved on purpose."""
        self.report.left_out[kind] = self.report.left_out.get(kind, 0) + count

    def close(self) -> TransferReport:
        """Return the finished report."""
        report = self.report
        report.digest_read, report.digest_found = self._read.hexdigest(), self._found.hexdigest()
        report.same = not report.different and not report.problem_count
        return report

    def _differs(self, what: str, field: str, read: str, found: str) -> None:
        self.report.different += 1
        if len(self.report.differences) < SHOWN:
            self.report.differences.append(Mismatch(what=what, field=field, read=read, found=found))


def _short(value: object) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= 300 else text[:299] + "…"
