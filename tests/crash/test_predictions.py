"""Kill a server while it answers: every prediction that was acknowledged is there, and only once."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import textwrap

import pytest

from meguru.app.open import open_local
from meguru.predictions import counts
from meguru.predictions.operations import show
from meguru.registry.client import add_model
from meguru.serving.operations import create, switch

pytestmark = pytest.mark.crash
PROGRAM = textwrap.dedent(
    """
    import os
    import sys
    import threading

    from meguru.app.open import open_local
    from meguru.serving.service import PredictionService

    def ask(service, client):
        for number in range(100_000):
            body = b'{"row": {"x0": %d.5, "x1": 1}}' % number
            key = f"{client}-{number}"
            answer = service.predict("delay", body, key=key)
            os.write(1, b"%s %s\\n" % (key.encode(), answer.body))

    with open_local(sys.argv[1]) as workspace:
        service = PredictionService(workspace)
        service.start()
        assert service.wait_until_current("delay", timeout=60)
        for client in range(4):
            threading.Thread(target=ask, args=(service, client), daemon=True).start()
        threading.Event().wait()
    """
)


@pytest.fixture
def folder(tmp_path):
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    from meguru.flavors.model import Model

    X = np.random.default_rng(1).normal(size=(50, 2))
    model = LogisticRegression().fit(X, X[:, 0] > 0)
    with open_local(tmp_path / "workspace") as workspace:
        version = add_model(workspace, "delay", Model(estimator=model, example=X[:3]))
        create(workspace, name="delay", model="delay")
        switch(workspace, name="delay", model_ref=version.ref, release_ref="release/delay@1")
    return tmp_path / "workspace"


def killed_after(folder, count):
    """Let a server answer `count` requests at least, kill it, and return all that it acknowledged."""
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder)], stdout=subprocess.PIPE)
    lines = [process.stdout.readline() for _ in range(count)]
    process.kill()
    lines += process.communicate()[0].splitlines(keepends=True)
    whole = [line.split(b" ", 1) for line in lines if line.endswith(b"\n")]
    return {key.decode(): json.loads(answer) for key, answer in whole}


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.soak)])
def test_an_acknowledged_prediction_survives_a_kill_and_its_key_gets_it_again(folder, seed):
    draw = random.Random(seed)
    acknowledged = {}
    for _ in range(2):
        for key, answer in killed_after(folder, draw.randint(20, 300)).items():
            assert acknowledged.setdefault(key, answer) == answer  # the second server repeats the keys
    with open_local(folder) as workspace:
        for answer in acknowledged.values():
            said = answer["predictions"][0]
            assert show(workspace, id=said["id"]).score == said["score"]
        with workspace.read() as tx:
            totals = counts.totals(tx, "delay")
    assert len(acknowledged) <= totals.predictions <= len(acknowledged) + 8  # four under way at each kill
