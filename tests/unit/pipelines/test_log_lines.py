"""From a step's bytes to lines: streams, times, terminal codes, progress bars, secrets."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meguru.compute.logs.files import FIRST_BYTES, LAST_BYTES, GrowingLog, read_ended
from meguru.compute.logs.lines import MAX_LINE, LineReader
from meguru.compute.logs.mask import Masker, secrets_of
from meguru.compute.logs.records import HEAD_BYTES, head

MiB = 1 << 20


def read(*pieces: bytes) -> list[str]:
    lines = LineReader(0)
    return [text for piece in pieces for _, _, text in lines.feed(piece)] + [one[2] for one in lines.end()]


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        (b"plain\n", ["plain"]),
        (b"no end", ["no end"]),
        (b"\n\n", ["", ""]),
        (b"dos\r\nends\r\n", ["dos", "ends"]),
        (b"\r 10%\r 20%\r100%\n", ["100%"]),
        (b"10%\r20%\r", ["20%"]),
        (b"\x1b[1;31mred\x1b[0m \x1b]0;title\x07\x1bMup\n", ["red up"]),
        (b"bad \xff\xfe utf\n", ["bad \\xff\\xfe utf"]),
        ("日本 é\n".encode(), ["日本 é"]),
        (b"nul\x00bell\x07tab\t.\n", ["nulbelltab\t."]),
        ("a\u2028b\n".encode(), ["ab"]),
        (b"\x1e\x1f not a head\n", [" not a head"]),
    ],
)
def test_what_a_terminal_would_show_is_what_is_kept(printed, shown):
    assert read(printed) == shown


def test_each_write_has_its_stream_and_time_and_no_two_lines_have_the_same_time():
    data = (
        head(b"o", 50, 4)
        + b"a\nb\n"
        + head(b"W", 50, 5)
        + b"warn\n"
        + b"native\n"
        + head(b"e", 90, 2)
        + b"e\n"
    )
    assert LineReader(0).feed(data) == [
        (50, "out", "a"),
        (51, "out", "b"),
        (52, "warning", "warn"),
        (53, "out", "native"),
        (90, "err", "e"),
    ]


def test_a_step_cannot_fake_the_stream_of_a_line():
    forged = head(b"C", 10**15, 5) + b"fake\n"
    shown = LineReader(0).feed(head(b"o", 7, len(forged)) + forged)
    assert [(at, stream) for at, stream, _ in shown] == [(7, "out")]


def test_pieces_of_two_streams_that_mix_stay_lines_of_their_own():
    lines = LineReader(0)
    data = head(b"o", 1, 4) + b"one " + head(b"e", 2, 4) + b"err\n" + head(b"o", 3, 4) + b"two\n"
    assert lines.feed(data) == [(2, "err", "err"), (3, "out", "one two")]


PIECES = st.lists(
    st.tuples(
        st.sampled_from(b"oeDIWEC"),
        st.sampled_from([b"ab", b"\n", b"\r", b"x\ny", b"\x1e", b"\xff", b"q" * 50]),
    ),
    max_size=8,
)


@given(PIECES, st.lists(st.integers(0, 600), max_size=6))
def test_lines_do_not_depend_on_where_reading_paused(pieces, cuts):
    data = b"".join(head(bytes([kind]), n, len(text)) + text for n, (kind, text) in enumerate(pieces))
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    apart, together = LineReader(0), LineReader(0)
    found = [line for a, b in pairwise(places) for line in apart.feed(data[a:b])]
    assert found + apart.end() == together.feed(data) + together.end()


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=4))
def test_whatever_bytes_a_step_prints_become_lines(data, cuts):
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    lines = LineReader(0)
    found = [line for a, b in pairwise(places) for line in lines.feed(data[a:b])]
    found += lines.end()
    assert all("\n" not in text and "\x00" not in text for _, _, text in found)
    times = [at for at, _, _ in found]
    assert times == sorted(set(times))


def test_of_a_very_long_line_the_start_is_kept_and_told_how_much_is_not(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(head(b"o", 5, 100 * MiB + 1) + b"x" * (100 * MiB) + b"\n" + head(b"o", 6, 4) + b"end\n")
    lines, dropped = read_ended(path, 0)
    assert dropped == path.stat().st_size - FIRST_BYTES - LAST_BYTES
    (_, _, note), (_, _, long), (_, _, last) = lines
    assert "are not kept" in note
    assert long.startswith("x" * MAX_LINE)
    assert len(long) < MAX_LINE + 2000
    assert long.endswith(" bytes more")
    assert last == "end"


def test_of_a_very_long_log_the_start_and_the_end_are_kept(tmp_path):
    path = tmp_path / "log"
    line = b"0123456789" * 10 + b"\n"
    with path.open("wb") as file:
        file.writelines(head(b"o", n, len(line)) + line for n in range(200_000))
        file.write(head(b"e", 10**9, 5) + b"last\n")
    lines, dropped = read_ended(path, 0)
    kept = sum(len(text) + 1 for _, _, text in lines)
    assert dropped > 0
    assert (FIRST_BYTES + LAST_BYTES) * 0.7 < kept < FIRST_BYTES + LAST_BYTES
    assert lines[0][:2] == (0, "out")
    assert lines[-1] == (10**9, "err", "last")
    assert sum(stream == "note" for _, stream, _ in lines) == 1
    assert [at for at, _, _ in lines] == sorted({at for at, _, _ in lines})


def test_a_look_at_a_growing_log_is_bounded_and_frees_what_nobody_will_read(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"")
    growing = GrowingLog(path, 0)
    with path.open("ab", buffering=0) as file:
        for _ in range(40):
            file.write(b"line of a step\n" * (MiB // 15))
            seen = growing.look()
            assert sum(len(text) + 1 for _, _, text in seen) < MiB // 2
        assert seen[-1][2] == "line of a step"
    if sys.platform == "linux" and path.stat().st_blocks * 512 == path.stat().st_size:
        pytest.skip("this file system makes no holes")
    assert path.stat().st_blocks * 512 < 24 * MiB
    assert path.stat().st_size > 39 * MiB
    assert read_ended(path, 0)[0][-1][2] == "line of a step"


def test_a_progress_bar_is_shown_while_its_line_has_not_ended(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"\r 1%\r 2%")
    growing = GrowingLog(path, 0)
    assert growing.look() == []
    assert [text for _, _, text in growing.look(progress=True)] == [" 2%"]
    assert growing.look(progress=True) == []
    path.write_bytes(path.read_bytes() + b"\r100%\n")
    assert [text for _, _, text in growing.look()] == ["100%"]


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("connect to postgresql://joe:hunter2@host/db", "connect to postgresql://joe:***@host/db"),
        ("Authorization: Bearer abc.def.ghi", "Authorization: Bearer ***"),
        ("{'authorization': 'Basic dXNlcjpwYXNz'}", "{'authorization': 'Basic ***'}"),
        ("curl -H 'Authorization: token 0123456789'", "curl -H 'Authorization: token ***'"),
        ("password=hunter2 user=joe", "password=*** user=joe"),
        ('{"db_password": "a b c", "n": 1}', '{"db_password": ***, "n": 1}'),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7", "aws_secret_access_key = ***"),
        ("--api-key=0123abcd --x", "--api-key=*** --x"),
        ("access_token: deadbeef99", "access_token: ***"),
        ("ghp_" + "a1" * 18, "ghp_***"),
        ("hf_" + "Zz9" * 10, "hf_***"),
        ("a jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl.", "a jwt eyJ***."),
        ("mgr_" + "a" * 20, "mgr_***"),
        ("the value s3cr3t-value here", "the value *** here"),
        ("as base64 czNjcjN0LXZhbHVl", "as base64 ***"),
        ("max_tokens=512 token=12 key=name n_secrets 3", "max_tokens=512 token=12 key=name n_secrets 3"),
        (
            "loss=0.31 at http://127.0.0.1:7474/models/delay@3",
            "loss=0.31 at http://127.0.0.1:7474/models/delay@3",
        ),
    ],
)
def test_secrets_are_masked_and_nothing_else_is(printed, shown):
    assert Masker(["s3cr3t-value"]).text(printed) == shown


def test_a_private_key_is_masked_over_its_lines():
    masker = Masker()
    words = [
        "a",
        "-----BEGIN RSA PRIVATE KEY-----",
        "MIIEpAIBAAKC",
        "x==",
        "-----END RSA PRIVATE KEY-----",
        "b",
    ]
    first = masker.lines([(n, "out", text) for n, text in enumerate(words[:3])])
    rest = masker.lines([(n, "out", text) for n, text in enumerate(words[3:], 3)])
    assert [text for _, _, text in first + rest] == ["a", "***", "***", "***", "***", "b"]


def test_only_variables_that_are_named_like_secrets_and_hold_one_count():
    environment = {
        "DB_PASSWORD": "hunter22",
        "aws_secret_access_key": "abcdefgh",
        "HF_TOKEN": "hf_12345",
        "USE_AUTH": "true",
        "SSH_AUTH_SOCK": "/tmp/agent.1",
        "KEYBOARD": "querty-de",
        "API_KEY": "short",
        "HOME": "/home/joe",
        "TOKENIZERS_PARALLELISM": "false",
    }
    assert secrets_of(environment) == ["abcdefgh", "hf_12345", "hunter22"]


@given(st.text(max_size=200))
def test_masking_keeps_the_number_of_lines(text):
    assert Masker(["secret"]).text(text).count("\n") == text.count("\n")


PROGRAM = """
import logging, os, subprocess, sys
from meguru.compute.logs import streams
streams.install()
print("out")
print("err", file=sys.stderr)
logging.getLogger("x").info("unasked")
logging.getLogger("x").error("bad\\nsecond")
os.write(1, b"native\\n")
subprocess.run([sys.executable, "-c", "print('child')"], stdout=sys.stdout, check=True)
print("\\udcff surrogate")
sys.stdout.buffer.write(b"bytes\\n")
assert (sys.stdout.fileno(), sys.stderr.fileno()) == (1, 2)
"""


def test_a_process_marks_its_streams_and_the_levels_of_its_messages(tmp_path):
    with (tmp_path / "log").open("ab") as file:
        subprocess.run([sys.executable, "-c", PROGRAM], stdout=file, stderr=file, check=True)
    lines, _ = read_ended(tmp_path / "log", 0)
    assert [(stream, text) for _, stream, text in lines] == [
        ("out", "out"),
        ("err", "err"),
        ("info", "unasked"),
        ("error", "bad"),
        ("error", "second"),
        ("out", "native"),
        ("out", "child"),
        ("out", "\\udcff surrogate"),
        ("out", "bytes"),
    ]


@pytest.mark.parametrize(
    "line",
    [b"plain\n", b"password=hunter2\n", b"s3cr3t-value", b"ghp_" + b"a1" * 18, b"\xff token=abcdefgh\n"],
)
def test_what_is_about_to_be_written_is_masked_as_what_was_read_is(line):
    masker = Masker(["s3cr3t-value"])
    text = line.decode(errors="surrogateescape")
    assert masker.bytes(line).decode(errors="surrogateescape") == masker.text(text)


def test_secrets_do_not_reach_the_file_of_a_step(tmp_path):
    program = PROGRAM.partition("print")[0] + "print('it is', os.environ['MY_TOKEN'])"
    with (tmp_path / "log").open("ab") as file:
        command, environment = [sys.executable, "-c", program], os.environ | {"MY_TOKEN": "verysecretvalue"}
        subprocess.run(command, stdout=file, stderr=file, check=True, env=environment)
    assert b"verysecret" not in (tmp_path / "log").read_bytes()
    assert [text for _, _, text in read_ended(tmp_path / "log", 0)[0]] == ["it is ***"]


def test_no_head_is_longer_than_said():
    assert len(head(b"o", 10**16 - 1, 10**12 - 1)) <= HEAD_BYTES
