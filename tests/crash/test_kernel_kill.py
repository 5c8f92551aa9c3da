"""Kill a process that works on a workspace, at any moment; then look at what it left."""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
import time

import pytest
from sqlalchemy import select

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.governance.schema import principal
from meguru.kernel import events
from meguru.kernel.jobs.schema import job
from meguru.kernel.operations.idempotency import answer
from meguru.testing.events import declare_events

declare_events("a.c")

pytestmark = pytest.mark.crash
KILLS = 5
# Every change is acknowledged on stdout once its call has returned: what is printed must be there for ever.
WORK = textwrap.dedent(
    """
    import os, sys, threading
    from meguru.app.open import open_local
    from meguru.base.settings import Settings
    from meguru.governance.principals import create_principal
    from meguru.kernel import jobs
    from meguru.kernel.operations import Operation
    from meguru.testing.events import declare_events

    declare_events("thing.made")
    place, blobs, mark = sys.argv[1:]

    def change(ctx, *, name: str, body: str) -> str:
        digest = ctx.blobs.put_bytes(body.encode())
        create_principal(ctx, name=name)
        jobs.enqueue(ctx, kind="work", key=name, payload={"digest": digest})
        ctx.emit("thing.made", f"thing/{name}", used=[f"blob/{digest}"], produced=[f"principal/{name}"])
        return digest

    CHANGE = Operation(change, "testing.change", "principal:write", query=False, evented=True)

    def work(ws, thread):
        for number in range(10_000):
            name = f"{mark}-{thread}-{number}"
            digest = CHANGE(ws.with_(idempotency_key=name), name=name, body=name * 1000)
            os.write(1, f"{name} {digest}\\n".encode())

    with open_local(place, settings=Settings(blobs=blobs)) as ws:
        for thread in range(3):
            threading.Thread(target=work, args=(ws, thread)).start()
    """
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def place(request, tmp_path):
    if request.param == "sqlite":
        return str(tmp_path / "workspace")
    return request.getfixturevalue("empty_postgres_url")


def killed(place, tmp_path, mark, seconds):
    """Let a process work for a moment after its first change, kill it; return what it acknowledged."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORK, place, str(tmp_path / "blobs"), mark], stdout=subprocess.PIPE
    )
    first = process.stdout.readline()
    time.sleep(seconds)  # the moment of the blow is the input of this test
    process.kill()
    lines = (first + process.communicate()[0]).decode().splitlines(keepends=True)
    return dict(line.split() for line in lines if line.endswith("\n"))


def test_what_was_acknowledged_is_there_and_nothing_is_half_done(place, tmp_path):
    draw = random.Random(7)
    done = {}
    for turn in range(KILLS):
        done |= killed(place, tmp_path, f"m{turn}", draw.uniform(0, 0.3))
        with open_local(place, settings=Settings(blobs=str(tmp_path / "blobs"))) as ws:
            look(ws, done)
    assert len(done) > KILLS


def look(ws, done):
    with ws.read() as tx:
        verdict = events.verify(tx)
        assert verdict.intact, verdict
        names = set(tx.execute(select(principal.c.name)).scalars())
        kept = set(tx.execute(select(answer.c.key)).scalars())
        promised = {row.key: row.payload["digest"] for row in tx.execute(select(job.c.key, job.c.payload))}
    assert set(done) <= names
    assert names == kept == set(promised)
    assert verdict.checked == 2 * len(names)
    assert promised | done == promised
    for digest in promised.values():
        assert ws.blobs.get_bytes(digest)
        assert ws.blobs.path(digest)


def test_a_process_killed_while_it_opens_a_workspace_leaves_one_that_opens(place, tmp_path):
    opener = WORK.partition("for thread")[0] + "os.write(1, b'open\\n')"
    for turn in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", opener, place, str(tmp_path / "blobs"), ""], stdout=subprocess.PIPE
        )
        time.sleep(0.35 + turn * 0.05)  # about when the tables are made
        process.kill()
        process.communicate()
    with open_local(place, settings=Settings(blobs=str(tmp_path / "blobs"))) as ws, ws.read() as tx:
        assert events.verify(tx).intact
        assert events.head(tx) == 0


HOLD = textwrap.dedent(
    """
    import sys, time
    from meguru.app.open import open_local
    from meguru.base.settings import Settings
    from meguru.kernel import events
    from meguru.testing.events import declare_events

    declare_events("a.b")
    place, blobs, _ = sys.argv[1:]
    with open_local(place, settings=Settings(blobs=blobs)) as ws, ws.db.write() as tx:
        events.append(tx, type="a.b", at=ws.clock.now(), actor="a", operation="o", subject="s")
        print("holding", flush=True)
        time.sleep(600)
    """
)


def test_a_process_killed_inside_a_change_frees_the_database_and_its_change_never_was(place, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, place, str(tmp_path / "blobs"), ""], stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"holding\n"
    process.kill()
    process.communicate()
    with open_local(place, settings=Settings(blobs=str(tmp_path / "blobs"))) as ws:
        with ws.db.write() as tx:
            events.append(tx, type="a.c", at=ws.clock.now(), actor="a", operation="o", subject="s")
        with ws.read() as tx:
            assert [item.type for item in events.read(tx)] == ["a.c"]
            assert events.verify(tx).intact


def test_a_half_written_blob_is_not_there(tmp_path):
    put = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from meguru.storage.blobs import open_store

        place, blobs, source = sys.argv[1:]
        print("go", flush=True)
        open_store(blobs).put_file(Path(source))
        """
    )
    source = tmp_path / "large"
    source.write_bytes(random.Random(1).randbytes(64 << 20))
    process = subprocess.Popen(
        [sys.executable, "-c", put, "", str(tmp_path / "blobs"), str(source)], stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"go\n"
    drafts = tmp_path / "blobs" / "tmp"
    while not (drafts.exists() and any(path.stat().st_size for path in drafts.iterdir())):
        assert process.poll() is None
    process.kill()
    process.communicate()
    visible = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file() and path.parent != drafts]
    assert visible == []
