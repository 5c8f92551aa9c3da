"""MLflow's registry, files, logged models and webhooks mean the same on both databases."""

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.mlflow.protocol.routes import mlflow_routes
from meguru.mlflow.registry.routes import other_routes
from meguru.mlflow.registry.topics import TOPICS
from meguru.server.access import Access
from meguru.storage.blobs.pending import flush
from meguru.webhooks import manage
from meguru.webhooks.follow import WebhookFollower

API = "/api/2.0/mlflow"


class RegistryContract:
    """What holds whichever database keeps the registry."""

    @pytest.fixture
    def client(self, workspace):
        load_operations()
        app = Access(Starlette(routes=mlflow_routes(other_routes())), ws=workspace, auth=False)
        with TestClient(app, base_url="http://127.0.0.1") as opened:
            yield opened

    @pytest.fixture
    def post(self, client):
        def send(path, **body):
            answer = client.post(f"{API}/{path}", json=body)
            assert answer.status_code == 200, answer.text
            return answer.json()

        return send

    @pytest.fixture
    def run(self, post):
        return post("runs/create", experiment_id="0")["run"]["info"]

    def test_a_file_put_twice_is_the_second_one_and_outlives_its_settling(self, client, workspace, run):
        path = f"/api/2.0/mlflow-artifacts/artifacts/0/{run['run_id']}/artifacts/f"
        for data in (b"first", b"second"):
            assert client.put(path, content=data).status_code == 200
        assert client.get(path).content == b"second"
        assert flush(workspace.db, workspace.blobs) == 2
        assert client.get(path).content == b"second"

    @pytest.mark.parametrize(
        ("filter", "expected"),
        [
            ("", ["CreateA", "CreateB", "Other"]),
            ("name LIKE 'Create_'", ["CreateA", "CreateB"]),
            ("name LIKE 'create%'", []),
            ("name ILIKE 'create%'", ["CreateA", "CreateB"]),
            ("name IN ('Other', 'CreateB') AND name != 'Other'", ["CreateB"]),
            ("tags.k = 'Other'", ["Other"]),
            (
                "tag.`mlflow.prompt.is_prompt` != 'true' AND creation_timestamp > 0",
                ["CreateA", "CreateB", "Other"],
            ),
        ],
    )
    def test_models_are_found_by_name_and_tag_a_page_at_a_time(self, client, post, filter, expected):
        for name in ("Other", "CreateB", "CreateA"):
            post("registered-models/create", name=name, tags=[{"key": "k", "value": name}])
        post("model-versions/create", name="CreateA", source="s3://b/m")
        post("registered-models/alias", name="CreateA", alias="best", version="1")
        found, token = [], ""
        while token is not None:
            asked = {"filter": filter, "max_results": 1, "page_token": token}
            page = client.get(f"{API}/registered-models/search", params=asked).json()
            found += page["registered_models"]
            token = page.get("next_page_token")
        assert [each["name"] for each in found] == expected
        for each in found:
            if each["name"] == "CreateA":
                assert each["latest_versions"][0]["aliases"] == ["best"]

    def test_names_may_be_as_long_as_mlflows(self, client, post):
        name, alias = "n" * 256, "a" * 255
        post("registered-models/create", name=name)
        post("model-versions/create", name=name, source="s3://b/m")
        post("registered-models/alias", name=name, alias=alias, version="1")
        asked = {"name": name, "alias": alias}
        found = client.get(f"{API}/registered-models/alias", params=asked).json()["model_version"]
        assert (found["version"], found["aliases"]) == ("1", [alias])

    def test_logged_models_are_found_by_what_was_measured_on_a_dataset(self, post, run):
        model = post("logged-models", experiment_id="0", name="net")["model"]["info"]["model_id"]
        point = {"key": "acc", "value": 0.5, "timestamp": 1, "dataset_name": "d", "dataset_digest": "g"}
        post("runs/log-metric", run_id=run["run_id"], model_id=model, **point)
        body = {"experiment_ids": ["0"], "filter": "metrics.acc > 0.1"}
        assert post("logged-models/search", **body, datasets=[{"dataset_name": "d"}])["models"]
        assert not post("logged-models/search", **body, datasets=[{"dataset_name": "e"}])["models"]

    def test_a_call_of_a_webhook_is_promised_once(self, workspace, post):
        manage.create(workspace, name="w", url="https://93.184.216.34/", topics=list(TOPICS))
        post("registered-models/create", name="m")
        post("model-versions/create", name="m", source="s3://b/m", tags=[{"key": "k", "value": "v"}])
        assert [WebhookFollower(workspace).step(), WebhookFollower(workspace).step()] == [2, 0]


class TestEmbedded(RegistryContract):
    """SQLite."""


@pytest.mark.integration
class TestShared(RegistryContract):
    """PostgreSQL."""

    @pytest.fixture
    def workspace(self, postgres_url, tmp_path):
        with open_local(postgres_url, settings=Settings(blobs=str(tmp_path))) as ws:
            yield ws
