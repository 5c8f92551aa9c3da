"""A workspace behind a server: the same blobs, datasets and runs, through the routes."""

from __future__ import annotations

import tempfile
from datetime import date

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru.api.native import native_routes
from meguru.app.nouns import load_operations
from meguru.datasets.client import add_files, frame
from meguru.datasets.operations import list_datasets, show, versions
from meguru.errors import Busy, InvalidInput, NotFound
from meguru.kernel.remote import RemoteWorkspace
from meguru.kernel.remote_blobs import RemoteBlobs
from meguru.server.access import Access
from meguru.testing.contracts.blob_store import BlobStoreContract
from meguru.tracking.operations import artifacts
from meguru.tracking.operations import show as show_run
from meguru.tracking.sdk import ActiveRun

HOST = "http://127.0.0.1"


@pytest.fixture
def remote(workspace, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where the read cache goes
    load_operations()
    app = Access(Starlette(routes=native_routes()), ws=workspace, auth=False)
    with TestClient(app, base_url=HOST) as client:
        ws = RemoteWorkspace(HOST)
        ws.http.close()
        ws.http = client
        yield ws


class TestRemoteBlobs(BlobStoreContract):
    @pytest.fixture
    def store(self, remote, workspace):
        remote.blobs.behind = workspace.blobs
        return remote.blobs

    def damage(self, store, digest):
        path = store.behind.path(digest)
        path.chmod(0o644)
        path.write_bytes(b"a lie")

    def reopen(self, store, folder):
        return RemoteBlobs(store._ws)


def test_files_are_uploaded_and_read_back(remote, workspace, tmp_path):
    (tmp_path / "01.csv").write_text("day,delay\n2013-01-01,5\n2013-01-02,NA\n")
    version = add_files(remote, "flights", tmp_path / "01.csv", event_time="day")
    assert show(workspace, ref="flights") == version == versions(remote, name="flights")[0]
    assert frame(remote, "flights@latest").rows() == [(date(2013, 1, 1), 5), (date(2013, 1, 2), None)]
    assert [item.name for item in list_datasets(remote).items] == ["flights"]


def test_errors_of_a_server_are_those_of_a_local_workspace(remote, tmp_path):
    (tmp_path / "01.csv").write_text("day\n1\n")
    with pytest.raises(InvalidInput) as caught:
        add_files(remote, "flights", tmp_path / "01.csv", event_time="dayy")
    assert (caught.value.field, caught.value.hint) == ("event_time", "did you mean 'day'?")
    with pytest.raises(NotFound):
        show(remote, ref="flights")


def test_a_run_is_tracked_on_a_server(remote, workspace, tmp_path):
    (tmp_path / "notes.txt").write_text("n")
    with ActiveRun(lambda: remote, "train", params={"depth": 3}, spool=tmp_path / "spool") as r:
        for number in range(2500):
            r.log(auc=number / 2500)
        r.artifact(tmp_path / "notes.txt")
    found = show_run(workspace, run=r.id)
    assert (found.state, found.params, found.metrics["auc"].count) == ("succeeded", {"depth": "3"}, 2500)
    assert [item.path for item in artifacts(workspace, run=r.id)] == ["notes.txt"]


def test_a_server_that_is_not_there_is_told_as_such(tmp_path):
    (tmp_path / "01.csv").write_text("day\n1\n")
    with RemoteWorkspace("http://127.0.0.1:9") as ws:
        for attempt in (lambda: show(ws, ref="flights"), lambda: ws.blobs.has("0" * 64)):
            with pytest.raises(Busy) as caught:
                attempt()
            assert "meguru up" in caught.value.hint
