"""Every kind of trigger, under the contract of its family."""

from __future__ import annotations

import pytest

from meguru.testing.contracts.triggers import KindContract, make_event
from meguru.triggers.kinds import KINDS
from meguru.triggers.parse import kind_of


class TestCron(KindContract):
    @pytest.fixture
    def kind(self):
        return kind_of({"cron": "0 2 * * *", "tz": "Asia/Tokyo"})


class TestBusinessDays(KindContract):
    @pytest.fixture
    def kind(self):
        return kind_of({"cron": "*/5 9 * * *", "tz": "Asia/Tokyo", "days": "business", "holidays": "JP"})


class TestEvent(KindContract):
    wakes = make_event("model_version.registered", "model/delay@3")

    @pytest.fixture
    def kind(self):
        return kind_of({"event": "model_version.*", "subject": "model/delay@*"})


class TestMonitor(KindContract):
    wakes = make_event("monitor.alerted", "monitor/delay-watch")

    @pytest.fixture
    def kind(self):
        return kind_of({"monitor": "delay-watch", "state": "alert"})


class TestMonitorDrift(KindContract):
    wakes = make_event("monitor.evaluated", "monitor/delay-watch", data={"drifted": ["temp"]})

    @pytest.fixture
    def kind(self):
        return kind_of({"monitor": "delay-watch", "state": "drift"})

    @pytest.mark.parametrize("data", [{"drifted": []}, {"drifted": ["temp"], "partial": ["not full"]}])
    def test_it_wakes_when_inputs_of_a_full_window_drifted(self, kind, data):
        assert not kind.matches(make_event("monitor.evaluated", "monitor/delay-watch", data=data))
        alerted = make_event("monitor.alerted", "monitor/delay-watch", data={"drifted": ["temp"]})
        assert not kind.matches(alerted)


class TestData(KindContract):
    wakes = make_event("dataset_version.created", "dataset/flights@4")

    @pytest.fixture
    def kind(self):
        return kind_of({"data": "flights"})


class TestMessage(KindContract):
    wakes = make_event("message.received", "trigger/retrain")

    @pytest.fixture
    def kind(self):
        return kind_of({"message": "mlops.retrain", "broker": "nats://127.0.0.1"})


class TestFolder(KindContract):
    wakes = make_event("file.arrived", "trigger/retrain")

    @pytest.fixture
    def kind(self):
        return kind_of({"folder": "incoming"})


class TestObjects(KindContract):
    wakes = make_event("object.arrived", "trigger/retrain")

    @pytest.fixture
    def kind(self):
        return kind_of({"objects": "s3://bucket/prefix"})


class TestTable(KindContract):
    wakes = make_event("rows.arrived", "trigger/retrain")

    @pytest.fixture
    def kind(self):
        return kind_of({"table": "orders", "database": "sqlite:///shop.db", "column": "id"})


class TestFreshness(KindContract):
    wakes = make_event("data.stale", "trigger/retrain")

    @pytest.fixture
    def kind(self):
        return kind_of({"fresh": "flights", "within": "26h"})


class TestCode(KindContract):
    wakes = make_event("code.changed", "trigger/retrain")

    @pytest.fixture
    def kind(self):
        return kind_of({"code": "models"})


class TestReached(KindContract):
    wakes = make_event("pipeline.registered", "pipeline/train@2")

    @pytest.fixture
    def kind(self):
        return kind_of({"reached": "train"})


class TestHook(KindContract):
    wakes = make_event("hook.received", "trigger/retrain")

    @pytest.fixture
    def kind(self):
        return kind_of({"hook": "github", "secret": "${A}"})


def test_every_kind_is_under_the_contract():
    tested = {
        *("code", "cron", "data", "event", "folder", "fresh", "hook", "message", "monitor"),
        *("objects", "reached", "table"),
    }
    assert set(KINDS.names()) == tested
