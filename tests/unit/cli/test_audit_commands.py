"""The audit on the command line: proofs that are checked without a workspace, and questions."""

import json
import sys

import pytest

from meguru.cli.errors import run
from meguru.cli.root import root


@pytest.fixture
def meguru(monkeypatch, capfdbinary, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MEGURU_WORKSPACE", raising=False)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["meguru", *words])
        code = run(root)
        caught = capfdbinary.readouterr()
        return code, caught.out.decode(), caught.err.decode()

    assert call("init")[0] == 0
    assert call("principal", "create", "ana", "--role", "viewer")[0] == 0
    return call


def test_a_log_is_held_against_a_checkpoint_and_one_event_is_proved(meguru, tmp_path):
    assert meguru("audit", "checkpoint", "--out", "vault")[0] == 0
    (tmp_path / "keys").write_text(meguru("audit", "key")[1])
    code, out, _ = meguru("audit", "verify", "--checkpoint", "vault", "--trust", "keys")
    assert code == 0
    assert "1 checkpoints hold, up to entry 1" in out
    code, _, err = meguru("audit", "verify", "--checkpoint", "nothing")
    assert (code, "nothing can't be read" in err) == (2, True)
    text = (tmp_path / "vault").read_text()
    (tmp_path / "forged").write_text(text.replace("\n1\n", "\n2\n", 1))
    code, _, err = meguru("audit", "verify", "--checkpoint", "vault", "--checkpoint", "forged")
    assert (code, "forged, line 1" in err) == (1, True)
    assert meguru("audit", "proof", "1", "--out", "proof.json")[0] == 0
    code, out, _ = meguru("audit", "check-proof", "proof.json", "--trust", "keys")
    assert (code, "proved: principal.created of principal/ana" in out) == (0, True)
    (tmp_path / "other.json").write_text((tmp_path / "proof.json").read_text().replace("viewer", "owner"))
    assert meguru("audit", "check-proof", "other.json", "--trust", "keys")[0] != 0
    assert "no checkpoint covers" in meguru("audit", "proof", "2")[2]


def test_questions_are_answered_as_tables_and_as_json(meguru, tmp_path):
    assert "ana\tuser\tviewer" in meguru("audit", "who-could", "model/x")[1]
    assert meguru("audit", "who-could", "model/x", "--at", "2020-01-01")[2].startswith("nobody\n")
    assert json.loads(meguru("audit", "who-could", "model/x", "--json")[1])["who"][0]["principal"] == "ana"
    assert "role:  → viewer" in meguru("audit", "changes", "principal/ana")[1]
    assert "principal.created" in meguru("audit", "person", "ana")[1]
    assert meguru("audit", "in-force")[2] == "none was\n"
    lines = meguru("audit", "export", "--type", "principal.*")[1].splitlines()
    assert [json.loads(each)["subject"] for each in lines] == ["principal/ana"]
    assert meguru("audit", "export", "--format", "cef", "--out", "log.cef")[0] == 0
    assert (tmp_path / "log.cef").read_text().startswith("CEF:0|Meguru|Meguru|")
    code, _, err = meguru("audit", "in-force", "--at", "yesterday")
    assert (code, "is no moment" in err) == (2, True)
