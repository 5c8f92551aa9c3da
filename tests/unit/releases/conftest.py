from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime

os.environ.setdefault("OMP_NUM_THREADS", "1")

import msgspec
import pytest

from meguru.app.open import open_local
from meguru.base.clock import FixedClock
from meguru.base.settings import Settings
from meguru.datasets.client import add_files
from meguru.errors import ApprovalMissing
from meguru.flavors.bundle import load_bundle
from meguru.flavors.bundle_writer import save_bundle
from meguru.governance.admission import authenticate
from meguru.governance.principals import create_principal
from meguru.governance.release_policies.operations import specs as policies
from meguru.governance.signing_keys import operations as keys
from meguru.governance.signing_keys.proof import prove
from meguru.governance.tokens import create_token
from meguru.kernel import events
from meguru.registry.client import add_model
from meguru.releases import operations as releases
from meguru.releases.gates import TrialSide
from meguru.serving import operations as endpoints
from meguru.signing import dsse
from meguru.signing.keys import SigningKey
from meguru.testing.models import make_flights, make_model


@pytest.fixture
def side(tmp_path):
    """Save a model and return it as a side of a trial."""
    made = []

    def save(ref, **options):
        folder = tmp_path / f"model-{len(made)}"
        made.append(folder)
        save_bundle(make_model(**options), folder)
        return TrialSide(ref=ref, digest=f"{len(made):064x}", open=lambda: load_bundle(folder))

    return save


START = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
SETTINGS = Settings(sqlite_synchronous="NORMAL")
GOLDEN = {"gate": "metric", "metric": "auc", "value": 0.5, "golden": "dataset/golden@1", "label": "late"}


@pytest.fixture(scope="session")
def reviewed(tmp_path_factory):
    """A workspace with two models, an endpoint and people, and what they come with."""
    folder = tmp_path_factory.mktemp("review") / "workspace"
    with open_local(folder, settings=SETTINGS, clock=FixedClock(START)) as ws:
        add_model(ws, "delay", make_model(seed=5))
        add_model(ws, "delay", make_model(seed=11))
        make_flights(200, seed=9).write_parquet(folder.parent / "rows.parquet")
        add_files(ws, "golden", [folder.parent / "rows.parquet"])
        endpoints.create(ws, name="delay", model="delay", gates=[GOLDEN])
        releases.create(ws, endpoint="delay", model="delay@1")
        releases.check(ws, release="delay@1")
        secrets = {}
        for name in ("ana", "ben", "cal"):
            create_principal(ws, name=name, role="engineer")
            secrets[name] = create_token(ws, principal=name).secret
    return folder, secrets


class Team:
    """The workspace, its clock, and people who are signed in."""

    def __init__(self, ws, clock, secrets):
        self.ws, self.clock, self.secrets = ws, clock, secrets

    def __getattr__(self, name):
        return self.ws.with_(principal=authenticate(self.ws, self.secrets[name]))

    def policy(self, spec, name="production"):
        return policies.declare(self.ws, name=name, spec=spec)

    def asked(self, version=1):
        made = "release/delay@1"
        if version != 1:
            made = releases.create(self.ws, endpoint="delay", model=f"delay@{version}").ref
            releases.check(self.ws, release=made)
        releases.request(self.ws, release=made, note="please")
        return made

    def standing(self, release):
        return releases.review(self.ws, release=release).standing

    def states(self, release):
        return [(each.principal, each.state.value) for each in self.standing(release).decisions]

    def told(self, kind):
        with self.ws.read() as tx:
            return events.latest(tx, types=(kind,))

    start = START

    def refused(self, release):
        """Ask for a promotion, and return all that lacks."""
        with pytest.raises(ApprovalMissing) as missing:
            releases.promote(self.ws, release=release)
        assert missing.value.exit_code == 7
        return missing.value.why

    def own_key(self, name):
        key = SigningKey.generate()
        keys.add(getattr(self, name), public=key.public.text, proof=prove(key, name))
        return key

    def signed(self, ws, key, release, decision="approved", note=""):
        asked = releases.statement(ws, release=release, decision=decision, note=note, key=key.public.id)
        return msgspec.json.encode(dsse.sign(asked.payload.encode(), asked.payload_type, [key])).decode()


@pytest.fixture
def team(reviewed, tmp_path):
    folder, secrets = reviewed
    shutil.copytree(folder, tmp_path / "workspace")
    clock = FixedClock(START)
    with open_local(tmp_path / "workspace", settings=SETTINGS, clock=clock) as ws:
        yield Team(ws, clock, dict(secrets))
