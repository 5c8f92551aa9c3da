from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.console.links import url_of
from meguru.console.routes import routes
from meguru.kernel.workspace import Workspace
from meguru.monitoring.show import list_reports
from meguru.pipelines.show import list_runs
from meguru.pipelines.types import PipelineRunState


@pytest.fixture
def browser(workspace: Workspace) -> Iterator[TestClient]:
    """A client of the console's pages alone, in English."""
    load_operations()
    app = Starlette(routes=routes(lambda _: workspace))
    with TestClient(app, headers={"Accept-Language": "en"}) as client:
        yield client


@pytest.fixture(scope="session")
def filled(seeded_place: Callable[[], Path]) -> Iterator[Workspace]:
    """A workspace with one of everything; who changes it takes a copy."""
    load_operations()
    with open_local(seeded_place()) as ws:
        yield ws


@pytest.fixture
def pages_in_japanese(filled: Workspace) -> list[str]:
    """The pages of a pipeline run, of an endpoint and of a report."""
    run = list_runs(filled, state=PipelineRunState.SUCCEEDED).items[-1]
    report = list_reports(filled, endpoints=["delay"])["delay"][0]
    with TestClient(Starlette(routes=routes(lambda _: filled))) as client:
        paths = [url_of(ref) for ref in (run.ref, "endpoint/delay", report.ref)]
        return [client.get(path, headers={"Accept-Language": "ja"}).text for path in paths]
