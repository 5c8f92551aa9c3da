"""Every page and every question costs the same statements however many things there are; a page is one read.

What is there is made by the makers of the matrix of rights: a thing of every kind, then more of each, and
more of what hangs on the first ones (versions, releases, reports, comments).
"""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.console.routes import all_pages
from meguru.errors import MeguruError
from meguru.kernel.operations import registered
from meguru.server.asgi import build
from meguru.testing.authorisation.arguments import arguments
from meguru.testing.authorisation.fixtures import MAKERS
from meguru.testing.authorisation.making import Making
from meguru.testing.authorisation.world import MARKS, World

pytestmark = pytest.mark.xdist_group("statement_counts")  # what is measured once answers each test
load_operations()
MARK, MORE = MARKS[""], 2
THINGS = {
    "/ui/alerts/": "alert",
    "/ui/backfills/": "backfill",
    "/ui/business-metrics/": "business_metric",
    "/ui/cards/": "card",
    "/ui/checklists/": "checklist",
    "/ui/comments/": "comment",
    "/ui/datasets/": "dataset",
    "/ui/endpoints/": "endpoint",
    "/ui/experiments/": "experiment",
    "/ui/features/entities/": "entity",
    "/ui/features/services/": "feature_service",
    "/ui/features/views/": "feature_view",
    "/ui/incidents/": "incident",
    "/ui/labelling/": "dataset",
    "/ui/models/": "model",
    "/ui/monitors/": "monitor",
    "/ui/pipelines/runs/": "pipeline_run",
    "/ui/pipelines/versions/": "pipeline",
    "/ui/predictions/": "prediction",
    "/ui/projects/": "project",
    "/ui/quarantine/": "quarantine",
    "/ui/releases/": "endpoint",
    "/ui/reports/": "report",
    "/ui/runs/": "run",
    "/ui/sweeps/": "sweep",
    "/ui/waivers/": "waiver",
}
"""What kind of thing a page shows, by the beginning of its path."""
LED_ON = {
    "/ui/comments/{id}": "it leads to the page of the thing",
    "/ui/events/{id}": "it tells of one event, and so does why.show",
    "/ui/mlflow/{rest:path}": "it leads on to other pages",
}
SEVERAL_READS = {
    "/ui/releases/{name}/{version}/evidence": "who asks first makes the server's key; the file is one read"
}
REFUSED = {
    "/ui/datasets/{name}/{version}/thumbnail": "it has no pictures",
    "/ui/runs/compare/charts": "they are of two runs or more, and named by them",
}
QUERIES = {"/ui/predictions": "?endpoint={endpoint}"}
BY_THING = {
    "apply.present": "the specs of what people declare few of are read one by one",
    "card.changelog": "it tells of each version of a page, up to 20, all that its card tells",
    "catalogue.find": "it tells of each thing of a page, up to 20, how it is and who uses it",
    "retention.due": "what is too old is counted by each thing that keeps any",
    "evidence.export": "a signed file of all that is known of a release; nobody looks at it in a page",
    "/ui/erasures": "as retention.due",
    "/ui/find": "as catalogue.find",
    "/ui/models/{name}/changelog": "as card.changelog",
    "/ui/releases/{name}/{version}/evidence": "as evidence.export",
}
"""What costs more by the thing, each up to a bound, and why."""
WAITS = {"event.wait"}


class Grown:
    """A workspace with a thing of every kind, asked over HTTP, that can be made to grow."""

    def __init__(self, ws, folder):
        self.ws, self.folder = ws, folder
        self.first = self._make(MARK)
        self.first["project"] = "default"
        self.world = World(things={"": self.first}, people=[])

    def _make(self, mark):
        made = {}
        for name, make in MAKERS.items():
            made[name] = make(Making(ws=self.ws, mark=mark, folder=self.folder, made=made))
        return made

    def grow(self, times):
        for number in range(times):
            self._make(f"more-{number}".replace("-", "x"))
            for make in MAKERS.values():  # again, of what hangs on the first: versions, releases, reports
                with suppress(MeguruError, FileExistsError):
                    make(Making(ws=self.ws, mark=MARK, folder=self.folder, made=self.first))

    def asked(self):
        """Yield each page and each question: its name, and how it is asked for."""
        for path in sorted({*all_pages()} - {*LED_ON}):
            kind = next((kind for begin, kind in THINGS.items() if path.startswith(begin)), "")
            filled = re.sub(r"\{(name|id|key)\}", self.first.get(kind, ""), path).replace("{version}", "1")
            assert "{" not in filled, f"{path}: say in THINGS of which kind it shows one"
            yield path, "GET", filled + QUERIES.get(path, "").format(**self.first), None
        for name, each in registered().items():
            # Other tests of this process may have made operations of their own.
            if each.query and name not in WAITS and each.function.__module__.startswith("meguru."):
                yield name, "POST", each.path, arguments(each, self.world, "")


@contextmanager
def counted(ws):
    asked = []

    def begin(driver, *_):
        driver.set_trace_callback(asked.append)

    def end(driver, *_):
        driver.set_trace_callback(None)

    event.listen(ws.db._readers, "checkout", begin)
    event.listen(ws.db._readers, "checkin", end)
    try:
        yield asked
    finally:
        event.remove(ws.db._readers, "checkout", begin)
        event.remove(ws.db._readers, "checkin", end)


def measured(grown, http):
    found, refused = {}, set()
    for name, method, path, given in grown.asked():
        with counted(grown.ws) as asked:
            answer = http.request(method, path, json=given, follow_redirects=False)
        assert answer.status_code < 500, f"{name}: {answer.text[:300]}"
        if name.startswith("/") and answer.status_code != 200:
            refused.add(name)
        found[name] = asked
    assert refused == {*REFUSED}
    return found


@pytest.fixture(scope="module")
def counts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("grown")
    with open_local(folder / "w") as ws:
        grown = Grown(ws, folder)
        # Not entered: the threads of a server's services would be counted, too.
        http = TestClient(build(ws, auth=False), base_url="http://127.0.0.1")
        measured(grown, http)  # what is cached is cached
        before = measured(grown, http)
        grown.grow(MORE)
        measured(grown, http)
        yield before, measured(grown, http)


def test_nothing_costs_more_statements_the_more_things_there_are(counts):
    before, after = counts
    grew = {name: (len(before[name]), len(after[name])) for name in before}
    more = {name: grew[name] for name in grew if grew[name][1] >= grew[name][0] + MORE}
    assert {name: said for name, said in more.items() if name not in BY_THING} == {}


def test_every_page_is_one_read_transaction(counts):
    _, after = counts
    several = {name for name, asked in after.items() if name[0] == "/" and asked.count("BEGIN") != 1}
    assert several - {*REFUSED} == {*SEVERAL_READS}
