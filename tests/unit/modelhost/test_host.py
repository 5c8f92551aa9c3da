"""A host that dies, hangs, prints, takes too much or answers nonsense harms nobody but itself."""

import os
import signal
import tempfile
import time

import polars as pl
import pytest

from meguru.errors import Busy, InvalidInput, TimedOut
from meguru.modelhost import host as host_module
from meguru.modelhost import manifest, row_forms, wire
from meguru.modelhost.host import HostFailed, ModelHost
from meguru.tasks import WrongShape


def area(value):
    return pl.DataFrame({"area": [float(value)]})


@pytest.fixture(scope="module")
def folder(project, tmp_path_factory):
    from meguru.flavors.bundle_writer import save_bundle
    from meguru.flavors.model import Model

    place = tmp_path_factory.mktemp("models") / "model"
    save_bundle(Model(estimator=project.misbehaves, example=area(10), task="regression"), place)
    return place


@pytest.fixture
def host(folder):
    made = ModelHost(folder, seconds=20, memory=2 << 30)
    yield made
    made.close()


def test_what_it_prints_stays_out_of_its_answers(host):
    assert host.ask(area(1)).tolist() == [1.0]


def test_what_its_code_raises_is_told_and_it_goes_on(host):
    with pytest.raises(HostFailed, match="ValueError: no such area"):
        host.ask(area(2))
    with pytest.raises(HostFailed, match="bye"):
        host.ask(area(8))
    first = host.pid
    assert host.ask(area(9)).tolist() == [9.0]
    assert host.pid == first


def test_one_that_takes_too_long_is_ended_and_started_anew(folder):
    host = ModelHost(folder, seconds=5)
    host.ask(area(9))
    host.seconds = 0.3
    with pytest.raises(TimedOut):
        host.ask(area(3))
    assert host.pid is None
    host.seconds = 20
    assert host.ask(area(9)).tolist() == [9.0]
    host.close()


def test_one_that_dies_in_an_answer_says_so_and_is_started_anew(host):
    with pytest.raises(Busy) as refused:
        host.ask(area(4))
    assert "code 7" in refused.value.why
    assert host.ask(area(9)).tolist() == [9.0]


def test_one_that_was_killed_while_nobody_asked_it_is_started_without_a_word(host):
    host.ask(area(9))
    process = host._running.process
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert host.ask(area(9)).tolist() == [9.0]


def test_one_that_dies_again_and_again_is_not_started_each_time(host):
    for _ in range(2):
        with pytest.raises(Busy):
            host.ask(area(4))
    with pytest.raises(Busy) as refused:
        host.ask(area(9))
    assert "2 times in a row" in refused.value.why


def test_it_gets_no_more_memory_than_it_may_use(host):
    with pytest.raises(HostFailed, match="Memory"):
        host.ask(area(7))
    assert host.ask(area(9)).tolist() == [9.0]


def test_an_answer_that_is_too_long_is_refused_by_its_length_and_the_process_goes_on(folder):
    host = ModelHost(folder, seconds=20, answer=150)
    try:
        with pytest.raises(HostFailed, match="its answer has 192 bytes, and one may have 150: ask for fewer"):
            host.ask(area(5))
        first = host.pid
        assert host.ask(area(9)).tolist() == [9.0]
        assert host.pid == first
        # Code that writes round the bound of its process: the server reads none of it.
        host.answer = 100
        with pytest.raises(HostFailed, match="may have 100"):
            host.ask(pl.DataFrame({"area": [9.0] * 15}))
        assert host.pid is None
    finally:
        host.close()


def test_an_answer_of_another_shape_is_no_answer(host):
    from meguru.tasks import task_of

    with pytest.raises(WrongShape):
        task_of("regression").answer(host.ask(area(5)), 1)
    with pytest.raises(HostFailed, match="ValueError"):
        host.ask(area(6))


def test_it_ends_with_who_asks_it(folder):
    host = ModelHost(folder)
    host.ask(area(9))
    pid = host.pid
    del host
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    pytest.fail("it outlives its model")


def test_code_that_can_not_be_imported_is_the_models_fault(folder, tmp_path):
    import shutil

    broken = shutil.copytree(folder, tmp_path / "broken")
    (broken / manifest.CODE / "ratebook.py").write_text("import a_library_that_nobody_has\n")
    host = ModelHost(broken)
    with pytest.raises(InvalidInput) as refused:
        host.ask(area(9))
    assert "a_library_that_nobody_has" in refused.value.why


def test_it_sees_no_secret_and_no_file_of_the_machine(project, saved, monkeypatch):
    monkeypatch.setenv("MEGURU_TOKEN", "mgr_secret")
    model = saved(project.looks)
    answer = model.predict(area(1)).tolist()
    if model.predictor.host.kept_from != ["network", "files", "processes"]:
        pytest.skip("the kernel does not let files be taken away")
    assert answer == [0.0]


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (wire.Head(kind="array", shape=(3,)), b"12345678"),
        (wire.Head(kind="array", shape=(-1,)), b"12345678"),
        (wire.Head(kind="named"), b"\xc1"),
        (wire.Head(kind="ready"), b""),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(head, body):
    with pytest.raises(wire.BrokenWire):
        wire.unpack_answer(head, bytearray(body))


def test_a_message_beyond_all_bounds_is_not_read():
    import socket
    import struct

    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(struct.pack("<IQ", 10, 1 << 60))
        with pytest.raises(wire.AnswerTooLong):
            wire.receive(ours)


def test_a_process_that_can_not_be_started_leaves_nothing(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for place, error in (("_popen", OSError), ("_command", InvalidInput)):
        with monkeypatch.context() as patch:
            patch.setattr(host_module, place, raises(error("no")))
            with pytest.raises(error):
                ModelHost(folder).ask(area(10))
    assert not list(tmp_path.iterdir())


def raises(error):
    def act(*_, **__):
        raise error

    return act


def test_an_answer_that_is_nested_without_end_breaks_the_wire_and_nothing_else():
    nested = b"\x81\xa1x" + b"\x91" * 200_000 + b"\xc0"
    with pytest.raises(wire.BrokenWire):
        wire.unpack_answer(wire.Head(kind="named"), bytearray(nested))


def test_an_annotation_that_names_nothing_is_none():
    def predict(frame: "pl.DataFrme"):
        return frame

    assert row_forms.wanted(predict) == "trained"


def test_a_question_that_is_broken_off_here_is_not_answered_to_the_next_one(host, monkeypatch):
    assert host.ask(area(9)).tolist() == [9.0]
    with monkeypatch.context() as patch:
        patch.setattr(wire, "receive", raises(MemoryError()))
        with pytest.raises(MemoryError):
            host.ask(area(9))
    assert host.pid is None
    assert host.ask(area(10)).tolist() == [10.0]
