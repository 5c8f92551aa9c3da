"""The error tree, drawn once: every error knows its code, HTTP status and exit code.

A message has four parts that a person can act on: *what* happened, *where* (a file and line, a field,
a reference), *why*, and a *hint* (what to try). Routes, the CLI and the SDK all show the same four.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import Any, ClassVar, Self

MAX_SHORT, MAX_LONG = 600, 4000
MAX_NAME = 200
MAX_KNOWN = 2000
_SECRETS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    # The words without which there is nothing to find come first: looking for them is quick in a long text.
    # A port is no password: http://127.0.0.1:7474/models/delay@3
    (("://",), r"(://[^:/?#@\s]{0,200}):(?!\d{1,5}(?:[/?#\s]|$))\S{0,500}@", r"\1:***@"),
    (("password=",), r"([?&](?:ssl)?password=)[^&\s]*", r"\1***"),
    (("mgr_",), r"\bmgr_[\w-]{8,}", "mgr_***"),
    (
        (
            "ghp_",
            "gho_",
            "ghu_",
            "ghs_",
            "ghr_",
            "github_pat_",
            "glpat-",
            "hf_",
            "sk-",
            "xox",
            "AKIA",
            "ASIA",
        ),
        r"\b(gh[pousr]_|github_pat_|glpat-|hf_|sk-|xox[abprs]-|AKIA|ASIA)[\w-]{16,}",
        r"\1***",
    ),
    (("eyJ",), r"\beyJ[\w-]{10,2000}\.[\w-]{10,4000}\.[\w-]{0,2000}", "eyJ***"),
    (
        ("uthorization",),
        r"\b([Aa]uthorization[\"']?[ \t]*[=:][ \t]*[\"']?(?:\w{1,20}[ \t]+)?)[^\s\"',;]+",
        r"\1***",
    ),
    (("earer",), r"\b([Bb]earer[ \t]+)[\w.~+/=-]{8,}", r"\1***"),
)


def masked(text: str) -> str:
    """Return `text` without the passwords of URLs, tokens of known make and ``Authorization`` headers."""
    for words, pattern, shown in _SECRETS:
        if any(word in text for word in words):
            text = re.sub(pattern, shown, text)  # compiled at need: every command imports this module
    return text


class MeguruError(Exception):
    """Something Meguru can explain; passwords and tokens in its words are masked, and long words are cut.

    Parameters
    ----------
    what
        One sentence that says what happened.
    where
        The place: ``file:line``, a reference or a field path.
    why
        The reason, when it is known.
    hint
        A command or an edit to try next.
    field
        Path of the input field at fault (``rows[3].dep_hour``); empty when no field is.
    """

    code: ClassVar[str] = "MG-000"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str = "", why: str = "", hint: str = "", field: str = "") -> None:
        self.what, self.where, self.field = (cleaned(text, MAX_SHORT) for text in (what, where, field))
        self.why, self.hint = (cleaned(text, MAX_LONG) for text in (why, hint))
        super().__init__(self.what)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.as_dict())

    def as_dict(self) -> dict[str, str]:
        """Return the one JSON shape in which every door shows an error."""
        shown = {"code": self.code, "what": self.what, "where": self.where, "why": self.why}
        shown |= {"try": self.hint, "field": self.field}
        return {key: value for key, value in shown.items() if value}


def cleaned(text: str, most: int = MAX_LONG) -> str:
    """Return a text as it can be shown and stored: without secrets, NUL and surrogates, and not too long."""
    # Cut before it is masked, as patterns take long on megabytes; at twice the length, so that the secret
    # that the cut goes through is beyond what is shown.
    text = masked(text[: 2 * most].replace("\0", "").encode(errors="backslashreplace").decode())
    return text if len(text) <= most else text[: most - 1] + "…"


def _rebuild(kind: type[MeguruError], fields: dict[str, str]) -> MeguruError:
    return kind(
        fields.get("what", ""),
        where=fields.get("where", ""),
        why=fields.get("why", ""),
        hint=fields.get("try", ""),
        field=fields.get("field", ""),
    )


def near_misses(name: str, known: Iterable[str]) -> list[str]:
    """Return up to three known names that look like `name`, best first: a slip of the hand, or a part of one.

    Names that only share some letters are none: who types ``serve`` does not mean ``sweep``. Of very
    many, some are looked at.
    """
    import difflib

    if not name or len(name) > MAX_NAME:
        return []
    names = list(islice(known, MAX_KNOWN))
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.66)
    letters = sorted(name)
    swapped = [each for each in names if len(each) == len(name) and sorted(each) == letters]
    longer = [each for each in names if len(name) > 2 and name in re.split(r"\W|_", each)]
    return list(dict.fromkeys([*swapped, *close, *longer]))[:3]


class InvalidInput(MeguruError):
    """The request can't be understood or breaks a rule of its schema."""

    code, status, exit_code = "MG-100", 422, 1


class UsageError(InvalidInput):
    """The command line or the settings were written wrongly."""

    code, exit_code = "MG-101", 2


class NotFound(MeguruError):
    """A name or an id that nothing has."""

    code, status, exit_code = "MG-110", 404, 3

    @classmethod
    def of(cls, kind: str, name: str, known: Iterable[str] = (), *, hint: str = "") -> Self:
        """Say that no `kind` is called `name`, and offer the known names that look like it.

        Of names with a project (``team/delay``), those of the same one: who asks may not see the others.
        """
        project = _project(name)
        names = [each for each in known if _project(each) == project]
        name = name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…"
        close = near_misses(name, names)
        why = ""
        if close:
            hint = hint or "did you mean " + " or ".join(repr(near) for near in close) + "?"
        elif names:
            shown = ", ".join(sorted(names)[:8])
            why = f"known: {shown}" + (", …" if len(names) > 8 else "")
        return cls(f"there is no {kind} {name!r}", where=name, why=why, hint=hint)


def _project(name: str) -> str:
    return name.rpartition("/")[0]


class Conflict(MeguruError):
    """The state changed meanwhile, or the same key was used for another request."""

    code, status, exit_code = "MG-120", 409, 6


class TooLarge(MeguruError):
    """The input is larger than the limit that protects the server."""

    code, status = "MG-130", 413


class Unauthenticated(MeguruError):
    """No valid token came with the request."""

    code, status, exit_code = "MG-200", 401, 4


class Forbidden(MeguruError):
    """The principal is known, but lacks the permission."""

    code, status, exit_code = "MG-201", 403, 4
    lacks: str = ""
    """The permission that is missing, if it is one."""


class GateFailed(MeguruError):
    """A release did not pass its gates."""

    code, status, exit_code = "MG-300", 409, 5


class ApprovalMissing(MeguruError):
    """People have not agreed yet, or what they agreed to has changed."""

    code, status, exit_code = "MG-301", 409, 7


class StepFailed(MeguruError):
    """A pipeline step ended without its output."""

    code, status = "MG-310", 500


class LostLease(MeguruError):
    """Another worker has taken this job over; what this one still writes is refused."""

    code, status = "MG-311", 409


class IntegrityError(MeguruError):
    """Stored data is not what was written."""

    code, status = "MG-400", 500


class DigestMismatch(IntegrityError):
    """A blob's bytes no longer have the digest it is named by."""

    code = "MG-401"


class TamperedLog(IntegrityError):
    """The event log's hash chain is broken."""

    code = "MG-402"


class TamperedEvidence(IntegrityError):
    """A pack of evidence is not the one that was signed, or its statements contradict each other."""

    code, status = "MG-403", 422


class UnsafeModel(MeguruError):
    """A model file could run code when loaded, so it isn't loaded."""

    code, status = "MG-410", 422


class MissingDependency(MeguruError):
    """An optional library is needed and not installed."""

    code, status = "MG-500", 500

    @classmethod
    def of(cls, extra: str, package: str) -> Self:
        """Name the extra of Meguru that brings `package`."""
        return cls(
            f"this needs the package {package!r}, which is not installed",
            hint=f"pip install 'meguru[{extra}]'",
        )


class Busy(MeguruError):
    """The server can't take this now; the same request may work a little later."""

    code, status = "MG-510", 503


class Unreachable(Busy):
    """Another system did not answer, or broke off in the middle; the same request may work a little later."""

    code, status = "MG-512", 502


class TimedOut(MeguruError):
    """The time allowed for this ran out."""

    code, status, exit_code = "MG-511", 504, 8


class Interrupted(MeguruError):
    """A person or a signal stopped it; the state is resumable."""

    code, status, exit_code = "MG-520", 499, 130


class InternalError(MeguruError):
    """A bug in Meguru: please report it."""

    code, status = "MG-900", 500


_ABOUT_THE_INPUT = (InvalidInput, NotFound, TooLarge, GateFailed, StepFailed, UnsafeModel)


def is_our_fault(error: BaseException) -> bool:
    """Say whether a failure is this installation's own, so that it proves nothing of what was looked at.

    Memory, disk, network, a library that is not there, a store that is busy or damaged, a caller without the
    permission: whoever judges a model, a release or a file lets these pass, and judges again later.
    """
    if isinstance(error, MeguruError):
        return not isinstance(error, _ABOUT_THE_INPUT)
    if isinstance(error, MemoryError | ImportError | TimeoutError | ConnectionError):
        return True
    # Decompressors raise an OSError without a number for bytes that make no sense.
    return isinstance(error, OSError) and error.errno is not None


def all_errors() -> dict[str, type[MeguruError]]:
    """Return every error class by its code."""
    found: dict[str, type[MeguruError]] = {}
    todo: list[type[MeguruError]] = [MeguruError]
    while todo:
        kind = todo.pop()
        found.setdefault(kind.code, kind)
        todo.extend(kind.__subclasses__())
    return dict(sorted(found.items()))


def from_dict(fields: dict[str, str]) -> MeguruError:
    """Rebuild the error that another process described with `as_dict`."""
    return _rebuild(all_errors().get(fields.get("code", ""), MeguruError), fields)
