"""The world of the access matrix, made once: it takes seconds, and all that ask there put it back."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.server.asgi import build
from meguru.testing.authorisation.asking import InProcessClient
from meguru.testing.authorisation.world import Restore, World, fill


class Matrix(NamedTuple):
    """A server, what is there, and the way back to that."""

    client: InProcessClient
    world: World
    restore: Restore


@pytest.fixture(scope="session")
def matrix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("matrix")
    with open_local(folder / "w", settings=Settings(sqlite_synchronous="NORMAL")) as ws:
        world = fill(ws, folder)
        with InProcessClient(build(ws, auth=True)) as client:
            yield Matrix(client, world, Restore(ws))


@pytest.fixture
def shared_matrix(postgres_url, tmp_path):
    """Make the same world on a database server, for one test alone: it takes longer."""
    with open_local(postgres_url, settings=Settings(blobs=str(tmp_path / "blobs"))) as ws:
        world = fill(ws, tmp_path)
        with InProcessClient(build(ws, auth=True)) as client:
            yield Matrix(client, world, Restore(ws))
