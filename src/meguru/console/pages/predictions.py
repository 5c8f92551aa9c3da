"""Predictions: those of one endpoint, newest first; one with its inputs, outputs and outcomes."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from meguru.base import refs
from meguru.console.page_request import PageFunction, Visit
from meguru.predictions.listing import list_predictions
from meguru.predictions.show import show
from meguru.predictions.types import Outcome, Prediction
from meguru.releases.show import show as show_release

WINDOW = 50
MAX_LENGTH = 300


class OutcomeRow(msgspec.Struct, kw_only=True):
    """One outcome that was recorded; the first is the one that counts."""

    value: str
    outcome: Outcome


def listing(visit: Visit) -> Response:
    """Show an endpoint's predictions."""
    endpoint, after = visit.asked("endpoint"), visit.asked("after")
    found = list_predictions(visit.ws, endpoint=endpoint, cursor=after, limit=WINDOW)
    return visit.render(
        "predictions.html",
        endpoint=refs.parse(endpoint, kind="endpoint").name,
        predictions=found.items,
        older=found.next_cursor,
        after=after,
        answer=answer,
        text=text,
        live="outcomes.",
    )


def one(visit: Visit) -> Response:
    """Show one prediction."""
    prediction = show(visit.ws, id=visit.request.path_params["id"])
    told = [prediction.outcome, *prediction.earlier] if prediction.outcome else []
    may_see = prediction.release and visit.ws.principal.allows(
        "release:read", refs.project_of(prediction.endpoint)
    )
    return visit.render(
        "prediction.html",
        found=prediction,
        outcomes=[OutcomeRow(value=text(each.value), outcome=each) for each in told],
        text=text,
        waivers=show_release(visit.ws, ref=prediction.release).waivers if may_see else [],
        live="outcomes.",
    )


def answer(found: Prediction) -> str:
    """Return what was answered in one word: the class or the score, else all outputs."""
    short = {"label", "labels", "score"} & found.outputs.keys()
    return text(found.outputs[min(short)] if short else found.outputs)


def text(value: Any) -> str:
    """Return a value as people read it."""
    plain = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return plain if len(plain) <= MAX_LENGTH else plain[:MAX_LENGTH] + "…"


PAGES: dict[str, PageFunction] = {"/ui/predictions": listing, "/ui/predictions/{id}": one}
