"""A caller of MLflow's protocol over plain HTTP."""

from contextlib import contextmanager
from functools import partial

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru.app.nouns import load_operations
from meguru.flavors.bundle_writer import save_bundle
from meguru.mlflow.protocol.routes import mlflow_routes
from meguru.mlflow.registry.routes import other_routes, root_routes
from meguru.server.access import Access
from meguru.testing.models import make_model


class Caller:
    """Calls of the protocol; an answer that is no 200 is shown as (status, error code, message)."""

    def __init__(self, http: TestClient, project: str = "", secret: str = "") -> None:
        self.http, self.within = http, f"/projects/{project}" if project else ""
        self.headers = {"Authorization": f"Bearer {secret}"} if secret else {}

    def seen_as(self, secret="", project=""):
        """Return who calls with a token, perhaps in a project."""
        return Caller(self.http, project, secret)

    def ask(self, method, path, **given):
        return self.http.request(method, f"{self.within}{path}", headers=self.headers, **given)

    def _read(self, response):
        body = response.json()
        return body if response.status_code == 200 else (response.status_code, *body.values())

    def post(self, path, **body):
        return self._read(self.ask("POST", f"/api/2.0/mlflow/{path}", json=body))

    def get(self, path, **query):
        return self._read(self.ask("GET", f"/api/2.0/mlflow/{path}", params=query))

    def experiment(self, name="Some Experiment"):
        return self.post("experiments/create", name=name)["experiment_id"]

    def run(self, experiment="0", **given):
        return self.post("runs/create", experiment_id=experiment, **given)["run"]["info"]["run_id"]

    def search(self, experiment, text="", order=(), **given):
        body = {"experiment_ids": [experiment], "filter": text, "order_by": list(order), **given}
        return [each["info"]["run_id"] for each in self.post("runs/search", **body)["runs"]]


@contextmanager
def calling(ws, *, auth=False):
    load_operations()
    app = Access(Starlette(routes=[*mlflow_routes(other_routes()), *root_routes()]), ws=ws, auth=auth)
    with TestClient(app, base_url="http://127.0.0.1") as http:
        yield Caller(http)


@pytest.fixture
def caller_of():
    """Give what opens a caller of a workspace."""
    return calling


@pytest.fixture(scope="session")
def opened():
    """Give what opens a caller of a workspace that asks for tokens."""
    return partial(calling, auth=True)


@pytest.fixture
def mlflow(workspace):
    """Call the protocol of a new workspace."""
    with calling(workspace) as caller:
        yield caller


@pytest.fixture(scope="session")
def saved(tmp_path_factory):
    """Save a model that can be verified."""
    folder = tmp_path_factory.mktemp("saved") / "model"
    save_bundle(make_model(), folder)
    return folder
