from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

from meguru.flavors.bundle import load_bundle, save_bundle
from meguru.releases.gates import TrialSide
from meguru.testing.models import make_model


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
