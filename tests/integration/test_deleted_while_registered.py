"""Bytes are deleted and registered at the same moment: the record has them, or is refused."""

from __future__ import annotations

import threading

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.datasets import free
from meguru.errors import InvalidInput, NotFound
from meguru.features import store as views
from meguru.features.record import record_rows
from meguru.features.types import ViewRows
from meguru.testing.online_views import NOON, add_rows, declare_view
from meguru.tracking import store as runs
from meguru.tracking.runs import add_artifact, start


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def ws(request, tmp_path):
    settings = Settings(sqlite_synchronous="NORMAL", blobs=str(tmp_path / "blobs"))
    sqlite = request.param == "sqlite"
    place = str(tmp_path / "w") if sqlite else request.getfixturevalue("empty_postgres_url")
    with open_local(place, settings=settings) as opened:
        yield opened


class Registering:
    """Registers a blob in each of the ways that ask within the transaction whether it is there."""

    def __init__(self, ws, way: str) -> None:
        self.ws, self.way = ws, way
        self.run = start(ws, name="r").id
        add_rows(ws, [("a", NOON, 1.0)])
        declare_view(ws)

    def __call__(self, digest: str) -> None:
        if self.way == "artifact":
            add_artifact(self.ws, run=self.run, path="a", digest=digest)
            return
        found = ViewRows(
            ref="feature_view/balance@1", rows_digest="0" * 64, profile=digest, rows=1, dropped=0, keys=1,
            features={"value": "Float64"}, datasets=[], earliest=None, newest=None, created_at=NOON,
        )  # fmt: skip
        record_rows(self.ws, ref="feature_view/balance@1", found=found)


WAYS = {"artifact": (runs, "add_artifact"), "profile": (views, "add_rows")}


@pytest.mark.parametrize("way", WAYS)
def test_a_deletion_waits_for_who_registers_and_leaves_what_is_registered(ws, monkeypatch, way):
    register, digest = Registering(ws, way), ws.blobs.put_bytes(b"bytes of two")
    home, name = WAYS[way]
    real, deleting, deleted = getattr(home, name), threading.Event(), []

    def slowly(*given):
        thread.start()
        assert deleting.wait(60)
        thread.join(0.5)  # it has looked, and waits for this transaction
        assert ws.blobs.has(digest)
        return real(*given)

    def delete() -> None:
        deleting.set()
        deleted.append(free.delete_unneeded(ws, {digest}))

    thread = threading.Thread(target=delete)
    monkeypatch.setattr(home, name, slowly)
    register(digest)
    thread.join(60)
    assert deleted == [set()]
    assert ws.blobs.get_bytes(digest) == b"bytes of two"


@pytest.mark.parametrize("way", WAYS)
def test_who_registers_waits_for_a_deletion_and_hears_that_the_bytes_are_gone(ws, monkeypatch, way):
    register, digest = Registering(ws, way), ws.blobs.put_bytes(b"bytes of two")
    real, asked = type(ws.blobs).delete, threading.Event()
    told: list[Exception] = []

    def registers() -> None:
        asked.set()
        try:
            register(digest)
        except (InvalidInput, NotFound) as error:
            told.append(error)

    thread = threading.Thread(target=registers)

    def slowly(store, gone):
        thread.start()
        assert asked.wait(60)
        thread.join(0.5)
        assert thread.is_alive()  # it asks only when it is the writer
        real(store, gone)

    monkeypatch.setattr(type(ws.blobs), "delete", slowly)
    assert free.delete_unneeded(ws, {digest}) == {digest}
    thread.join(60)
    assert len(told) == 1
