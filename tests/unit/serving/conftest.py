from __future__ import annotations

import asyncio
import json
import threading

import httpx2 as httpx
import numpy as np
import polars as pl
import pytest

from meguru.flavors.model import Model, save_bundle
from meguru.registry.client import add_model
from meguru.serving.asgi import endpoints_app
from meguru.serving.loading import from_registry
from meguru.serving.operations import create, switch
from meguru.serving.service import PredictionService


def fitted(sign: float, columns=("hour", "distance")):
    """A tiny model of columns: the larger the first, the higher (or, with sign -1, the lower) the score."""
    from sklearn.linear_model import LogisticRegression

    generator = np.random.default_rng(7)
    X = generator.normal(size=(200, len(columns)))
    y = (sign * X[:, 0] > 0).astype(int)
    frame = pl.DataFrame({name: X[:, i] for i, name in enumerate(columns)})
    if "hour" in columns:
        frame = frame.with_columns((pl.col("hour") * 10).round().cast(pl.Int64))
    return LogisticRegression().fit(frame.to_numpy(), y), frame


class Shelf:
    """Loads from the registry, and can be made to be slow or to refuse."""

    def __init__(self):
        self.refused: dict[str, Exception] = {}
        self.gate: threading.Event | None = None
        self.loads: list[str] = []
        self.asked = threading.Event()

    def load(self, ws, ref):
        self.loads.append(ref)
        self.asked.set()
        if self.gate:
            self.gate.wait(60)
        if ref in self.refused:
            raise self.refused[ref]
        return from_registry(ws, ref)


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """Saved models: the second scores the other way round, the third takes another column."""
    trained = [fitted(1), fitted(-1), fitted(1, columns=("other",))]
    made = []
    for estimator, example in trained:
        made.append(tmp_path_factory.mktemp("models") / "model")
        save_bundle(Model(estimator=estimator, example=example), made[-1])
    return made


@pytest.fixture
def register(workspace, folders):
    """See to it that the model `delay` has so many versions."""
    known = []

    def register(count):
        while len(known) < count:
            known.append(add_model(workspace, "delay", folders[len(known)]).ref)

    return register


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture
def service(workspace, shelf):
    made = PredictionService(workspace, load=shelf.load)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def live(workspace, service, register):
    """Put a version live at the endpoint `delay` and wait until it answers."""
    create(workspace, name="delay", model="delay")

    def live(version):
        register(version)
        switch(
            workspace,
            name="delay",
            model_ref=f"model/delay@{version}",
            release_ref=f"release/delay@{version}",
        )
        assert service.wait_until_current("delay", timeout=60)

    return live


class Http:
    """Requests to the application, in process."""

    def __init__(self, service, **given):
        self._app = endpoints_app(service, **given)
        self.state = {}

    async def _within_state(self, scope, receive, send):
        await self._app(scope | {"state": self.state}, receive, send)

    def request(self, method, path, **given):
        async def send():
            transport = httpx.ASGITransport(app=self._within_state, root_path="/endpoints")
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, **given)

        return asyncio.run(send())

    def predict(self, body, name="delay", **headers):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.request("POST", f"/endpoints/{name}/predict", content=content, headers=headers)


@pytest.fixture(scope="session")
def http_client():
    """The class of clients, for services that a test module starts itself."""
    return Http


@pytest.fixture
def http_as(service):
    """Make a client whose requests are those of whoever a function says."""
    return lambda **given: Http(service, **given)


@pytest.fixture
def http(workspace, http_as):
    return http_as(authenticate=lambda scope: workspace.principal)
