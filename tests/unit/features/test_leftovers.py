"""Rows in the online store that nobody reads."""

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.features.materialization import changes, job, write
from meguru.features.materialization.runner import _Handlers
from meguru.features.materialization.start import cancel, start
from meguru.features.online.answer import online
from meguru.features.online.stores import online_of
from meguru.kernel.jobs import Worker
from meguru.testing.online_views import add_rows, bring_online, declare_view, hours


@pytest.fixture
def ws(tmp_path, clock):
    with open_local(tmp_path / "w", settings=Settings(sqlite_synchronous="NORMAL"), clock=clock) as opened:
        yield opened


class _Stopped(Exception):
    pass


def test_what_unfinished_work_wrote_under_other_types_is_not_among_what_the_next_brings(ws, monkeypatch):
    monkeypatch.setattr(job, "_wait_for_readers", lambda: None)
    monkeypatch.setattr(changes, "CHUNK", 2)
    monkeypatch.setattr(write, "CHUNK", 2)
    add_rows(ws, [("a", hours(-1), 1)])
    declare_view(ws)
    bring_online(ws)
    add_rows(ws, [(f"p{n}", hours(-1), n / 2) for n in range(6)], mode="replace")
    made, kept = start(ws, view="balance"), online_of(ws)
    real, calls = kept.write, []

    def failing(*given):
        calls.append(given)
        if len(calls) == 3:
            raise _Stopped
        return real(*given)

    monkeypatch.setattr(kept, "write", failing)
    Worker(ws, _Handlers(None)).run_job(made.job)
    monkeypatch.setattr(kept, "write", real)
    cancel(ws, materialization=made.id)
    assert sum(online_of(ws).views().values()) > 1
    add_rows(ws, [("p5", hours(-1), 2.5)], mode="replace")
    bring_online(ws)
    assert list(online_of(ws).views().values()) == [1]
    found = online(ws, ["balance"], {"who": ["p0", "p5"]}).rows
    assert [row["value"].value for row in found] == [None, 2.5]
