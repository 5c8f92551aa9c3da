from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru.app.nouns import load_operations
from meguru.console.routes import routes
from meguru.kernel.workspace import Workspace


@pytest.fixture
def browser(workspace: Workspace) -> Iterator[TestClient]:
    """A client of the console's pages alone, in English."""
    load_operations()
    app = Starlette(routes=routes(lambda _: workspace))
    with TestClient(app, headers={"Accept-Language": "en"}) as client:
        yield client
