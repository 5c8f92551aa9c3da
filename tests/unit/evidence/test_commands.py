"""Packs on the command line: checked without a workspace, in one JSON object, whatever was found."""

import json
import sys

import pytest

from meguru.cli.errors import run
from meguru.cli.root import root
from meguru.evidence.types import EVENTS
from meguru.governance.signing_keys.server import ensure_server_key
from meguru.testing.forged_packs import forged


@pytest.fixture
def verify(monkeypatch, capfdbinary, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(data, *words):
        (tmp_path / "pack").write_bytes(data)
        monkeypatch.setattr(sys, "argv", ["meguru", "evidence", "verify", "pack", *words])
        code = run(root)
        caught = capfdbinary.readouterr()
        return code, caught.out.decode(), caught.err.decode()

    return call


def test_a_whole_pack_is_told_with_who_vouched_for_it(verify, pack, released, tmp_path):
    key = ensure_server_key(released).public.text
    assert "for which nobody vouched" in verify(pack)[1]
    (tmp_path / "keys").write_text(f"# the server\n{key} of 2026\n")
    for trusted in (key, "keys"):
        code, out, _ = verify(pack, "--trust", trusted)
        assert (code, f"signed by the key that you trust: {key}" in out) == (0, True)
    code, _, err = verify(pack, "--trust", "nothing")
    assert (code, "no key can be read there" in err) == (1, True)


def test_a_pack_that_is_not_whole_is_one_json_object_and_an_exit_code(verify, pack):
    code, out, _ = verify(pack[:-1], "--json")
    assert (code, json.loads(out)["whole"]) == (1, False)
    code, out, err = verify(pack[:-1])
    assert (code, out, "is not whole" in err) == (1, "", True)


def test_the_words_of_a_forger_steer_no_terminal(verify, pack):
    def loud(parts):
        parts[EVENTS] = b'{"seq":"\\u001b[2Jwhole"}\n' + parts[EVENTS]

    code, out, err = verify(forged(pack, loud))
    assert (code, "[2Jwhole" in err, "\x1b" in out + err) == (1, True, False)
