"""Where the addresses lead that MLflow's clients print for people, such as ``#/experiments/1/runs/…``."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from meguru.base import refs
from meguru.console.page_request import PageFunction, Visit
from meguru.errors import NotFound
from meguru.mlflow.tracking.experiment_operations import named
from meguru.tracking.run_ids import from_hex

_RUN = re.compile(r"experiments/\d+/runs/([\w-]{1,256})")
_EXPERIMENT = re.compile(r"experiments/(\d{1,19})")
_MODEL = re.compile(r"models/(.+?)(?:/versions/(\d{1,9}))?")


def follow(visit: Visit) -> Response:
    """Go to our page of what an address of MLflow's web pages names."""
    rest = visit.named("rest")
    if run := _RUN.match(rest):
        return RedirectResponse(visit.url_of(refs.make("run", from_hex(run[1]))))
    if experiment := _EXPERIMENT.match(rest):
        name = named(visit.ws, number=experiment[1])
        return RedirectResponse(f"{visit.base}/ui/runs?{urlencode({'experiment': name})}")
    if model := _MODEL.fullmatch(rest):
        return RedirectResponse(visit.url_of(refs.make("model", model[1], model[2])))
    raise NotFound(f"there is no page for {rest[:100]!r} of MLflow's", hint="start at /")


PAGES: dict[str, PageFunction] = {
    "/ui/mlflow/{rest:path}": follow,
}
