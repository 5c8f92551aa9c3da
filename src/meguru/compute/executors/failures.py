"""What is told of an error that ended a step: bounded, without secrets, and in text that any store takes."""

from __future__ import annotations

import os
import traceback
from types import TracebackType

from meguru.compute.executors import files
from meguru.compute.executors.work import Failure
from meguru.compute.logs.mask import Masker, secrets_of
from meguru.errors import MeguruError

MAX_MESSAGE = 2000
_MAX_TYPE, _MAX_TRACE = 200, 20_000


def failure_of(error: BaseException, *, folder: str, max_file: int, own: str) -> Failure:
    """Return the failure that an error is.

    Parameters
    ----------
    error
        What the step raised, or what was raised for it.
    folder
        Where the project's modules are; paths in the traceback are told from there.
    max_file
        Bytes of the largest file that the step may write.
    own
        The file of ours whose frames come first; they tell the author nothing.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == own:
        trace = trace.tb_next
    hidden = Masker(secrets_of(os.environ)).text
    # Cut to twice the length, masked, then cut: a secret across the cut would be told in part.
    message = _clean(_message(error, max_file)[: 2 * MAX_MESSAGE])
    traced = _clean(_traced(error, trace).replace(folder.rstrip("/") + "/", "")[-2 * _MAX_TRACE :])
    told = error.as_dict() if isinstance(error, MeguruError) else {}
    return Failure(
        type=_clean(type(error).__name__[:_MAX_TYPE]),
        message=hidden(message)[:MAX_MESSAGE],
        traceback=hidden(traced)[-_MAX_TRACE:],
        explained=isinstance(error, MeguruError),
        error={key: hidden(text) for key, text in told.items()},
    )


def _message(error: BaseException, max_file: int) -> str:
    try:
        return files.explained(error, max_file) or str(error)
    except BaseException:  # noqa: BLE001 - an exception whose own text fails is still reported
        return "(its message can't be read)"


def _traced(error: BaseException, trace: TracebackType | None) -> str:
    try:
        return "".join(traceback.format_exception(type(error), error, trace))
    except BaseException:  # noqa: BLE001 - the same
        return "".join(traceback.format_tb(trace))


def _clean(text: str) -> str:
    """Return a text that can be written anywhere: PostgreSQL keeps no NUL, and JSON no lone surrogate."""
    return text.encode(errors="backslashreplace").decode().replace("\x00", "\\x00")
