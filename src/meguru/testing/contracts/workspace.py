"""The contract of a workspace: the same story on every database and blob store."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from meguru.base.clock import FixedClock
from meguru.compute.materializers.base import Value
from meguru.datasets.client import add_files, frame
from meguru.datasets.operations import list_datasets, versions
from meguru.errors import Conflict, Forbidden, InternalError, InvalidInput
from meguru.kernel import events
from meguru.kernel.events import guards
from meguru.kernel.events.schema import event
from meguru.kernel.operations import Context, Operation
from meguru.kernel.principals import Principal
from meguru.mlflow.schema import mlflow_version
from meguru.pipelines.schema import step_run
from meguru.pipelines.types import Failed, StepRun, StepState
from meguru.storage import struct_rows
from meguru.storage.db import rowwise
from meguru.storage.db.raw import RawSql
from meguru.testing.events import declare_events
from meguru.testing.tampering import drop_guards
from meguru.tracking.operations import create_experiment, finish, list_runs, log, show, start, sweep
from meguru.tracking.schema import experiment
from meguru.tracking.types import MetricPoint

if TYPE_CHECKING:
    from meguru.kernel.workspace import Workspace

READER = Principal(name="reader", permissions=frozenset({"*:read"}))


def csv(folder: Path, name: str, *rows: str) -> Path:
    """Write a small file of flights."""
    path = folder / name
    path.write_text("\n".join(["day,delay", *rows, ""]), encoding="utf-8")
    return path


_ROW = {"name": "new", "note": "", "created_at": datetime(2026, 3, 1, tzinfo=UTC), "created_by": "me"}
_OLD = {"name": "old"}
declare_events("test.named", "test.started", "test.finished")


def add_old(tx: Connection) -> object:
    """Add a row to be changed."""
    # The row alone, without what refers to it: it can be deleted.
    return tx.execute(insert(experiment).values(_ROW | _OLD))


REWRITES = (
    "UPDATE event SET actor = 'nobody'",
    "DELETE FROM event WHERE seq = 1",
    "DELETE FROM event",
    "UPDATE event_head SET seq = seq - 1",
    "DELETE FROM event_head",
    "DELETE FROM edge",
    "UPDATE edge SET event_seq = 2",
)
SQLITE_REWRITES = (
    "INSERT OR REPLACE INTO event SELECT * FROM event WHERE seq = 1",
    (
        "REPLACE INTO event SELECT seq + 9, id, type, at, actor, operation, subject, project, cause, data, "
        "used, produced, previous, hash FROM event WHERE seq = 1"
    ),
    "INSERT OR REPLACE INTO event_head VALUES (1, 0, '')",
)
CHANGES: dict[str, Callable[[Connection], object]] = {
    "insert": lambda tx: tx.execute(insert(experiment).values(_ROW)),
    "update": lambda tx: tx.execute(update(experiment).values(note="x")),
    "delete": lambda tx: tx.execute(delete(experiment)),
    "text": lambda tx: tx.execute(text("UPDATE experiment SET note = 'x'")),
    "rowwise insert": lambda tx: rowwise.insert(tx, experiment, _ROW),
    "rowwise inserts": lambda tx: rowwise.insert(tx, experiment, _ROW, _ROW | {"name": "newer"}),
    "rowwise update": lambda tx: rowwise.update(tx, experiment, _OLD, {"note": "x"}),
    "rowwise update_each": lambda tx: rowwise.update_each(tx, experiment, "name", _OLD | {"note": "x"}),
    "rowwise delete": lambda tx: rowwise.delete(tx, experiment, _OLD),
    "raw": lambda tx: RawSql(tx).execute(" update experiment SET note = ?", ["x"]),
    "raw once": lambda tx: RawSql(tx).execute_once("DELETE FROM experiment"),
    "raw many": lambda tx: RawSql(tx).executemany("UPDATE experiment SET note = ?", [["x"], ["y"]]),
    "raw after a read": lambda tx: (
        rowwise.has(tx, experiment, _OLD),
        RawSql(tx).execute("DELETE FROM experiment"),
        rowwise.has(tx, experiment, _OLD),
    ),
}
"""Each way to change a row of a table in which there is one called `old`."""
READS: dict[str, Callable[[Connection], object]] = {
    "select": lambda tx: tx.execute(select(experiment).with_for_update()).all(),
    "with": lambda tx: tx.execute(select(select(experiment).cte("deleted_from"))).all(),
    "rowwise": lambda tx: rowwise.select(tx, experiment, _OLD),
    "raw with": lambda tx: RawSql(tx).execute("WITH x AS (SELECT name FROM experiment) SELECT * FROM x"),
    "no row": lambda tx: rowwise.update(tx, experiment, {"name": "none"}, {"note": "x"}),
    "savepoint": lambda tx: (
        RawSql(tx).execute("SAVEPOINT one"),
        RawSql(tx).execute("RELEASE SAVEPOINT one"),
    ),
}


def changing(work: Callable[[Connection], object], *, tells: bool = False) -> Operation[[], None]:
    """Return an operation that does some work, and tells of it or not."""

    def change(ctx: Context) -> None:
        work(ctx.tx)
        if tells:
            ctx.emit("experiment.created", "experiment/new", data={"name": "new", "number": 1, "note": ""})

    return Operation(change, "experiment.test", "experiment:write", query=False, evented=True)


class WorkspaceContract:
    """Subclass it, with a fixture `workspace` that gives an empty one."""

    def test_a_dataset_grows_and_every_version_stays(self, workspace: Workspace, tmp_path: Path) -> None:
        first = add_files(workspace, "flights", csv(tmp_path, "01.csv", "1,5", "2,NA"))
        second = add_files(workspace, "flights", csv(tmp_path, "02.csv", "3,1.5"), mode="append")
        assert [version.ref for version in versions(workspace, name="flights")] == [second.ref, first.ref]
        assert frame(workspace, first.ref).rows() == [(1, 5), (2, None)]
        assert frame(workspace, "flights@latest").rows() == [(1, 5.0), (2, None), (3, 1.5)]
        with workspace.read() as tx:
            last = events.latest(tx, subject=second.ref)
        assert last is not None
        assert (last.used, last.produced) == ((first.ref,), (second.ref,))

    def test_a_refused_change_leaves_nothing(self, workspace: Workspace, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput):
            add_files(workspace, "flights", csv(tmp_path, "01.csv", "1,5"), event_time="nothing")
        with workspace.read() as tx:
            assert events.head(tx) == 0
        assert list_datasets(workspace).items == []

    def test_a_forbidden_change_is_only_told_of(self, workspace: Workspace) -> None:
        with pytest.raises(Forbidden):
            create_experiment(workspace.with_(principal=READER), name="delay")
        with workspace.read() as tx:
            assert [item.type for item in events.read(tx)] == ["access.denied"]

    def test_a_change_without_an_event_is_refused_however_it_is_written(self, workspace: Workspace) -> None:
        changing(add_old, tells=True)(workspace)
        for change in CHANGES.values():
            with pytest.raises(InternalError, match="without an event"):
                changing(change)(workspace)
            with workspace.read() as tx:
                assert rowwise.first(tx, experiment, _OLD, ["name", "note"]) == {"name": "old", "note": ""}
        changing(CHANGES["raw many"], tells=True)(workspace)

    def test_a_look_needs_no_event(self, workspace: Workspace) -> None:
        changing(add_old, tells=True)(workspace)
        for look in READS.values():
            changing(look)(workspace)

    def test_a_read_transaction_can_not_write(self, workspace: Workspace) -> None:
        with pytest.raises(DBAPIError), workspace.read() as tx:
            tx.execute(delete(event))
        create_experiment(workspace, name="still-writable")

    def test_a_key_is_answered_once_even_to_many_at_once(self, workspace: Workspace) -> None:
        def ask(_: int) -> str:
            return start(workspace.with_(idempotency_key="one"), experiment="delay").id

        with ThreadPoolExecutor(4) as pool:
            found = set(pool.map(ask, range(8)))
        assert len(found) == 1
        assert len(list_runs(workspace).items) == 1
        with pytest.raises(Conflict):
            start(workspace.with_(idempotency_key="one"), experiment="other")

    def test_writers_at_once_make_one_chain_without_gaps(self, workspace: Workspace, tmp_path: Path) -> None:
        files = [csv(tmp_path, f"{number}.csv", f"{number},1") for number in range(8)]
        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(lambda file: add_files(workspace, "flights", file, mode="append"), files))
        assert sorted(version.version for version in made) == list(range(1, 9))
        newest = versions(workspace, name="flights", limit=1)[0]
        assert (newest.files, newest.rows) == (8, 8)
        with workspace.read() as tx:
            verdict = events.verify(tx)
        assert (verdict.intact, verdict.checked) == (True, 8)

    def test_the_database_refuses_to_change_what_the_log_says(self, workspace: Workspace) -> None:
        with workspace.db.write() as tx:
            told: Any = {"type": "test.named", "at": workspace.clock.now(), "actor": "a", "operation": "o"}
            events.append(tx, **told, subject="s", used=["x"], produced=["y"])
        refused = r"only ever added to|only goes forward|is kept"
        for statement in (*REWRITES, *(SQLITE_REWRITES if workspace.db.is_sqlite else ["TRUNCATE event"])):
            with pytest.raises(DBAPIError, match=refused), workspace.db.write() as tx:
                tx.exec_driver_sql(statement)
        with workspace.read() as tx:
            assert (events.verify(tx).intact, guards.missing(tx)) == (True, [])

    def test_a_changed_event_is_named(self, workspace: Workspace) -> None:
        for name in ("a", "b", "c"):
            create_experiment(workspace, name=name)
        with workspace.db.write() as tx:
            drop_guards(tx)
            tx.execute(update(event).where(event.c.seq == 2).values(actor="somebody-else"))
        with workspace.read() as tx:
            verdict = events.verify(tx)
        assert (verdict.intact, verdict.seq) == (False, 2)
        assert verdict.event.startswith("evt-")

    @pytest.mark.parametrize("lost", [1, 2, 3])
    def test_a_removed_event_is_noticed(self, workspace: Workspace, lost: int) -> None:
        for name in ("a", "b", "c"):
            create_experiment(workspace, name=name)
        with workspace.db.write() as tx:
            drop_guards(tx)
            tx.execute(delete(event).where(event.c.seq == lost))
        with workspace.read() as tx:
            verdict = events.verify(tx)
        assert (verdict.intact, verdict.checked) == (False, lost - 1)
        assert verdict.why

    def test_an_added_event_is_noticed(self, workspace: Workspace) -> None:
        create_experiment(workspace, name="a")
        with workspace.db.write() as tx:
            row = dict(tx.execute(event.select()).one()._mapping)
            tx.execute(insert(event).values({**row, "seq": 2, "id": "evt-forged"}))
        with workspace.read() as tx:
            verdict = events.verify(tx)
        assert (verdict.intact, verdict.seq, verdict.event) == (False, 2, "evt-forged")

    def test_waiting_ends_with_the_next_event(self, workspace: Workspace) -> None:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(events.wait, workspace, after=0, timeout=60)
            create_experiment(workspace, name="delay")
            assert waiting.result(timeout=60) == 1
        assert events.wait(workspace, after=1, timeout=0) == 1

    @pytest.mark.parametrize("told", [True, False], ids=["by this process", "by another"])
    def test_waiting_for_some_types_ends_with_one_of_them(self, workspace: Workspace, *, told: bool) -> None:
        wakes = {"test.started"}.__contains__

        def say(kind: str) -> None:
            def emit(ctx: Context) -> None:
                ctx.emit(kind, "test/1")

            # What is quiet is announced to nobody here, just as what another process commits.
            op = Operation(emit, "run.say", "run:write", query=False, evented=True, quiet=not told)
            op(workspace)

        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(events.wait, workspace, after=0, timeout=60, wakes=wakes)
            for kind in ("test.named", "test.started", "test.finished"):
                say(kind)
            assert waiting.result(timeout=60) in {1, 2, 3}
        say("test.finished")
        assert events.wait(workspace, after=3, timeout=0.3, wakes=wakes) == 3
        say("test.started")
        assert events.wait(workspace, after=3, timeout=30, wakes=wakes) == 5

    def test_waiting_for_work_ends_with_what_anybody_commits(self, workspace: Workspace) -> None:
        seen = workspace.watch.notification_count("work")
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(events.wait_for_notification, workspace, "work", seen=seen, timeout=60)
            with workspace.db.write() as tx:
                now = datetime.now(UTC)
                events.append(tx, type="test.started", at=now, actor="a", operation="o", subject="s")
            waiting.result(timeout=60)
        assert workspace.watch.notification_count("work") > seen

    def test_rows_written_round_sqlalchemy_are_as_it_writes_them(self, workspace: Workspace) -> None:
        now = datetime.now(UTC)
        texts = ("source", "storage", "run", "run_link", "logged_model", "description", "stage")
        row: dict[str, Any] = dict.fromkeys([*texts, "created_by"], "?%s'") | {
            "name": "m",
            "version": 1,
            "tags": {"b": "1", "a": ""},
            "deleted": False,
            "created_at": now,
            "updated_at": now,
        }
        with workspace.db.write() as tx:
            rowwise.insert(tx, mlflow_version, row)
            tx.execute(insert(mlflow_version).values(row | {"version": 2, "deleted": True}))
            assert rowwise.update(tx, mlflow_version, {"name": "m", "deleted": False}, {"stage": "s"}) == 1
            rowwise.update_each(tx, mlflow_version, "version", {"version": 2, "stage": "t"})
        with workspace.read() as tx:
            read = [dict(each._mapping) for each in tx.execute(mlflow_version.select().order_by("version"))]
            assert rowwise.select(tx, mlflow_version, {"name": "m"}, order="version") == read
        assert read == [row | {"stage": "s"}, row | {"version": 2, "deleted": True, "stage": "t"}]

    def test_structs_are_rows_as_sqlalchemy_writes_and_reads_them(self, workspace: Workspace) -> None:
        now = datetime(2026, 3, 1, 12, 30, 0, 5, tzinfo=timezone(timedelta(hours=9)))
        run = StepRun(
            id="r.a?%s",
            run="r",
            pipeline="p",
            step="a?%s",
            state=StepState.FAILED,
            items=2,
            due_at=now,
            key="k",
            parts={"b": [1.5, None, "?%s'"], "a": {}},
            outputs=[Value(kind="plain", digest="d", size=1)],
            failed=Failed(step="a", type="ValueError", message="ü"),
            busy_seconds=0.5,
        )
        other = msgspec.structs.replace(run, id="r.b", failed=None, parts={})
        with workspace.db.write() as tx:
            struct_rows.insert(RawSql(tx), "step_run", run, other)
            copy = msgspec.structs.asdict(run) | {"id": "copy"}
            tx.execute(insert(step_run).values(copy))
            long = msgspec.structs.replace(run, id="r.c", step="s" * 101)
            with pytest.raises(InvalidInput, match="step is too long"):
                struct_rows.insert(RawSql(tx), "step_run", long)
        with workspace.read() as tx:
            query = text("SELECT * FROM step_run WHERE failed <> 'null'")
            rows = [dict(row) | {"id": ""} for row in tx.execute(query).mappings()]
            read = struct_rows.select(RawSql(tx), StepRun, "step_run", "run = ? ORDER BY id DESC", ("r",))
        assert rows[0] == rows[1]
        assert read == [other, run, msgspec.structs.replace(run, id="copy")]

    def test_points_of_many_writers_are_all_kept(self, workspace: Workspace) -> None:
        run = start(workspace, experiment="delay").id

        def write(number: int) -> None:
            log(workspace, run=run, metrics=[MetricPoint(key="auc", value=float(number), step=number)] * 50)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(write, range(8)))
        summary = finish(workspace, run=run).metrics["auc"]
        assert (summary.count, summary.value, summary.minimum, summary.maximum) == (400, 7.0, 0.0, 7.0)

    def test_times_keep_their_microseconds_and_zone(self, workspace: Workspace) -> None:
        made = start(workspace, experiment="delay")
        kept = show(workspace, run=made.id)
        assert kept.started_at == made.started_at
        assert kept.started_at.utcoffset() == timedelta(0)

    def test_a_silent_run_is_swept_once_even_by_many(self, workspace: Workspace) -> None:
        past = workspace.with_()
        past.clock = FixedClock(workspace.clock.now() - timedelta(minutes=5))
        runs = [start(past, lease=60).id for _ in range(5)]
        alive = start(workspace, lease=60)
        with ThreadPoolExecutor(4) as pool:
            swept = [run.id for found in pool.map(lambda _: sweep(workspace), range(4)) for run in found]
        assert sorted(swept) == runs
        assert [run.id for run in list_runs(workspace, state="running").items] == [alive.id]
        with workspace.read() as tx:
            assert len(events.read(tx, types=("run.finished",))) == 5
