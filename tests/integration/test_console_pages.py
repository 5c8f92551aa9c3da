"""The console's pages on PostgreSQL: the same moment, the same statements, whatever way they are asked."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.console.routes import routes
from meguru.testing.seeded import fill
from meguru.tracking import runs
from meguru.tracking.show import list_runs
from meguru.tracking.types import MetricPoint

pytestmark = pytest.mark.integration
ELSEWHERE = ("/get-artifact", "/ui/static/")


class _Links(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "a" and dict(attrs).get("href"):
            self.found.append(dict(attrs)["href"])


@pytest.fixture
def shared(postgres_url, tmp_path):
    load_operations()
    with open_local(
        postgres_url, settings=Settings(blobs=str(tmp_path / "blobs"), secret_key="k" * 40)
    ) as ws:
        fill(ws, tmp_path)
        yield ws


def test_every_page_of_a_seeded_workspace_opens_and_is_of_one_moment(shared):
    with TestClient(Starlette(routes=routes(lambda _: shared))) as browser:
        seen, waiting = {}, ["/"]
        while waiting:
            path = waiting.pop()
            if path in seen or path.startswith(ELSEWHERE) or "lang=" in path:
                continue
            answer = browser.get(path)
            seen[path] = answer.status_code
            found = [urljoin(path, href).partition("#")[0] for href in _Links(answer.text).found]
            waiting += [
                each for each in found if not each.startswith("/projects/")
            ]  # the access layer has these
        tracked = [run.id for run in list_runs(shared, experiment="trial").items]
        charts = browser.get(
            "/ui/runs/compare/charts", params={"run": tracked, "key": ["val/m00", "val/m01"]}
        )
    assert {path: code for path, code in seen.items() if code >= 400} == {}
    assert len(seen) > 60
    assert charts.text.count("data-x=") == 6
    with shared.snapshot() as moment:
        before = len(list_runs(moment).items)
        run = runs.start(shared)
        runs.log(shared, run=run.id, metrics=[MetricPoint(key="loss", value=1.0)])
        assert len(list_runs(moment).items) == before
    assert len(list_runs(shared).items) == before + 1
