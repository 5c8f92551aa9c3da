"""Every action of a trigger, under the contract of its family."""

from __future__ import annotations

from typing import ClassVar

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.testing.actions import install
from meguru.testing.authorisation.fixtures import MAKERS, Making
from meguru.testing.contracts.actions import ActionContract
from meguru.triggers.actions import ACTIONS

install()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Give one workspace for all, with one thing of each kind, called delay."""
    folder = tmp_path_factory.mktemp("actions")
    settings = Settings(sqlite_synchronous="NORMAL", webhook_private=True)
    with open_local(folder / "workspace", settings=settings) as ws:
        found: dict[str, str] = {}
        for name in ("model", "pipeline", "endpoint", "monitor", "webhook"):
            found[name] = MAKERS[name](Making(ws=ws, mark="delay", folder=folder, made=found))
        yield ws


class _Contract(ActionContract):
    @pytest.fixture
    def world(self, made):
        return made


class TestRunPipeline(_Contract):
    spec: ClassVar = {"pipeline": "delay"}
    missing: ClassVar = {"pipeline": "trian"}


class TestStartSweep(_Contract):
    spec: ClassVar = {
        "sweep": "delay",
        "space": {"day": {"kind": "int", "low": 1, "high": 3}},
        "search": {"metric": "loss", "trials": 2},
    }
    missing: ClassVar = spec | {"sweep": "trian"}


class TestBackfill(_Contract):
    spec: ClassVar = {"backfill": "delay", "param": "day", "values": ["1", "2"]}
    missing: ClassVar = {"backfill": "trian"}


class TestEvaluateMonitor(_Contract):
    spec: ClassVar = {"evaluate": "delay", "last": "2h"}
    missing: ClassVar = {"evaluate": "delya"}


class TestRelease(_Contract):
    spec: ClassVar = {"endpoint": "delay"}
    subject = "model/delay@1"
    missing: ClassVar = {"endpoint": "delya"}


class TestRollBack(_Contract):
    spec: ClassVar = {"rollback": "delay"}
    missing: ClassVar = {"rollback": "delya"}


class TestPromote(_Contract):
    spec: ClassVar = {"promote": "delay"}
    subject = "release/delay@1"
    missing: ClassVar = {"promote": "delya"}


class TestNotify(_Contract):
    spec: ClassVar = {"notify": "{subject} came on {date}"}
    subject = "model/delay@1"


class TestCallWebhook(_Contract):
    spec: ClassVar = {"webhook": "delay", "said": {"day": "{date}"}}
    missing: ClassVar = {"webhook": "chta"}


def test_every_action_is_under_the_contract():
    tested = {
        "run_pipeline",
        "start_sweep",
        "backfill",
        "evaluate_monitor",
        "release",
        "roll_back",
        "promote",
    }
    assert {*ACTIONS.names()} - {"note"} == tested | {"notify", "call_webhook"}
