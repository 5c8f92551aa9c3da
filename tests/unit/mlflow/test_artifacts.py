"""The artifact proxy: what goes up comes down, once stored, and stays where it belongs."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from meguru.api import requests
from meguru.base import digests
from meguru.governance.principals import create_principal
from meguru.governance.tokens import create_token
from meguru.kernel import events
from meguru.mlflow.registry.routes import other_routes
from meguru.server.access import Access
from meguru.tracking.runs import finish, start
from meguru.tracking.show import artifacts as files_of

PROXY = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture
def client(workspace):

    app = Access(Starlette(routes=[Mount("/api/2.0", routes=other_routes())]), ws=workspace, auth=False)
    with TestClient(app, base_url="http://127.0.0.1") as opened:
        yield opened


@pytest.fixture
def run(workspace):
    return start(workspace, experiment="tests").id


def test_a_file_of_a_run_comes_down_as_it_went_up(client, workspace, run):
    assert client.put(f"{PROXY}/1/{run}/artifacts/a/b.txt", content=b"hello").json() == {}
    assert client.get(f"{PROXY}/1/{run}/artifacts/a/b.txt").content == b"hello"
    (kept,) = files_of(workspace, run=run)
    assert (kept.path, kept.size) == ("a/b.txt", 5)
    assert workspace.blobs.get_bytes(kept.digest) == b"hello"


def test_the_same_bytes_twice_are_stored_once_and_told_once(client, workspace, run):
    for _ in range(2):
        client.put(f"{PROXY}/1/{run}/artifacts/a", content=b"same")
    with workspace.read() as tx:
        told = events.read(tx, after=0, limit=100, types=("run.artifact_added",))
    assert len(told) == 1


def test_a_large_file_goes_through_the_disk(client, run):
    data = bytes(range(256)) * 8192
    assert client.put(f"{PROXY}/1/{run}/artifacts/big", content=data).status_code == 200
    assert client.get(f"{PROXY}/1/{run}/artifacts/big").content == data
    assert client.put(f"{PROXY}/1/{run}/artifacts/more", content=iter([data, data])).status_code == 200
    assert client.get(f"{PROXY}/1/{run}/artifacts/more").content == data + data


def test_a_finished_run_still_takes_files(client, workspace, run):
    finish(workspace, run=run)
    assert client.put(f"{PROXY}/1/{run}/artifacts/late", content=b"x").status_code == 200


def test_the_proxy_lists_relative_to_the_folder_and_the_run_from_its_root(client, run):
    for name in ("a/b.txt", "a/c/d.txt", "top"):
        client.put(f"{PROXY}/1/{run}/artifacts/{name}", content=b"x")
    assert client.get(PROXY, params={"path": f"1/{run}/artifacts/a"}).json() == {
        "files": [
            {"path": "b.txt", "is_dir": False, "file_size": 1},
            {"path": "c", "is_dir": True},
        ]
    }
    listed = client.get("/api/2.0/mlflow/artifacts/list", params={"run_id": run, "path": "a"}).json()
    assert [each["path"] for each in listed["files"]] == ["a/b.txt", "a/c"]
    assert listed["root_uri"].startswith("mlflow-artifacts:/")
    whole = client.get("/api/2.0/mlflow/artifacts/list", params={"run_id": run}).json()
    assert [each["path"] for each in whole["files"]] == ["a", "top"]


def test_a_file_or_an_absent_folder_lists_nothing(client, run):
    client.put(f"{PROXY}/1/{run}/artifacts/a", content=b"x")
    assert client.get(PROXY, params={"path": f"1/{run}/artifacts/a"}).json() == {}
    assert client.get(PROXY, params={"path": f"1/{run}/artifacts/none"}).json() == {}


def test_delete_takes_a_file_or_a_folder_away(client, run):
    for name in ("a/b", "a/c", "d"):
        client.put(f"{PROXY}/1/{run}/artifacts/{name}", content=b"x")
    assert client.delete(f"{PROXY}/1/{run}/artifacts/a").json() == {}
    assert client.get(f"{PROXY}/1/{run}/artifacts/a/b").status_code == 404
    assert client.get(f"{PROXY}/1/{run}/artifacts/d").status_code == 200
    assert client.delete(f"{PROXY}/1/{run}/artifacts/a").json() == {}


def test_files_of_no_run_are_kept_under_their_whole_path(client):
    client.put(f"{PROXY}/elsewhere/x.txt", content=b"x")
    assert client.get(f"{PROXY}/elsewhere/x.txt").content == b"x"
    assert client.get(PROXY, params={"path": "elsewhere"}).json()["files"][0]["path"] == "x.txt"


def test_what_is_absent_is_said_so(client):
    assert client.get(f"{PROXY}/1/none/artifacts/x").json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    answer = client.get("/api/2.0/mlflow/artifacts/list", params={"run_id": "none"})
    assert (answer.status_code, answer.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_a_file_over_the_limit_is_refused_and_leaves_nothing(client, workspace, run, monkeypatch):
    monkeypatch.setattr(workspace, "settings", msgspec.structs.replace(workspace.settings, max_blob=100))
    data = b"x" * (2 << 20)
    answer = client.put(f"{PROXY}/1/{run}/artifacts/big", content=data)
    assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    assert files_of(workspace, run=run) == []


def test_many_clients_put_small_files_at_once_and_one_that_may_not_hinders_none(client, workspace, run):
    ways = [f"{PROXY}/1/{run}/artifacts/{number}" for number in range(40)]
    ways[20] = f"{PROXY}/model-versions/m/1/x"  # never changes
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda way: client.put(way, content=way.encode()).status_code, ways))
    assert [answers.pop(20), set(answers)] == [403, {200}]
    del ways[20]
    for way in ways:
        assert client.get(way).content == way.encode()
    with workspace.read() as tx:
        assert events.verify(tx).intact
        assert len(events.read(tx, after=0, limit=100, types=("run.artifact_added",))) == 39


def test_an_upload_that_is_cut_off_leaves_no_draft(client, workspace, run, monkeypatch):
    monkeypatch.setattr(workspace, "settings", msgspec.structs.replace(workspace.settings, max_blob=3 << 20))
    pieces = iter([b"x" * (1 << 20)] * 4)  # of unknown length: it is refused half-way
    answer = client.put(f"{PROXY}/1/{run}/artifacts/big", content=pieces)
    assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    assert (files_of(workspace, run=run), list(workspace.blobs.drafts.glob("*"))) == ([], [])


def test_a_large_file_becomes_a_blob_by_its_name_alone(client, workspace, run):
    data = b"0123456789abcdef" * (1 << 20)
    assert client.put(f"{PROXY}/1/{run}/artifacts/big", content=data).status_code == 200
    (kept,) = files_of(workspace, run=run)
    assert (kept.size, kept.digest) == (len(data), digests.of_bytes(data))
    assert list(workspace.blobs.drafts.glob("*")) == []
    assert client.get(f"{PROXY}/1/{run}/artifacts/big").content == data


def test_a_large_file_that_was_changed_after_it_came_is_not_sent(client, workspace, run):
    data = b"0123456789abcdef" * (1 << 20)
    client.put(f"{PROXY}/1/{run}/artifacts/big", content=data)
    (kept,) = files_of(workspace, run=run)
    place = workspace.blobs.path(kept.digest)
    place.chmod(0o644)
    before = place.stat().st_mtime_ns
    while place.stat().st_mtime_ns == before:  # the file system's clock is coarse
        with place.open("r+b") as file:
            file.write(b"a lie")
    answer = client.get(f"{PROXY}/1/{run}/artifacts/big")
    assert (answer.status_code, answer.json()["error_code"]) == (500, "INTERNAL_ERROR")


def test_a_large_file_is_sent_in_part_and_told_without_its_bytes(client, run):
    data = bytes(range(256)) * 8192
    client.put(f"{PROXY}/1/{run}/artifacts/big", content=data)
    way = f"{PROXY}/1/{run}/artifacts/big"
    part = client.get(way, headers={"Range": "bytes=1500000-1500009"})
    assert (part.status_code, part.content) == (206, data[1_500_000:1_500_010])
    told = client.head(way)
    assert (told.headers["content-length"], told.content) == (str(len(data)), b"")


def test_who_may_only_read_sends_and_removes_nothing(workspace, client, run):
    client.put(f"{PROXY}/1/{run}/artifacts/a", content=b"x")
    create_principal(workspace, name="sato", role="viewer")
    secret = create_token(workspace, principal="sato").secret
    app = Access(Starlette(routes=[Mount("/api/2.0", routes=other_routes())]), ws=workspace, auth=True)
    headers = {"Authorization": f"Bearer {secret}"}
    with TestClient(app, base_url="http://127.0.0.1", headers=headers) as viewer:
        assert viewer.get(f"{PROXY}/1/{run}/artifacts/a").content == b"x"
        for answer in (
            viewer.put(f"{PROXY}/1/{run}/artifacts/a", content=b"y"),
            viewer.delete(f"{PROXY}/1/{run}/artifacts/a"),
            viewer.post("/api/2.0/mlflow/registered-models/create", json={"name": "m"}),
            viewer.post("/api/2.0/mlflow/logged-models", json={"experiment_id": "1"}),
        ):
            assert (answer.status_code, answer.json()["error_code"]) == (403, "PERMISSION_DENIED")
    assert client.get(f"{PROXY}/1/{run}/artifacts/a").content == b"x"


@pytest.mark.parametrize("size", [100, 5 << 20])
def test_a_client_that_hangs_in_the_middle_is_told_so_and_leaves_nothing(workspace, run, monkeypatch, size):
    monkeypatch.setattr(requests, "IDLE_SECONDS", 0.01)
    sent, coming = [], [{"type": "http.request", "body": b"x" * (size // 2), "more_body": True}]

    async def receive():
        if not coming:
            await asyncio.Event().wait()
        return coming.pop()

    async def send(message):
        sent.append(message)

    app = Starlette(routes=[Mount("/api/2.0", routes=other_routes())])
    scope = {
        "type": "http",
        "method": "PUT",
        "path": f"{PROXY}/1/{run}/artifacts/hung",
        "headers": [(b"content-length", str(size).encode())],
        "query_string": b"",
        "state": {"workspace": workspace},
    }
    asyncio.run(app(scope, receive, send))
    assert (sent[0]["status"], b"DEADLINE_EXCEEDED" in sent[1]["body"]) == (504, True)
    assert (files_of(workspace, run=run), list(workspace.blobs.drafts.glob("*"))) == ([], [])
