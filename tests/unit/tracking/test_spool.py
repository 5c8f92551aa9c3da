"""What is on disk between a run and its server."""

from __future__ import annotations

import os

import pytest

from meguru.tracking import spool as spools
from meguru.tracking.spool import RunSpool, Start, abandoned


@pytest.fixture
def spool(tmp_path):
    made = RunSpool.create(tmp_path, Start(place="here", arguments={"id": "x"}))
    yield made
    made.close()


def point(step):
    return ("m", 1, {"a": (0.5, step)})


def drained(spool):
    found = []
    while (batch := spool.next()) is not None:
        found += batch.records
        spool.done(batch)
    return found


def test_records_come_out_as_they_went_in(spool):
    for step in range(12_000):
        spool.append(point(step))
    spool.append(("t", {"k": "値\n\0"}))
    assert drained(spool) == [
        *(["m", 1, {"a": [0.5, step]}] for step in range(12_000)),
        ["t", {"k": "値\n\0"}],
    ]
    assert spool.waiting() == 0


def test_points_go_together_and_anything_else_goes_alone(spool):
    for record in (point(0), point(1), ("p", {"a": "1"}), ("t", {"b": "2"}), point(2)):
        spool.append(record)
    sizes = []
    while (batch := spool.next()) is not None:
        sizes.append([record[0] for record in batch.records])
        spool.done(batch)
    assert sizes == [["m", "m"], ["p"], ["t"], ["m"]]


def test_a_batch_that_was_begun_is_the_same_for_the_next_process(spool, tmp_path):
    spool.append(point(0))
    begun = spool.next()
    spool.append(point(1))
    again = RunSpool(spool.folder)
    assert again.next() == begun
    again.done(begun)
    assert [record[2] for record in again.next().records] == [{"a": [0.5, 1]}]
    again.close()


def test_a_line_that_was_cut_off_by_death_is_left_out(spool):
    spool.append(point(0))
    whole = spool.waiting()
    spool.append(point(1))
    os.pwrite(spool._records, b"\0" * 10, whole + 5)
    again = RunSpool(spool.folder)
    assert drained(again) == [["m", 1, {"a": [0.5, 0]}]]
    again.close()


def test_space_is_used_again_when_all_is_acknowledged(spool, monkeypatch):
    monkeypatch.setattr(spools, "ROTATE", 1000)
    for turn in range(3):
        for step in range(100):
            spool.append(point(step))
        assert len(drained(spool)) == 100
        spool.rotate()
        assert (spool.turn, spool.waiting()) == (turn + 1, 0)
    spool.append(point(7))
    again = RunSpool(spool.folder)
    assert again.next().key == f"{spool.folder.name}.3.0-{spool.waiting()}"
    again.close()


def test_a_process_that_died_while_space_was_given_back_lost_nothing(spool):
    spool.append(point(0))
    drained(spool)
    os.ftruncate(spool._records, 0)
    again = RunSpool(spool.folder)
    assert (again.turn, again.waiting()) == (1, 0)
    again.close()


def test_a_record_larger_than_a_chunk_is_read_whole(spool, monkeypatch):
    monkeypatch.setattr(spools, "CHUNK", 16)
    spool.append(("t", {"k": "v" * 1000}))
    spool.append(point(0))
    assert [record[0] for record in drained(spool)] == ["t", "m"]


def test_a_spool_is_abandoned_only_when_nobody_holds_it(spool, tmp_path):
    pid = os.fork()
    if pid == 0:  # another process looks
        os._exit(len(list(abandoned(tmp_path))))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    spool.close()
    (found,) = abandoned(tmp_path)
    assert found.start == Start(place="here", arguments={"id": "x"})
    found.remove()
    assert list(tmp_path.iterdir()) == []
    spool._records = spool._sent = spool._held = None


def test_a_new_spool_is_locked_before_another_process_can_find_it(tmp_path, monkeypatch):
    write, found = spools._write_start, []

    def written(folder, start):
        write(folder, start)
        found.extend(abandoned(tmp_path))

    monkeypatch.setattr(spools, "_write_start", written)
    RunSpool.create(tmp_path, Start(place="here", arguments={"id": "x"})).close()
    assert found == []


def test_whoever_looks_for_abandoned_runs_writes_nothing_to_one_that_is_held(spool, tmp_path):
    spool.append(point(0))
    drained(spool)
    os.ftruncate(spool._records, 0)  # as in the middle of `rotate`
    assert list(abandoned(tmp_path)) == []
    assert b"t" not in (spool.folder / "sent").read_bytes()


def test_a_spool_that_is_closed_writes_to_no_file_that_was_opened_since(spool, tmp_path):
    spool.append(point(0))
    spool.close()
    with (tmp_path / "a").open("w+b") as first, (tmp_path / "b").open("w+b") as second:
        with pytest.raises(OSError, match="Bad file descriptor"):
            spool.append(point(1))
        assert [os.fstat(each.fileno()).st_size for each in (first, second)] == [0, 0]
