"""Many threads and processes on one workspace at once, on SQLite and on PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update

from meguru.app.open import open_local
from meguru.base.plugins import PluginFamily
from meguru.base.settings import Settings
from meguru.governance.operations import principals
from meguru.governance.schema import principal
from meguru.governance.signing_keys.server import ensure_server_key
from meguru.kernel import events
from meguru.kernel.jobs import Worker, queue
from meguru.kernel.jobs.types import JobState
from meguru.kernel.operations import Operation
from meguru.testing.events import declare_events
from meguru.tracking.operations import list_runs, start

declare_events("principal.bumped")

PRELUDE = """
import sys
from meguru.app.open import open_local
from meguru.base.settings import Settings
place, blobs, name, *rest = sys.argv[1:]
settings = Settings(blobs=blobs, sqlite_synchronous="NORMAL", lease_seconds=1.0)
"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def place(request, tmp_path):
    if request.param == "sqlite":
        return str(tmp_path / "workspace")
    return request.getfixturevalue("empty_postgres_url")


@pytest.fixture
def shared(place, tmp_path):
    with open_local(place, settings=settings(tmp_path)) as ws:
        yield ws


def settings(tmp_path):
    return Settings(blobs=str(tmp_path / "blobs"), sqlite_synchronous="NORMAL", lease_seconds=1.0)


def child(program, place, tmp_path, *arguments):
    command = [
        sys.executable,
        "-c",
        PRELUDE + textwrap.dedent(program),
        place,
        str(tmp_path / "blobs"),
        *arguments,
    ]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(process):
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out.split()


def go(processes):
    """Let processes that said they are ready start together."""
    for process in processes:
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()


def test_many_processes_may_open_a_workspace_for_the_first_time_at_once(place, tmp_path):
    opener = """
        from meguru.app.nouns import load_schemas
        load_schemas()
        print("ready", flush=True)
        sys.stdin.readline()
        with open_local(place, settings=settings) as ws, ws.read() as tx:
            print("open")
        """
    opening = [child(opener, place, tmp_path, str(number)) for number in range(4)]
    go(opening)
    assert [ended(process) for process in opening] == [["open"]] * 4


def test_writers_of_threads_and_processes_make_one_chain(shared, place, tmp_path):
    writer = """
        from meguru.governance.operations import principals
        with open_local(place, settings=settings) as ws:
            print("ready", flush=True)
            sys.stdin.readline()
            for number in range(20):
                principals.create_principal(ws, name=f"{name}-{number}")
        """
    others = [child(writer, place, tmp_path, name) for name in ("p1", "p2")]
    go(others)

    def write(thread):
        for number in range(10):
            principals.create_principal(shared, name=f"t{thread}-{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    for process in others:
        ended(process)
    with shared.read() as tx:
        verdict = events.verify(tx)
        assert tx.execute(select(func.count()).select_from(principal)).scalar() == 120
    assert (verdict.intact, verdict.checked, verdict.why) == (True, 120, "")


def test_a_key_raced_by_threads_is_done_once_and_all_get_the_same_answer(shared):
    gate = threading.Barrier(8)

    def ask(_):
        gate.wait()
        run = start(shared.with_(idempotency_key="k"), experiment="delay").id
        gate.wait()
        # A name can be taken once: whoever comes second must get the first answer, not "it is there already".
        who = principals.create_principal(shared.with_(idempotency_key="k"), name="sato")
        return run, who

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1
    assert len(list_runs(shared).items) == 1
    with shared.read() as tx:
        assert [item.type for item in events.read(tx, types=["run.started", "principal.created"])] == [
            "run.started",
            "principal.created",
        ]


def test_a_key_raced_by_processes_is_done_once(shared, place, tmp_path):
    asker = """
        from meguru.governance.operations import principals
        with open_local(place, settings=settings) as ws:
            print("ready", flush=True)
            sys.stdin.readline()
            for number in range(10):
                made = principals.create_principal(ws.with_(idempotency_key=f"k{number}"), name=f"p{number}")
                print(made.created_at.isoformat())
        """
    racing = [child(asker, place, tmp_path, str(number)) for number in range(3)]
    go(racing)
    first, *others = [ended(process) for process in racing]
    assert len(first) == 10
    assert others == [first, first]


def bump(ctx, *, names: list[str]) -> int:
    """Read, then write: lost or deadlocked unless changes are made one after the other."""
    total = 0
    for name in names:
        found = ctx.tx.execute(select(principal.c.kind).where(principal.c.name == name)).scalar()
        total = int(found) + 1
        ctx.tx.execute(update(principal).where(principal.c.name == name).values(kind=str(total)))
    ctx.emit("principal.bumped", f"principal/{names[0]}")
    return total


BUMP = Operation(bump, "testing.bump", "principal:write", query=False, evented=True)


def test_changes_that_read_before_they_write_lose_nothing_and_never_deadlock(shared):
    with shared.db.write() as tx:
        for name in ("a", "b"):
            row = {"name": name, "kind": "0", "role": "viewer", "created_at": datetime.now(UTC)}
            tx.execute(insert(principal).values({**row, "disabled": False}))

    def work(thread):
        for _ in range(10):
            BUMP(shared, names=["a", "b"] if thread % 2 else ["b", "a"])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    with shared.read() as tx:
        assert set(tx.execute(select(principal.c.kind)).scalars()) == {"80"}


def promise(ctx, *, key: str) -> str:
    return queue.enqueue(ctx, kind="work", key=key, payload={}).id


PROMISE = Operation(promise, "testing.promise", "job:write", query=False, evented=False)
WORKER = """
    import threading, time
    from meguru.base.plugins import PluginFamily
    from meguru.kernel.jobs import Worker
    forever = "forever" in rest
    one_line_at_a_time = threading.Lock()

    class Handler:
        def run(self, ws, job, lease):
            with one_line_at_a_time:
                print(job.id, flush=True)
            if forever:
                threading.Event().wait()

        def abandon(self, ws, job, why):
            print("abandoned", flush=True)

    handlers = PluginFamily("job handler", {"work": ""})
    handlers._loaded["work"] = Handler()
    with open_local(place, settings=settings) as ws:
        worker = Worker(ws, handlers, threads=4)
        print("ready", flush=True)
        sys.stdin.readline()
        worker.start()
        sys.stdin.readline()
        worker.stop()
    """


def test_workers_of_two_processes_never_share_a_job(shared, place, tmp_path):
    wanted = {PROMISE(shared, key=str(number)) for number in range(40)}
    workers = [child(WORKER, place, tmp_path, name) for name in ("w1", "w2")]
    go(workers)
    seen = [threading.Thread(target=until_idle, args=(shared,))]
    seen[0].start()
    seen[0].join(60)
    taken = [job for process in workers for job in ended(process)]
    assert Counter(taken) == Counter(wanted)
    with shared.read() as tx:
        assert {queue.find(tx, job).state for job in wanted} == {JobState.DONE}


def until_idle(ws):
    after = 0
    while True:
        with ws.read() as tx:
            if not tx.execute(
                select(queue.job.c.id).where(queue.job.c.state.in_(queue.OPEN)).limit(1)
            ).first():
                return
        after = events.wait(ws, after=after + 1, timeout=0.05)


def test_the_job_of_a_killed_worker_is_taken_over(shared, place, tmp_path):
    job = PROMISE(shared, key="one")
    dying = child(WORKER, place, tmp_path, "w1", "forever")
    go([dying])
    assert dying.stdout.readline().strip() == job
    dying.kill()
    dying.communicate()
    done = threading.Event()
    attempts = []

    class Handler:
        def run(self, ws, job, lease):
            attempts.append(job.attempt)
            with ws.db.write() as tx:
                lease.check(tx)
            done.set()

        def abandon(self, ws, job, why):
            raise AssertionError(why)

    handlers = PluginFamily("job handler", {"work": ""})
    handlers._loaded["work"] = Handler()
    worker = Worker(shared, handlers, threads=1)
    worker.start()
    assert done.wait(60)
    worker.stop()
    assert attempts == [2]
    with shared.read() as tx:
        assert queue.find(tx, job).state is JobState.DONE


def test_a_read_transaction_sees_one_moment_while_others_commit(shared):
    principals.create_principal(shared, name="before")
    with shared.read() as tx:
        first = events.head(tx), tx.execute(select(func.count()).select_from(principal)).scalar()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda n: principals.create_principal(shared, name=f"n{n}"), range(4)))
        again = events.head(tx), tx.execute(select(func.count()).select_from(principal)).scalar()
    assert first == again == (1, 1)
    with shared.read() as tx:
        assert events.head(tx) == 5


def test_waiting_hears_what_another_process_commits(shared, place, tmp_path):
    writer = """
        from meguru.governance.operations import principals
        with open_local(place, settings=settings) as ws:
            print("ready", flush=True)
            sys.stdin.readline()
            principals.create_principal(ws, name=name)
        """
    other = child(writer, place, tmp_path, "far")
    with ThreadPoolExecutor(20) as pool:
        waiting = [pool.submit(events.wait, shared, after=0, timeout=60) for _ in range(20)]
        go([other])
        assert [each.result(timeout=60) for each in waiting] == [1] * 20
    ended(other)


@pytest.mark.integration
def test_a_database_that_is_gone_for_a_moment_is_used_again(postgres_url, tmp_path):
    import psycopg

    with open_local(postgres_url, settings=settings(tmp_path)) as ws:
        principals.create_principal(ws, name="before")
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            others = "datname = current_database() AND pid <> pg_backend_pid()"
            admin.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
        principals.create_principal(ws, name="after")
        with ws.read() as tx:
            assert events.verify(tx).checked == 2


def test_a_lease_outlives_a_long_job_by_its_heartbeat(shared):
    PROMISE(shared, key="long")
    lease = timedelta(seconds=1)
    with shared.db.write() as tx:
        held = queue.claim(tx, owner="w1", now=datetime.now(UTC), lease=lease, kinds=["work"])
        assert queue.extend(tx, held, datetime.now(UTC) + lease * 10)
    with shared.db.write() as tx:
        later = datetime.now(UTC) + lease * 5
        assert queue.claim(tx, owner="w2", now=later, lease=lease, kinds=["work"]) is None


def test_servers_that_start_together_make_one_signing_key_and_both_sign_with_it(place, tmp_path):
    known = Settings(
        blobs=str(tmp_path / "blobs"),
        sqlite_synchronous="NORMAL",
        secret_key="a phrase that both servers have",
    )
    with open_local(place, settings=known) as one, open_local(place, settings=known) as two:
        with ThreadPoolExecutor(6) as pool:
            made = list(pool.map(ensure_server_key, [one, two] * 3))
        with one.read() as tx:
            told = events.read(tx, types=["signing_key.created"])
    assert len({key.public for key in made}) == 1
    assert [each.subject for each in told] == [f"signing_key/{made[0].public.id}"]
