"""Rows that fit the signature, and that the model refuses all the same: which one, and which value.

A category that was never seen is the caller's input, a model that fails whatever it is asked is not. They
are told apart by a row that the model has scored before. Nothing of this is paid for until a model fails.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from msgspec.structs import astuple

from meguru.errors import InternalError, InvalidInput, MeguruError
from meguru.flavors.field_errors import FieldPath, describe_value
from meguru.predictions.outputs import ModelAnswer, joined
from meguru.serving.body import RequestRows
from meguru.serving.contracts.view import ContractView
from meguru.serving.loaded_model import LoadedModel, ModelFailed

log = logging.getLogger(__name__)
_MAX_MESSAGE = 500


class _RowFailed(Exception):
    def __init__(self, index: int, failure: ModelFailed) -> None:
        super().__init__(index)
        self.index, self.failure = index, failure


def answer(served: LoadedModel, request: RequestRows, view: ContractView | None = None) -> ModelAnswer:
    """Return the answer to rows that the model did not answer together; `view` knows what clients call them.

    Raises
    ------
    InvalidInput
        Naming the first row that it refuses alone, and the value without which it would not.
    InternalError
        If it no longer scores what it has scored before, or never scored anything.
    """
    try:
        return _by_halves(served, request.rows, 0)
    except _RowFailed as found:
        raise _explained(served, request, found, view) from found.failure.__cause__


def _by_halves(served: LoadedModel, rows: Sequence[Any], start: int) -> ModelAnswer:
    """Ask rows in ever smaller parts; the first row at fault costs two calls for each halving."""
    try:
        return served.answer(rows)
    except ModelFailed as failure:
        if len(rows) == 1:
            raise _RowFailed(start, failure) from failure
    middle = len(rows) // 2
    halves = (rows[:middle], start), (rows[middle:], start + middle)
    return joined([_by_halves(served, half, first) for half, first in halves])


def _explained(
    served: LoadedModel, request: RequestRows, found: _RowFailed, view: ContractView | None
) -> MeguruError:
    error = found.failure.__cause__
    words = f"{type(error).__name__}: {_text(error)}"
    if served.accepted is None or not _scores(served, served.accepted):
        log.error("the model %s of endpoint %s failed", served.model_ref, served.endpoint, exc_info=error)
        hint = "the server's log has the traceback; release another version of the model"
        return InternalError(f"{served.model_ref} fails", why=words, hint=hint)
    row = request.rows[found.index]
    name, value = _value_at_fault(served, row)
    sent = name if view is None else view.name_of(name)
    is_what = "it" if sent == name else f"{name!r}, which the model makes of it,"
    return _refusal(request.where, found.index, sent, f"{is_what} is {describe_value(value)}: {words}")


def _value_at_fault(served: LoadedModel, row: Any) -> tuple[str, Any]:
    """Find the first column that a good row can't take over from a bad one, by halving the columns."""
    bad, good = astuple(row), astuple(served.accepted)
    # Binary search over prefixes: the good row with the first `middle` values of the bad one. With all of
    # them it fails, with none it scores.
    scored, failed = 0, len(bad)
    while failed - scored > 1:
        middle = (scored + failed) // 2
        if _scores(served, type(row)(*bad[:middle], *good[middle:])):
            scored = middle
        else:
            failed = middle
    return served.signature.names[scored], bad[scored]


def _scores(served: LoadedModel, row: Any) -> bool:
    try:
        served.answer([row])
    except ModelFailed:
        return False
    return True


def _refusal(where: FieldPath, index: int, name: str, why: str) -> InvalidInput:
    path = where.cell(index, name) if name else where.row(index)
    hint = "send a value of the kind that the model was trained on"
    return InvalidInput(f"the model refuses {path}", field=path, why=why, hint=hint)


def _text(error: BaseException | None) -> str:
    try:
        return " ".join(str(error).split())[:_MAX_MESSAGE]
    except Exception:  # noqa: BLE001 - the text of an exception is code of somebody else
        return "without a message"
