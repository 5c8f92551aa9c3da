"""The same file applied to SQLite, to PostgreSQL with S3, and through a server: equal plans and digests."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru.api.native import native_routes
from meguru.app import calls
from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.kernel.remote import RemoteWorkspace
from meguru.project.plan_apply import apply_plan, plan_project
from meguru.project.read import read_project
from meguru.server.access import Access

pytestmark = pytest.mark.integration

FILE = """
[project]
name = "shop"
[dataset.rows]
files = ["rows.csv"]
key = ["id"]
[pipeline.train]
entry = "train.py:train"
[endpoint.delay]
model = "delay"
gates = [{ gate = "metric", metric = "auc", value = 0.6 }]
[monitor.watch]
endpoint = "delay"
[trigger.new-rows]
on = { event = "dataset_version.created", subject = "dataset/rows@*" }
action = { pipeline = "train" }
[pool.gpu]
slots = 2
"""
TRAIN = """
from meguru import Dataset, pipeline, step

@step
def count(rows: Dataset) -> int:
    return rows.frame().height

@pipeline
def train(rows: Dataset = "rows@latest"):
    return count(rows)
"""


@pytest.fixture
def file(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "meguru.toml").write_text(FILE)
    (folder / "train.py").write_text(TRAIN)
    (folder / "rows.csv").write_text("id,x\n1,2\n2,3\n")
    return folder / "meguru.toml"


def applied(ws, file):
    """Return all that a plan and what it left behind are known by."""
    plan = plan_project(ws, read_project(file))
    apply_plan(ws, plan, read_project(file))
    assert plan_project(ws, read_project(file)).actions == []
    return {
        "plan": plan.digest,
        "present": sorted((each.kind, each.name, str(each.spec)) for each in calls.apply_present(ws)),
        "dataset": calls.dataset_show(ws, ref="rows").digest,
        "pipeline": calls.pipeline_show(ws, ref="train").digest,
    }


def test_the_digests_are_equal_everywhere(file, tmp_path, postgres_url, s3_url):
    load_operations()
    with open_local(tmp_path / "here") as here, open_local(tmp_path / "there") as there:
        expected = applied(here, file)
        with TestClient(
            Access(Starlette(routes=native_routes()), ws=there, auth=False), base_url="http://127.0.0.1"
        ) as client:
            remote = RemoteWorkspace("http://127.0.0.1")
            remote.http.close()
            remote.http = client
            assert applied(remote, file) == expected
    with open_local(postgres_url, settings=Settings(blobs=s3_url)) as shared:
        assert applied(shared, file) == expected
