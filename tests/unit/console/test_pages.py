"""Every page, on an empty workspace and on one whose names are hostile."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from meguru.base.clock import FixedClock
from meguru.console.links import url_of
from meguru.kernel.operations import Context, Operation
from meguru.kernel.workspace import Workspace
from meguru.mlflow.exchange import import_registry as imported
from meguru.mlflow.tracking.experiment_operations import adopt
from meguru.testing.tampering import drop_guards
from meguru.tracking import runs
from meguru.tracking.experiments.change import create_experiment
from meguru.tracking.run_ids import to_hex
from meguru.tracking.types import MetricPoint

HOSTILE = "<script>alert('x')</script>\"><img src=//evil.example/a.png onerror=alert(1)>"
LISTS = [
    "/",
    "/ui/endpoints",
    "/ui/models",
    "/ui/pipelines/runs",
    "/ui/runs",
    "/ui/datasets",
    "/ui/find",
    "/ui/sweeps",
    "/ui/triggers",
    "/ui/events",
]
MISSING = [
    "/ui/endpoints/nope",
    "/ui/models/nope",
    "/ui/pipelines/runs/prun-nope",
    "/ui/runs/run-nope",
    "/ui/sweeps/sweep-nope",
    "/ui/datasets/nope",
    "/ui/events/evt-nope",
    "/ui/reports/report-nope",
    "/ui/monitors/nope",
    "/ui/predictions/nope",
    "/ui/no/such/page",
]


class Tags(HTMLParser):
    """Collects start tags with their attributes, and what is written inside scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []
        self._kept = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._kept = tag if tag in {"script", "style"} else ""

    def handle_endtag(self, tag):
        self._kept = ""

    def handle_data(self, data):
        if self._kept and data.strip():
            self.inside.append(data)


def addresses(tags: Tags) -> list[str]:
    names = ("href", "src", "action", "srcset", "formaction", "data")
    return [value for _, attributes in tags.tags for name in names if (value := attributes.get(name))]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_list_of_an_empty_workspace_teaches_a_next_command(
    browser: TestClient, path: str, language: str
):
    answer = browser.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200
    assert f'<html lang="{language}"' in answer.text
    assert 'class="command"' in answer.text


@pytest.mark.parametrize("path", [*LISTS, *MISSING])
def test_a_page_loads_nothing_from_elsewhere_and_has_no_inline_code(browser: TestClient, path: str):
    answer = browser.get(path)
    tags = Tags(answer.text)
    assert addresses(tags)
    assert all(address.startswith(("/", "?", "#")) for address in addresses(tags))
    assert not any(address.startswith("//") for address in addresses(tags))
    assert tags.inside == []
    assert not any(name.startswith("on") or name == "style" for _, given in tags.tags for name in given)


@pytest.mark.parametrize("path", [*LISTS, *MISSING])
def test_a_page_forbids_inline_code_framing_and_other_origins(browser: TestClient, path: str):
    headers = browser.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", MISSING)
def test_an_unknown_thing_is_answered_with_a_page_that_says_so(browser: TestClient, path: str):
    answer = browser.get(path)
    assert answer.status_code == 404
    assert "MG-110" in answer.text


def test_a_near_miss_is_offered(browser: TestClient, workspace: Workspace):
    create_experiment(workspace, name="delay")
    assert "did you mean" in browser.get("/ui/runs?experiment=delya").text


def test_names_that_are_markup_are_shown_as_text(browser: TestClient, workspace: Workspace):
    run = runs.start(workspace, name=HOSTILE[:250], params={"p": HOSTILE}, tags={"t": HOSTILE})
    runs.log(
        workspace, run=run.id, metrics=[MetricPoint(key="loss", value=1 / n, step=n) for n in range(1, 9)]
    )
    runs.finish(workspace, run=run.id, state="failed", error=HOSTILE)
    pages = [url_of(run.ref), "/ui/runs", "/ui/events", "/", f"/ui/events?subject={HOSTILE}&type={HOSTILE}"]
    for path in pages:
        text = browser.get(path).text
        assert "<script>alert" not in text
        assert "<img" not in text


def test_runs_are_compared_with_their_curves_and_markup_stays_text(browser: TestClient, workspace: Workspace):
    names = ["first", HOSTILE[:250]]
    found = [runs.start(workspace, name=name, params={"lr": name, "depth": "3"}).id for name in names]
    for run in found:
        points = [MetricPoint(key="loss", value=1 / n, step=n) for n in range(1, 9)]
        runs.log(workspace, run=run, metrics=points)
    text = browser.get("/ui/runs/compare", params={"run": found}).text
    assert text.count('class="curve c') == 4, "a line each in the drawing, and one in the key"
    before, _, same = text.partition('id="same"')
    assert "depth" not in before
    assert "depth" in same
    assert "<script>alert" not in text
    assert "<img" not in text
    few = browser.get("/ui/runs/compare", params={"run": found[:1]})
    assert few.status_code == 200
    assert "Tick at least two runs" in few.text
    assert browser.get("/ui/runs/compare", params={"run": found[:1] * 2}).status_code == 422
    assert browser.get("/ui/runs/compare", params={"run": [found[0], "run-nope"]}).status_code == 404


def test_a_comparison_of_wide_runs_shows_some_of_their_metrics_and_says_how_many_are_left(browser, workspace):
    found = []
    for number in range(2):
        run = runs.start(workspace)
        points = [MetricPoint(key=f"k{key:04}", value=float(number)) for key in range(510)]
        runs.log(workspace, run=run.id, metrics=points)
        found.append(run.id)
    text = browser.get("/ui/runs/compare", params={"run": found}).text
    assert "k0499" in text
    assert "k0500" not in text
    assert "10 more" in text


def test_runs_are_searched_and_a_search_that_cant_be_read_is_explained_in_place(browser, workspace):
    for number in range(3):
        run = runs.start(workspace, name=f"try-{number}")
        runs.log(workspace, run=run.id, metrics=[MetricPoint(key="auc", value=number / 10)])
    found = browser.get("/ui/runs", params={"query": "metrics.auc > 0.05", "order": "metrics.auc DESC, name"})
    assert re.findall(r"try-\d(?=</a>)", found.text) == ["try-2", "try-1"]
    none = browser.get("/ui/runs", params={"query": "metrics.auc > 7", "state": "running"})
    assert "No run is like that." in none.text
    wrong = browser.get("/ui/runs", params={"query": HOSTILE})
    assert wrong.status_code == 200
    assert 'role="alert"' in wrong.text
    assert "<script>alert" not in wrong.text


def test_files_of_a_run_are_fetched_from_its_page_and_pictures_are_seen(browser, workspace):
    run = runs.start(workspace)
    names = ["a b/plot.PNG", "report.html", f"{HOSTILE[:40].replace('/', '')}.png"]
    for name in names:
        runs.add_artifact(workspace, run=run.id, path=name, digest=workspace.blobs.put_bytes(name.encode()))
    text = browser.get(url_of(run.ref)).text
    tags = Tags(text).tags
    links = [given["href"] for tag, given in tags if tag == "a" and "download" in given]
    assert [parse_qs(urlsplit(link).query)["path"] for link in links] == [[name] for name in sorted(names)]
    seen = [given for tag, given in tags if tag == "img"]
    assert {given["alt"] for given in seen} == {names[0], names[2]}
    assert all(given["src"].startswith(f"/get-artifact?run_uuid={run.id}&path=") for given in seen)


def test_a_model_that_is_not_verified_is_a_model_like_others_with_its_reason(browser, workspace):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    given = {"source": "s3://b/m", "storage": "s3://b/m", "created": at, "updated": at}
    new = [imported.ImportedVersion(version=number, **given) for number in (1, 2)]
    for name, versions in (("Big Néural", new), ("empty", [])):
        imported.import_registered_model(workspace, name=name, created=at, updated=at, versions=versions)
    listed = browser.get("/ui/models").text
    assert "/ui/models/Big%20N%C3%A9ural" in listed
    assert 'title="it was imported' in listed
    linked = {each["href"] for tag, each in Tags(browser.get("/ui/events").text).tags if tag == "a"}
    models = {each.partition("#")[0] for each in linked if each.startswith("/ui/models/")}
    assert {browser.get(each).status_code for each in models} == {200}
    text = browser.get("/ui/models/Big%20N%C3%A9ural?version=1").text
    assert text.count("not verified") > 1
    assert "it was imported; register it again" in text
    assert "No version yet" in browser.get("/ui/models/empty").text


def test_a_reason_that_begins_with_a_reference_is_no_link(browser: TestClient, workspace: Workspace):
    def fail(ctx: Context) -> str:
        data = {"view": "feature_view/x@1", "reason": "feature_view/x@1 has no column 'a'"}
        return ctx.emit("materialization.failed", "materialization/mat-1", data=data).id

    failed = Operation(fail, "test.fail", "materialization:start", query=False, evented=True)(workspace)
    page = browser.get(f"/ui/events/{failed}").text
    linked = {each["href"] for tag, each in Tags(page).tags if tag == "a"}
    assert "/ui/features/views/x/1" in linked
    assert not [each for each in linked if "has%20no" in each]
    assert "has no column" in page


def test_addresses_that_mlflow_prints_lead_to_our_pages(browser: TestClient, workspace: Workspace):
    adopt(workspace)
    run = runs.start(workspace)

    def led(path: str) -> str:
        return browser.get(f"/ui/mlflow/{path}", follow_redirects=False).headers["location"]

    assert led(f"experiments/0/runs/{to_hex(run.id)}") == f"/ui/runs/{run.id}"
    assert led(f"experiments/0/runs/{to_hex(run.id)}/artifacts/model") == f"/ui/runs/{run.id}"
    assert led("experiments/0") == "/ui/runs?experiment=Default"
    assert led("models/delay/versions/3") == "/ui/models/delay/3"
    assert led("models/a%2F%2Fb") == "/projects/a/ui/models/%2Fb"
    for path in ("experiments/77", "prompts/x", "//evil.example", "models/"):
        assert browser.get(f"/ui/mlflow/{path}", follow_redirects=False).status_code == 404


def test_a_reference_with_odd_characters_stays_one_path_segment():
    assert url_of("run/a b/../c?d#e") == "/ui/runs/a%20b%2F..%2Fc%3Fd%23e"
    assert url_of("model/delay") == "/ui/models/delay"
    assert url_of("model/delay@3") == "/ui/models/delay/3"
    assert url_of("dataset/flights@3") == "/ui/datasets/flights/3"
    assert url_of("pipeline/train@2") == "/ui/pipelines/versions/train/2"
    assert url_of("release/delay@3") == "/ui/endpoints/delay?release=3#release-3"
    assert url_of("step_run/prun-1.fit.7") == "/ui/pipelines/runs/prun-1?step=fit.7#step-fit.7"
    assert url_of("experiment/a&b") == "/ui/experiments/a%26b"
    assert url_of("javascript:alert(1)").startswith("/ui/events?")


def test_a_number_in_the_address_that_is_none_is_refused(browser: TestClient):
    assert browser.get("/ui/events?before=1e9").status_code == 422
    assert browser.get("/ui/events?before=-1").status_code == 422
    assert browser.get(f"/ui/events?before={'9' * 30}").status_code == 422


def test_a_fragment_is_the_page_without_its_frame(browser: TestClient):
    whole, fragment = browser.get("/ui/events").text, browser.get("/ui/events?fragment=1").text
    assert "<html" not in fragment
    assert re.search(r'id="filters" data-part', fragment)
    assert len(fragment) < len(whole)


def test_a_page_with_its_style_and_scripts_is_small(browser: TestClient):
    total = 0
    page = browser.get("/ui/events")
    files = set(re.findall(r"/ui/static/[^\"]+", page.text))
    folder = next(iter(files)).rpartition("/")[0]
    for address in files | {f"{folder}/{name}.js" for name in ("live", "copy", "hover", "zone")}:
        total += int(browser.get(address).headers["content-length"])
    assert total + int(page.headers["content-length"]) < 150_000


def test_a_run_whose_process_went_silent_is_interrupted(browser: TestClient, workspace: Workspace):
    past = workspace.with_()
    past.clock = FixedClock(workspace.clock.now() - timedelta(minutes=5))
    run = runs.start(past, lease=60)
    badge = '<span class="badge odd">interrupted</span>'
    assert badge in browser.get(url_of(run.ref)).text
    assert badge in browser.get("/ui/runs?state=interrupted").text
    assert run.id not in browser.get("/ui/runs?state=running").text


def test_the_log_is_verified_on_request(browser: TestClient, workspace: Workspace):
    runs.start(workspace)
    assert "The log is whole." in browser.get("/ui/events?verify=1").text
    with workspace.db.write() as tx:
        drop_guards(tx)
        tx.exec_driver_sql("update event set actor = 'somebody' where seq = 1")
    assert "tampered with at entry 1" in browser.get("/ui/events?verify=1").text


def test_the_event_log_is_filtered_and_windowed(browser: TestClient, workspace: Workspace):
    for _ in range(60):
        runs.finish(workspace, run=runs.start(workspace).id)
    newest = browser.get("/ui/events").text
    assert newest.count("data-key=") == 100
    older = re.search(r'rel="next" href="(\?before=\d+)"', newest)
    assert older
    assert browser.get(f"/ui/events{older[1]}").text.count("data-key=") == 21
    assert "experiment made" not in browser.get("/ui/events?type=run.finished").text.partition('id="log"')[2]


def test_of_a_run_with_thousands_of_metrics_a_window_is_shown_and_the_rest_is_found_by_name(
    browser: TestClient, workspace: Workspace
):
    run = runs.start(workspace, name="wide")
    for first in range(0, 3000, 1000):
        points = [
            MetricPoint(key=f"Layer{n:04}", value=n, step=step)
            for n in range(first, first + 1000)
            for step in (1, 2)
        ]
        runs.log(workspace, run=run.id, metrics=points)
    page = browser.get(url_of(run.ref)).text
    assert "Layer0499" in page
    assert "Layer0500" not in page
    assert "3,000 metrics" in page
    assert "Layer0500" in browser.get(url_of(run.ref), params={"after": "Layer0499"}).text
    assert re.search(r'rel="next" href="\?after=Layer0499"', page)
    found = browser.get(url_of(run.ref), params={"metric": "layer27"}).text
    assert found.count('<th scope="row">Layer27') == 100
    assert "Layer2700 by step" in found
    assert "Layer2704 by step" not in found, "it is drawn when it comes into sight"
    drawn = browser.get(f"{url_of(run.ref)}/charts", params={"key": ["Layer2704", "Layer2999", "nope"]}).text
    assert drawn.count("<svg") == 2
    assert "Layer2999 by step" in drawn
    assert browser.get(f"{url_of(run.ref)}/charts", params={"key": list("abcdefghijklm")}).status_code == 422
    assert "none" in browser.get(url_of(run.ref), params={"metric": HOSTILE}).text
