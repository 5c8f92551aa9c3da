"""Errors as MLflow's clients read them."""

from __future__ import annotations

import logging

import msgspec
from starlette.responses import Response

from meguru.errors import (
    Busy,
    Conflict,
    Forbidden,
    InvalidInput,
    MeguruError,
    NotFound,
    TimedOut,
    TooLarge,
    Unauthenticated,
)

log = logging.getLogger(__name__)
STATUS = {
    "INVALID_PARAMETER_VALUE": 400,
    "BAD_REQUEST": 400,
    "RESOURCE_ALREADY_EXISTS": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "RESOURCE_DOES_NOT_EXIST": 404,
    "ENDPOINT_NOT_FOUND": 404,
    "RESOURCE_CONFLICT": 409,
    "NOT_IMPLEMENTED": 501,
    "TEMPORARILY_UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
    "INTERNAL_ERROR": 500,
}
_CODES: tuple[tuple[type[MeguruError], str], ...] = (
    (NotFound, "RESOURCE_DOES_NOT_EXIST"),
    (Conflict, "RESOURCE_ALREADY_EXISTS"),
    (InvalidInput, "INVALID_PARAMETER_VALUE"),
    (TooLarge, "INVALID_PARAMETER_VALUE"),
    (Unauthenticated, "UNAUTHENTICATED"),
    (Forbidden, "PERMISSION_DENIED"),
    (Busy, "TEMPORARILY_UNAVAILABLE"),
    (TimedOut, "DEADLINE_EXCEEDED"),
)


class Refusal(Exception):
    """An answer with one of the protocol's own error codes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def invalid(message: str) -> Refusal:
    """Return the refusal of a wrong parameter."""
    return Refusal("INVALID_PARAMETER_VALUE", message)


def error_response(error: Exception) -> Response:
    """Write an error as the protocol does; one that we can't explain is logged and not told."""
    code, message = _read(error)
    body = msgspec.json.encode({"error_code": code, "message": message})
    headers = {"Retry-After": "1"} if code == "TEMPORARILY_UNAVAILABLE" else {}
    return Response(body, STATUS[code], headers, media_type="application/json")


def _read(error: Exception) -> tuple[str, str]:
    if isinstance(error, Refusal):
        return error.code, error.message
    if isinstance(error, MeguruError):
        message = ". ".join(part.rstrip(".") for part in (error.what, error.why, error.hint) if part)
        for kind, code in _CODES:
            if isinstance(error, kind):
                return code, message + "."
        if error.status < 500:
            return "BAD_REQUEST", message
    log.error("an MLflow request failed", exc_info=error)
    return "INTERNAL_ERROR", "something went wrong in the server; its log has the traceback"
