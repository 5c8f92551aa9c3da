"""Checkpoints are signed when they are due, written once to each place, and waited with while it is away."""

from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import msgspec
import pytest

from meguru.artifacts.log import list_events
from meguru.audit.checkpoints import store
from meguru.audit.checkpoints.kind import CheckpointSpec
from meguru.audit.checkpoints.operations import list_checkpoints, specs, take
from meguru.audit.checkpoints.places import place_of
from meguru.audit.checkpoints.writer import MAX_SILENT_FAILURES, CheckpointWriter
from meguru.audit.verify import verify
from meguru.errors import InvalidInput, MeguruError
from meguru.governance.signing_keys.operations import list_keys, revoke
from meguru.governance.signing_keys.server import server_key
from meguru.signing.checkpoint import read_checkpoints
from meguru.tracking.operations import create_experiment


@pytest.fixture
def ws(workspace, clock):
    workspace.clock = clock
    return workspace


def declared(ws, *places, every="10m"):
    specs.declare(ws, name="vault", spec=CheckpointSpec(to=list(places), every=every))
    return CheckpointWriter(ws)


def sizes(file):
    return [head.size for _, head in read_checkpoints(file.read_text())]


def test_a_checkpoint_is_written_when_something_happened_long_enough_ago(ws, clock, tmp_path):
    file = tmp_path / "vault"
    writer = declared(ws, f"file:{file}")
    assert (writer.tick(), sizes(file)) == (1, [1])
    clock.move(timedelta(hours=1))
    writer.tick()  # the key that was made for the first one is an event too
    clock.move(timedelta(hours=1))
    assert (writer.tick(), sizes(file)) == (0, [1, 2])
    create_experiment(ws, name="a")
    clock.move(timedelta(minutes=-119))
    assert writer.tick() == 1  # a clock that was set back waits for nothing
    create_experiment(ws, name="b")
    assert writer.tick() == 0
    clock.move(timedelta(minutes=10))
    assert (writer.tick(), sizes(file)) == (1, [1, 2, 3, 4])
    (shown,) = list_checkpoints(ws)
    assert [(each.written, each.error) for each in shown.places] == [(4, "")]
    found = verify(ws, checkpoints={"vault": file.read_text()})
    assert (found.intact, found.checkpoints, found.covered) == (True, 4, 4)


def test_a_kill_in_the_middle_of_a_line_is_made_good(ws, tmp_path):
    file = tmp_path / "vault"
    declared(ws, f"file:{file}").tick()
    create_experiment(ws, name="a")
    take(ws)
    with ws.read() as tx:
        notes = [(each.size, each.note) for each in store.heads(tx)]
    whole = "".join(f"{note}\n" for _, note in notes)
    place = place_of(f"file:{file}", ws.settings)
    for end in (0, 1, len(notes[0][1]), len(notes[0][1]) + 1, len(whole) - 1, len(whole)):
        file.write_text(whole[:end])
        place.write(notes)
        assert file.read_text() == whole
        place.write(notes[1:])
        assert file.read_text() == whole
    file.write_text("a diary")
    with pytest.raises(MeguruError, match="something else"):
        place.write(notes)


def test_a_place_that_is_away_is_tried_again_told_of_and_holds_up_no_other(ws, clock, tmp_path):
    away, there = tmp_path / "disk" / "vault", tmp_path / "there"
    writer = declared(ws, f"file:{away}", f"file:{there}", every="5s")
    for number in range(MAX_SILENT_FAILURES + 3):
        create_experiment(ws, name=f"e{number}")
        writer.tick()
        clock.move(timedelta(minutes=11))
    told = list_events(ws, type="checkpoint.unwritten").items
    assert [(each.data["place"], each.data["why"]) for each in told] == [
        (f"file:{away}", "No such file or directory")
    ]
    away.parent.mkdir()
    writer.tick()
    assert sizes(away) == sizes(there)
    assert len(sizes(there)) > MAX_SILENT_FAILURES
    assert len(list_events(ws, type="checkpoint.written_again").items) == 1


def test_one_of_two_servers_writes_and_another_takes_over_after_a_kill(ws, clock, tmp_path):
    file = tmp_path / "vault"
    first, second = declared(ws, f"file:{file}"), CheckpointWriter(ws)
    create_experiment(ws, name="a")
    first._sign()
    with ws.read() as tx:
        (place,) = store.places(tx)
    with ws.db.write() as tx:  # it is killed while it writes
        assert store.acquire_lease(tx, place, "killed", clock.now(), clock.now() + timedelta(minutes=2))
    assert (first.tick(), second.tick(), file.exists()) == (0, 0, False)
    clock.move(timedelta(minutes=3))
    assert (second.tick(), first.tick()) == (1, 0)
    assert sizes(file)
    with ws.db.write() as tx:
        assert not store.record_progress(tx, place, "killed", {"failures": 9})


class Receiver(BaseHTTPRequestHandler):
    taken: list = []  # noqa: RUF012

    def do_POST(self):
        self.taken.append(msgspec.json.decode(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204 if len(self.taken) > 1 else 503)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_a_webhook_is_called_until_it_takes_the_checkpoint(ws, clock):
    ws.settings = msgspec.structs.replace(ws.settings, webhook_private=True)
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        writer = declared(ws, f"webhook:http://127.0.0.1:{server.server_port}/log")
        assert writer.tick() == 0
        clock.move(timedelta(minutes=1))
        assert writer.tick() == 1
        server.shutdown()
        thread.join()
    assert [each["size"] for each in Receiver.taken] == [1, 1]
    assert verify(ws, checkpoints={"hook": Receiver.taken[1]["checkpoint"]}).intact


def test_what_a_revoked_key_signed_after_that_counts_for_nothing(ws, clock, tmp_path):
    before = take_after(ws, clock, "a")
    (key,) = list_keys(ws, owner="")
    clock.move(timedelta(minutes=1))
    stolen = clock.now()
    after = take_after(ws, clock, "b")
    clock.move(timedelta(minutes=1))
    with ws.read() as tx:
        signing = server_key(ws, tx)
    ((_, head),) = read_checkpoints(after.note)
    undated = msgspec.structs.replace(head, at=None).signed(signing).written
    assert verify(ws, checkpoints={"undated": undated}).intact
    revoke(ws, id=key.id, reason="the disk was sold", since=stolen)
    (fault,) = verify(ws, checkpoints={"undated": undated}).faults
    assert "does not say when it was signed" in fault.why
    found = verify(ws, checkpoints={"before": before.note, "after": after.note})
    (fault,) = found.faults
    assert (found.intact, fault.size, fault.place) == (False, after.size, "after, line 1")
    assert "the disk was sold" in fault.why
    newer = take_after(ws, clock, "c")
    assert newer.key != key.id
    assert verify(ws, checkpoints={"before": before.note, "newer": newer.note}).intact


def take_after(ws, clock, name):
    clock.move(timedelta(minutes=1))
    create_experiment(ws, name=name)
    return take(ws)


def test_a_log_that_became_shorter_is_not_signed(ws, clock, tmp_path):
    from meguru.testing.tampering import cut_off, drop_guards

    for name in "abc":
        create_experiment(ws, name=name)
    take(ws)
    with ws.db.write() as tx:
        drop_guards(tx)
        cut_off(tx, 2)
    with pytest.raises(MeguruError, match="no checkpoint of this log"):
        take(ws)
    declared(ws, f"file:{tmp_path / 'vault'}").tick()  # what was signed is still written
    assert sizes(tmp_path / "vault") == [3]
    assert "ends at 3" not in verify(ws).why
    assert not verify(ws).intact


@pytest.mark.parametrize(
    "place",
    [
        "",
        "vault",
        "file:vault",
        "ftp://x/y",
        "s3://",
        "s3://key:secret@bucket/x",
        "s3://bucket/x?look=1d",
        "gs://bucket/x?lock=1d",
        "s3://bucket/x?lock=soon",
        "webhook:ftp://x",
        "webhook:http://127.0.0.1/x",
    ],
)
def test_a_place_that_is_none_is_refused_where_it_is_declared(workspace, place):
    with pytest.raises(InvalidInput) as refused:
        declared(workspace, place)
    assert refused.value.field == "to[0]"
    assert "secret" not in refused.value.what
