"""A confined process sees its folder and Python, and nothing else; it can't outstay its time."""

import json
import os
import sys

import pytest

from meguru.base.sandbox.launch import confined

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="confined by Linux")


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "work"
    place.mkdir()
    return place


def test_it_sees_no_workspace_no_network_no_other_process_and_no_environment(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("MEGURU_TOKEN", "mgr_secret")
    secret = tmp_path / "workspace.db"
    secret.write_text("secret")
    wanted = [str(secret), str(folder), "/etc/passwd", os.path.expanduser("~/.ssh")]  # noqa: PTH111
    (folder / "wanted.json").write_text(json.dumps(wanted))
    (folder / "server").write_text(str(os.getpid()))
    ended = confined("meguru.testing.confined:look", folder)
    assert ended.code == 0, ended.output
    seen = json.loads((folder / "seen.json").read_text())
    assert "MEGURU_TOKEN" not in seen["variables"]
    assert "everything" not in ended.kept_from  # the work itself says nothing of that
    if ended.kept_from != ["network", "files", "processes"]:
        pytest.skip(f"the kernel allows only {ended.kept_from}")
    assert seen["files"] == [str(folder)]
    assert seen["network"] is False
    assert seen["server"] is False
    assert seen["written"] is False


def test_it_is_ended_when_its_time_is_over(folder):
    ended = confined("meguru.testing.confined:hang", folder, seconds=0.5)
    assert ended.timed_out
    assert ended.code < 0


def test_it_gets_no_more_memory_than_it_may_use(folder):
    ended = confined("meguru.testing.confined:grab", folder, memory=1 << 30)
    assert ended.code == 1
    assert "MemoryError" in ended.output
    assert not (folder / "grabbed").exists()
