"""Signatures of models on the command line."""

import json
import sys

import pytest

from meguru.app.open import open_local
from meguru.cli.errors import run
from meguru.cli.root import root
from meguru.registry.client import add_model
from meguru.registry.signatures.sign import sign
from meguru.testing.models import make_model


@pytest.fixture
def verify(monkeypatch, capfdbinary, tmp_path):
    def call(*words):
        where = ["--workspace", str(tmp_path / "w")]
        monkeypatch.setattr(sys, "argv", ["meguru", "model", "verify", "delay@1", *where, *words])
        return run(root), *(each.decode() for each in capfdbinary.readouterr())

    return call


def test_what_nobody_signed_is_one_json_object_and_an_exit_code(verify, tmp_path):
    with open_local(tmp_path / "w") as ws:
        add_model(ws, "delay", make_model())
    code, out, _ = verify("--json")
    assert (code, json.loads(out)) == (1, {"items": []})
    assert "nobody signed it" in verify()[2]
    with open_local(tmp_path / "w") as ws:
        made = sign(ws, ref="delay@1")
    code, out, _ = verify("--json")
    assert (code, json.loads(out)["items"][0]["signature"]["key"]) == (0, made.key)
