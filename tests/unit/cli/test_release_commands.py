"""What the commands say of what is promoted: it is live only while it answers."""

import json
import sys

import pytest

from meguru.app.open import open_local
from meguru.cli.errors import run
from meguru.cli.root import root
from meguru.registry.client import add_model
from meguru.serving import replicas
from meguru.serving.types import Replica
from meguru.testing.models import make_model


@pytest.fixture
def place(tmp_path):
    """A workspace with two versions of a model and an endpoint."""
    with open_local(tmp_path / "workspace") as ws:
        for seed in (5, 6):
            add_model(ws, "delay", make_model(seed=seed))
    return str(tmp_path / "workspace")


@pytest.fixture
def meguru(monkeypatch, capsys, place):
    monkeypatch.setenv("MEGURU_WORKSPACE", place)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["meguru", *words])
        code = run(root)
        caught = capsys.readouterr()
        return code, caught.out, caught.err

    assert call("endpoint", "create", "delay", "--model", "delay")[0] == 0
    return call


def serve(place, **row):
    with open_local(place) as ws:
        now = ws.clock.now()
        with ws.db.write() as tx:
            replicas.put(tx, Replica(endpoint="delay", server="here", seen_at=now, since=now, **row))


def test_what_is_promoted_without_a_server_is_said_to_be_served_by_nobody(meguru):
    code, out, err = meguru("release", "create", "delay", "delay@1", "--promote")
    assert (code, "meguru up" in err) == (0, True)
    assert out.splitlines()[0].startswith("release/delay@1  promoted  model/delay@1")
    assert out.splitlines()[1].strip() == "no server serves it now"
    for words in (("endpoint", "list"), ("endpoint", "show", "delay"), ("model", "show", "delay@1")):
        said = meguru(*words)[1]
        assert "no server serves it now" in said
        assert "down" in said
        assert " live" not in said
    assert "promoted" in meguru("release", "list", "delay")[1]


def test_a_promotion_that_no_server_can_serve_ends_with_1_and_the_reason(meguru, place):
    fault = {"code": "MG-500", "what": "skops is not installed"}
    serve(
        place,
        model_ref="model/delay@0",
        release_ref="release/delay@0",
        fault=fault,
        refused="release/delay@1",
    )
    code, out, _ = meguru("release", "create", "delay", "delay@1", "--promote")
    assert code == 1
    assert "model/delay@1 can't be served: skops is not installed; model/delay@0 still answers" in out


def test_what_answers_is_live_with_the_moment(meguru, place):
    meguru("release", "create", "delay", "delay@1", "--promote")
    serve(place, model_ref="model/delay@1", release_ref="release/delay@1")
    assert "model/delay@1 answers since " in meguru("endpoint", "show", "delay")[1]
    assert "live" in meguru("release", "list", "delay")[1]
    shown = json.loads(meguru("endpoint", "show", "delay", "--json")[1])["endpoint"]
    assert (shown["state"], shown["serving"]["current"], shown["serving"]["ready"]) == ("live", True, 1)


def test_a_refusal_is_acknowledged(meguru):
    meguru("release", "create", "delay", "delay@1", "--promote")
    meguru("endpoint", "update", "delay", "--gate", '{"gate": "champion"}')
    code, _, err = meguru("release", "create", "delay", "delay@1", "--promote")
    assert (code, "nothing new" in err) == (5, True)
    code, out, _ = meguru("release", "acknowledge", "delay@2", "--note", "a mistake")
    assert code == 0
    assert "acknowledged by local" in out
    assert meguru("release", "acknowledge", "delay@1")[0] == 6
