from __future__ import annotations

import pytest

from . import page
from .forked import typist


@pytest.fixture(scope="session", autouse=True)
def _commands_start_at_once(tmp_path_factory):
    """Fork for each command of a page, but for those of the first tutorial, which start as a reader's do."""
    with typist(tmp_path_factory.mktemp("typist")) as folder:
        page.FORKED.append(str(folder))
        yield
        page.FORKED.clear()
