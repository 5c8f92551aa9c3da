"""Uploads in parts to two servers that share a PostgreSQL database and an S3 bucket."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import obstore
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from meguru.app.open import open_local
from meguru.artifacts.uploads.expiry import sweep
from meguru.artifacts.uploads.types import LIFETIME
from meguru.base import digests
from meguru.base.clock import FixedClock, SystemClock
from meguru.base.settings import Settings
from meguru.kernel import events
from meguru.mlflow.registry.routes import other_routes
from meguru.server.access import Access
from meguru.tracking.runs import start
from meguru.tracking.show import artifacts

pytestmark = pytest.mark.integration
PARTS = [bytes([number]) * (5 << 20) for number in range(1, 5)]
MPU = "/api/2.0/mlflow-artifacts/mpu"


@pytest.fixture
def servers(postgres_url, s3_url, monkeypatch, tmp_path):
    """Give two workspaces, each with a client of its server and a cache of its own."""
    opened = []
    for name in ("one", "two"):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / name))
        ws = open_local(postgres_url, settings=Settings(blobs=s3_url))
        app = Access(Starlette(routes=[Mount("/api/2.0", routes=other_routes())]), ws=ws, auth=False)
        opened.append((ws, TestClient(app, base_url="http://127.0.0.1")))
    yield opened
    for ws, client in opened:
        client.close()
        ws.close()


def declare(client, folder):
    body = {"path": "model.bin", "num_parts": len(PARTS)}
    return client.post(f"{MPU}/create/{folder}", json=body).json()["upload_id"]


def send(client, upload, number):
    answer = client.put(f"{MPU}/parts/{upload}/{number}", content=PARTS[number - 1])
    assert answer.status_code == 200, answer.text
    return answer.headers["ETag"]


def complete(client, folder, upload, tags):
    parts = [{"part_number": number, "etag": tag} for number, tag in enumerate(tags, 1)]
    body = {"path": "model.bin", "upload_id": upload, "parts": parts}
    return client.post(f"{MPU}/complete/{folder}", json=body)


def left(ws):
    return [each["path"] for page in obstore.list(ws.blobs.store, "parts") for each in page]


def test_parts_sent_to_either_server_are_put_together_by_either(servers):
    (one, first), (two, second) = servers
    run = start(one, experiment="tests").id
    folder = f"1/{run}/artifacts"
    upload = declare(first, folder)
    with ThreadPoolExecutor(4) as pool:
        to = [first, second, first, second]
        tags = list(pool.map(lambda at: send(to[at], upload, at + 1), range(len(PARTS))))
    assert len(left(two)) == len(PARTS)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda client: complete(client, folder, upload, tags), (first, second)))
    assert [answer.status_code for answer in answers] == [200, 200]
    (kept,) = artifacts(two, run=run)
    assert (kept.digest, kept.size) == (digests.of_bytes(b"".join(PARTS)), 20 << 20)
    assert one.blobs.get_bytes(kept.digest) == b"".join(PARTS)
    with one.read() as tx:
        assert len(events.read(tx, after=0, limit=100, types=("run.artifact_added",))) == 1
    assert left(one) == []


def test_aborted_or_late_an_upload_leaves_no_object(servers):
    (one, first), (two, second) = servers
    aborted, late = declare(first, "a"), declare(first, "b")
    for upload in (aborted, late):
        send(second, upload, 1)
    body = {"path": "model.bin", "upload_id": aborted}
    assert second.post(f"{MPU}/abort/a", json=body).status_code == 200
    assert len(left(one)) == 1
    two.clock = FixedClock(SystemClock().now() + 2 * LIFETIME)
    assert sweep(two) == 1
    assert left(one) == []
    assert complete(first, "b", late, ["x"] * len(PARTS)).status_code == 404
