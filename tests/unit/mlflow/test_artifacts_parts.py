"""Uploads in parts: whole, in any order, also again; refused or ended, they leave nothing."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from meguru.artifacts.uploads.expiry import sweep
from meguru.artifacts.uploads.types import LIFETIME
from meguru.base import digests
from meguru.governance.principals import create_principal
from meguru.governance.tokens import create_token, revoke_token
from meguru.kernel import events
from meguru.mlflow.artifacts import parts as artifacts_parts
from meguru.mlflow.registry.routes import other_routes
from meguru.server.access import Access
from meguru.storage.blobs.parts import parts_of
from meguru.tracking.runs import start
from meguru.tracking.show import artifacts as files_of

MPU = "/api/2.0/mlflow-artifacts/mpu"
PROXY = "/api/2.0/mlflow-artifacts/artifacts"
PARTS = [b"a" * 70_000, b"b" * 70_000, b"the end"]


def opened(ws, *, auth=False, headers=None):
    app = Access(Starlette(routes=[Mount("/api/2.0", routes=other_routes())]), ws=ws, auth=auth)
    return TestClient(app, base_url="http://127.0.0.1", headers=headers)


@pytest.fixture
def workspace(workspace, clock):
    workspace.clock = clock
    return workspace


@pytest.fixture
def client(workspace):
    with opened(workspace) as http:
        yield http


@pytest.fixture
def run(workspace):
    return start(workspace, experiment="tests").id


@pytest.fixture
def upload(client, run):
    return Upload(client, f"1/{run}/artifacts/models")


class Upload:
    """An upload of three parts, as MLflow's client makes one."""

    def __init__(self, http, folder, path="/home/me/model.bin", count=3):
        self.http, self.folder, self.path = http, folder, path
        self.made = http.post(f"{MPU}/create/{folder}", json={"path": path, "num_parts": count})
        if self.made.status_code == 200:
            body = self.made.json()
            self.id, self.told = body["upload_id"], body["credentials"]

    def send(self, number, data):
        told = self.told[number - 1]
        assert told["part_number"] == number
        return self.http.put(told["url"], content=data, headers=told["headers"])

    def send_all(self):
        return [self.send(number, data).headers["ETag"] for number, data in enumerate(PARTS, 1)]

    def complete(self, tags, **changed):
        parts = [{"part_number": at, "etag": tag, "url": None} for at, tag in enumerate(tags, 1)]
        body = {"path": self.path, "upload_id": self.id, "parts": parts}
        return self.http.post(f"{MPU}/complete/{self.folder}", json=body | changed)

    def abort(self):
        body = {"path": self.path, "upload_id": self.id}
        return self.http.post(f"{MPU}/abort/{self.folder}", json=body)

    def file(self):
        return self.http.get(f"{PROXY}/{self.folder}/model.bin")


def left(ws):
    """Everything that is not a whole blob."""
    files = [each for each in ws.blobs.folder.glob("*/**/*") if each.is_file()]
    return [
        each for each in files if each.parent.name in {"tmp", "parts"} or each.parent.parent.name == "parts"
    ]


def refused(answer, status=400, code="INVALID_PARAMETER_VALUE"):
    assert (answer.status_code, answer.json()["error_code"]) == (status, code), answer.text
    return answer.json()["message"]


def test_parts_become_one_file_that_is_kept_by_its_digest(upload, workspace, run):
    assert [told["part_number"] for told in upload.told] == [1, 2, 3]
    assert upload.complete(upload.send_all()).json() == {}
    (kept,) = files_of(workspace, run=run)
    whole = b"".join(PARTS)
    assert (kept.path, kept.digest, kept.size) == ("models/model.bin", digests.of_bytes(whole), len(whole))
    assert upload.file().content == whole
    assert left(workspace) == []


def test_parts_come_in_any_order_at_once_and_again(upload):
    numbers = [1, 2, 3] * 4
    random.Random(5).shuffle(numbers)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: upload.send(number, b"%d" % number * 9), numbers))
    assert upload.complete(upload.send_all()).status_code == 200
    assert upload.file().content == b"".join(PARTS)


def test_a_part_sent_again_takes_the_place_of_what_came_before(upload, workspace):
    tags = upload.send_all()
    tags[1] = upload.send(2, b"better").headers["ETag"]
    assert len(left(workspace)) == 3
    assert upload.complete(tags).status_code == 200
    assert upload.file().content == PARTS[0] + b"better" + PARTS[2]


def test_completed_again_an_upload_is_answered_and_changes_nothing(upload, workspace, client, run):
    tags = upload.send_all()
    assert upload.complete(tags).status_code == 200
    client.put(f"{PROXY}/{upload.folder}/model.bin", content=b"newer")
    assert upload.complete(tags).json() == {}
    assert upload.file().content == b"newer"
    refused(upload.send(1, b"late"))
    refused(upload.abort(), 404, "RESOURCE_DOES_NOT_EXIST")
    with workspace.read() as tx:
        told = events.read(tx, after=0, limit=100, types=("run.artifact_added",))
    assert [event.data["path"] for event in told] == ["models/model.bin"] * 2


def test_many_may_complete_an_upload_at_once(upload, workspace):
    tags = upload.send_all()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: upload.complete(tags).status_code, range(8)))
    assert answers == [200] * 8
    assert (upload.file().content, left(workspace)) == (b"".join(PARTS), [])


def test_an_upload_is_not_complete_without_each_part_and_its_etag(upload, workspace, run):
    tags = [upload.send(number, PARTS[number - 1]).headers["ETag"] for number in (1, 2)]
    assert "Part 3 of 3 was not sent" in refused(upload.complete([*tags, '"x"']))
    tags.append(upload.send(3, PARTS[2]).headers["ETag"])
    assert "Part 3 of 3 is not among" in refused(upload.complete(tags[:2]))
    assert "ETag of part 2" in refused(upload.complete([tags[0], tags[0], tags[2]]))
    refused(upload.complete([*tags, tags[0]]))
    assert files_of(workspace, run=run) == []
    assert upload.complete(tags).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"parts": None},
        {"parts": []},
        {"parts": "all"},
        {"parts": [1, 2, 3]},
        {"parts": [{"part_number": 1}] * 3},
        {"parts": [{"part_number": 1, "etag": "x"}] * 3},
        {"parts": [{"part_number": "one", "etag": "x"}]},
        {"parts": [{"part_number": -1, "etag": "x"}]},
        {"parts": [{"part_number": 1, "etag": 5}]},
        {"path": None},
        {"path": "/home/me/another.bin"},
        {"upload_id": None},
        {"upload_id": ["x"]},
        {"upload_id": "a\x00b"},
    ],
)
def test_a_wrong_completion_is_refused_and_the_upload_goes_on(upload, changed):
    tags = upload.send_all()
    refused(upload.complete(tags, **changed))
    assert upload.complete(tags).status_code == 200


@pytest.mark.parametrize("id", ["none", "..", "../../x", "upl-0", "x" * 10_000])
def test_an_upload_that_is_not_there_is_told(upload, client, id):
    refused(upload.complete(["x"], upload_id=id), 404, "RESOURCE_DOES_NOT_EXIST")
    body = {"path": upload.path, "upload_id": id}
    refused(client.post(f"{MPU}/abort/{upload.folder}", json=body), 404, "RESOURCE_DOES_NOT_EXIST")


@pytest.mark.parametrize("number", ["0", "4", "-1", "1.5", "one", "1" * 50, "٣", "%2e%2e"])
def test_a_part_that_was_not_declared_is_refused(upload, client, workspace, number):
    refused(client.put(f"{MPU}/parts/{upload.id}/{number}", content=b"x"))
    assert left(workspace) == []


@pytest.mark.parametrize("count", [-1, 0, 10_001, "many", 1.5, True, [3]])
def test_an_upload_has_one_to_ten_thousand_parts(client, run, count):
    body = {"path": "x", "num_parts": count}
    refused(client.post(f"{MPU}/create/1/{run}/artifacts", json=body))


@pytest.mark.parametrize("path", ["", ".", "..", "a/..", "a/", "C:\\x\\..", "a#b", "%2e%2e", "x" * 10_000])
def test_a_file_in_parts_has_a_name(client, run, path):
    refused(client.post(f"{MPU}/create/1/{run}/artifacts", json={"path": path, "num_parts": 1}))


@pytest.mark.parametrize("folder", ["../x", "%2e%2e/x", "/etc", "a%23b", "C%3A/x", "a%5C..%5Cb"])
def test_a_folder_that_leaves_the_proxy_is_refused(client, folder):
    for verb in ("create", "complete", "abort"):
        body = {"path": "x", "num_parts": 1, "upload_id": "upl-1", "parts": [{"part_number": 1, "etag": "x"}]}
        answer = client.post(f"{MPU}/{verb}/{folder}", json=body)
        assert answer.status_code in {400, 404}, answer.text
        assert answer.status_code == 400 or folder == "../x"  # which never reaches the proxy


def test_a_path_on_windows_gives_its_last_name(client, run):
    upload = Upload(client, f"1/{run}/artifacts/models", path="C:\\Users\\me\\model.bin")
    assert upload.complete(upload.send_all()).status_code == 200
    assert upload.file().content == b"".join(PARTS)


def test_an_upload_of_no_folder_goes_to_the_root(client):
    made = client.post(f"{MPU}/create", json={"path": "a/x.bin", "num_parts": 1}).json()
    tag = client.put(made["credentials"][0]["url"], content=b"x").headers["ETag"]
    body = {"path": "x.bin", "upload_id": made["upload_id"], "parts": [{"part_number": 1, "etag": tag}]}
    assert client.post(f"{MPU}/complete", json=body).status_code == 200
    assert client.get(f"{PROXY}/x.bin").content == b"x"


def test_an_aborted_upload_leaves_nothing(upload, workspace, run):
    tags = upload.send_all()
    assert upload.abort().json() == {}
    assert left(workspace) == []
    for answer in (upload.complete(tags), upload.abort(), upload.send(1, b"x")):
        refused(answer, 404, "RESOURCE_DOES_NOT_EXIST")
    assert (files_of(workspace, run=run), left(workspace)) == ([], [])


def test_a_part_whose_upload_is_aborted_while_it_comes_is_refused_and_leaves_nothing(upload, workspace):
    def body():
        yield b"x" * 100
        artifacts_parts._end(workspace, target=f"{upload.folder}/model.bin", upload=upload.id)
        yield b"y" * 100

    refused(upload.send(1, body()), 404, "RESOURCE_DOES_NOT_EXIST")
    assert left(workspace) == []


def test_an_upload_that_nobody_completes_is_swept_at_its_deadline(upload, workspace, clock):
    tags = upload.send_all()
    clock.move(LIFETIME - timedelta(seconds=1))
    assert sweep(workspace) == 0
    clock.move(timedelta(seconds=1))
    for answer in (upload.complete(tags), upload.send(1, b"x")):
        refused(answer, 404, "RESOURCE_DOES_NOT_EXIST")
    assert sweep(workspace) == 1
    assert left(workspace) == []


def test_parts_of_no_upload_are_swept_when_they_are_old(workspace, tmp_path, clock):
    (tmp_path / "draft").write_bytes(b"x")
    parts_of(workspace.blobs, tmp_path).keep("upl-gone", "00001-x", tmp_path / "draft")
    sweep(workspace)
    assert len(left(workspace)) == 1
    clock.move(timedelta(days=40 * 365))
    sweep(workspace)
    assert left(workspace) == []


def test_parts_too_large_together_are_refused(upload, workspace, monkeypatch):
    small = msgspec.structs.replace(workspace.settings, max_blob=100)
    monkeypatch.setattr(workspace, "settings", small)
    assert upload.send(1, b"x" * 60).status_code == 200
    assert "too large together" in refused(upload.send(2, b"x" * 60))
    assert "too large" in refused(upload.send(3, b"x" * 101))
    assert len(left(workspace)) == 1
    assert upload.send(1, b"x" * 100).status_code == 200  # it counts instead of what it replaces


def test_a_part_that_was_changed_on_the_disk_is_told_and_can_be_sent_again(upload, workspace, run):
    tags = upload.send_all()
    (damaged,) = [each for each in left(workspace) if each.name.startswith("00002")]
    damaged.write_bytes(b"a lie")
    assert "part 2 can't be used" in refused(upload.complete(tags))
    damaged.unlink()
    assert "part 2 can't be used" in refused(upload.complete(tags))
    assert (files_of(workspace, run=run), len(left(workspace))) == ([], 2)
    upload.send(2, PARTS[1])
    assert upload.complete(tags).status_code == 200
    assert upload.file().content == b"".join(PARTS)


def test_a_registered_version_takes_no_parts(client):
    refused(Upload(client, "model-versions/m/1").made, 403, "PERMISSION_DENIED")


def test_a_part_is_sent_by_who_declared_it_until_the_token_is_revoked(workspace, run):
    create_principal(workspace, name="sato", role="engineer")
    create_principal(workspace, name="mori", role="viewer")
    made = create_token(workspace, principal="sato")
    folder = f"1/{run}/artifacts/models"
    with opened(workspace, auth=True, headers={"Authorization": f"Bearer {made.secret}"}) as http:
        upload = Upload(http, folder)
        assert upload.made.headers["cache-control"] == "no-store"
    with opened(
        workspace, auth=True
    ) as stranger:  # as MLflow's client sends parts: with the told headers only
        told = upload.told[0]
        assert stranger.put(told["url"], content=b"x", headers=told["headers"]).status_code == 200
        assert stranger.put(told["url"], content=b"x").status_code == 401
        viewer = {"Authorization": f"Bearer {create_token(workspace, principal='mori').secret}"}
        refused(stranger.put(told["url"], content=b"x", headers=viewer), 403, "PERMISSION_DENIED")
        revoke_token(workspace, id=made.token.id)
        assert stranger.put(told["url"], content=b"x", headers=told["headers"]).status_code == 401
    with opened(workspace, auth=True, headers=viewer) as http:
        refused(Upload(http, folder).made, 403, "PERMISSION_DENIED")


def test_a_download_in_ranges_is_told_where_and_how_large(client, run):
    client.put(f"{PROXY}/1/{run}/artifacts/a b%25.bin", content=b"0123456789")
    told = client.get(f"/api/2.0/mlflow-artifacts/presigned/1/{run}/artifacts/a b%25.bin").json()
    assert told["file_size"] == 10
    part = client.get(told["url"], headers=told["headers"] | {"Range": "bytes=2-4"})
    assert (part.status_code, part.content) == (206, b"234")
    absent = client.get(f"/api/2.0/mlflow-artifacts/presigned/1/{run}/artifacts/none")
    refused(absent, 404, "RESOURCE_DOES_NOT_EXIST")
    refused(client.get("/api/2.0/mlflow-artifacts/presigned/%252e%252e/x"))


def test_nothing_is_held_of_uploads_that_are_over(upload):
    upload.complete(upload.send_all())
    assert [key for key in artifacts_parts._turns if key[1] == upload.id] == []
