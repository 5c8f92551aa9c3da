"""The console in a real browser, served by the real server."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec
import pytest

from meguru.app.nouns import load_operations
from meguru.app.open import open_workspace
from meguru.datasets.client import add_files
from meguru.datasets.kind import DatasetSpec
from meguru.datasets.operations import specs
from meguru.features.kind import EntitySpec, FeatureServiceSpec, FeatureViewSpec
from meguru.features.materialization.operations import start as materialize
from meguru.features.materialization.runner import see_through
from meguru.features.operations import entity_specs, service_specs, view_specs
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.kernel.remote import RemoteWorkspace
from meguru.pipelines.load import register_file
from meguru.pipelines.start import start
from meguru.serving import create
from meguru.tracking import runs
from meguru.tracking.run_ids import to_hex
from meguru.tracking.types import MetricPoint
from meguru.triggers.kind import TriggerSpec
from meguru.triggers.operations import specs as triggers

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.acceptance, pytest.mark.browser, pytest.mark.xdist_group("browser")]
PAGES = [
    "/",
    "/ui/endpoints",
    "/ui/endpoints/delay",
    "/ui/models",
    "/ui/pipelines/runs",
    "/ui/runs",
    "/ui/datasets",
    "/ui/features",
    "/ui/triggers",
    "/ui/events",
    "/ui/events?verify=1",
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteWorkspace]:
    """A workspace behind a server process, with an endpoint and a run that failed."""
    load_operations()
    folder = tmp_path_factory.mktemp("console") / "w"
    command = [sys.executable, "-m", "meguru", "up", "--workspace", str(folder), "--port", "0", "--json"]
    process = subprocess.Popen(
        [*command, "--exit-with-parent"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        url = msgspec.json.decode(process.stdout.readline())["url"]
        with open_workspace(url) as ws:
            create.create(ws, name="delay", model="delay")
            run = runs.start(ws, name="<i>first</i>", experiment="trial")
            points = [MetricPoint(key="loss", value=1 / step, step=step) for step in range(1, 20)]
            runs.log(ws, run=run.id, metrics=points)
            runs.finish(ws, run=run.id, state="failed", error="it broke")
            yield ws
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def page(chromium, served):
    """A tab that keeps what went wrong in it, and where it asked for something."""
    context = chromium.new_context(base_url=served.url, locale="en-GB", timezone_id="Asia/Tokyo")
    tab = context.new_page()
    tab.problems, tab.origins = [], set()
    tab.on(
        "console", lambda said: tab.problems.append(said.text) if said.type in {"error", "warning"} else None
    )
    tab.on("pageerror", lambda error: tab.problems.append(str(error)))
    tab.on("request", lambda request: tab.origins.add(urlsplit(request.url).netloc))
    yield tab
    context.close()


def is_no_wider_than(page, width):
    page.wait_for_function("width => document.documentElement.scrollWidth <= width", arg=width)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_renders_without_errors_and_asks_nobody_else(page, served, path):
    answer = page.goto(path)
    assert answer.status == 200
    page.locator("#live[data-state=on]" if path in {"/", "/ui/events"} else "main").wait_for()
    expect(page.locator("main")).to_have_text(re.compile(r"\S"))
    assert page.problems == []
    assert page.origins == {urlsplit(served.url).netloc}


def test_chosen_runs_are_compared_and_an_address_of_mlflow_is_followed(page, served):
    found = [runs.start(served, experiment="compared", params={"lr": str(number)}) for number in range(2)]
    page.goto("/ui/runs?experiment=compared")
    for run in found:
        page.locator(f'input[value="{run.id}"]').check()
    page.get_by_role("button", name="Compare the chosen").click()
    page.get_by_role("heading", name="Runs compared").wait_for()
    expect(page.locator("tr", has_text="lr").locator("td")).to_have_text(["1", "0"])
    page.goto(f"/#/experiments/0/runs/{to_hex(found[0].id)}")
    page.wait_for_url(f"**/ui/runs/{found[0].id}")
    assert page.problems == []


def test_a_dataset_is_looked_at_by_the_keyboard_and_on_a_phone(page, served, tmp_path):
    specs.declare(served, name="orders", spec=DatasetSpec(expect=[{"check": "volume", "min": 2}], key=["id"]))
    for number, price in ((1, 2.5), (2, 3.5)):
        file = tmp_path / "orders.csv"
        file.write_text(f"id,price,at\n1,1,2024-01-01\n2,{price},2024-01-0{number}\n")
        add_files(served, "orders", file)
    page.goto("/ui/datasets/orders")
    expect(page.locator("svg.chart.small")).to_have_count(3)
    page.get_by_role("link", name="Differences").click()
    expect(page.locator("ins").first).to_have_text("3.5000")
    page.get_by_role("link", name="Expectations").click()
    page.locator("svg.checks .mark").first.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("link", name="Query").click()
    page.locator("textarea").fill("SELECT sum(price) AS paid FROM orders")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer td")).to_have_text("4.5000")
    page.set_viewport_size({"width": 360, "height": 640})
    for end in ("", "/sample", "/diff", "/checks", "/query"):
        page.goto(f"/ui/datasets/orders/2{end}")
        is_no_wider_than(page, 360)
    assert page.problems == []


def test_a_view_is_looked_at_on_a_phone_with_its_values_and_its_readers(page, served, tmp_path):
    file = tmp_path / "spending.csv"
    file.write_text("user,at,spend\nann,2024-01-01T10:00:00Z,2.5\nbob,2024-01-02T10:00:00Z,4.5\n")
    add_files(served, "spending", file)
    entity_specs.declare(served, name="user", spec=EntitySpec(key=["user"]))
    said = FeatureViewSpec(entities=["user"], sources={"spending": "spending"}, time="at", ttl="90m")
    view_specs.declare(served, name="activity", spec=said)
    service_specs.declare(served, name="buys", spec=FeatureServiceSpec(views=["activity"]))
    see_through(served, materialize(served, view="activity"))
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto("/ui/features")
    page.get_by_role("link", name="activity", exact=True).first.click()
    page.get_by_role("heading", name="Read by").wait_for()
    expect(page.locator("#readers a")).to_have_text(["feature_service/buys"])
    page.locator("svg.chart.small").first.wait_for()  # told once the rows are online
    for path in ("", "/views/activity", "/services/buys", "/entities/user"):
        page.goto(f"/ui/features{path}")
        is_no_wider_than(page, 360)
    assert page.problems == []


def test_an_event_appears_in_an_open_page(page, served):
    page.goto("/ui/events")
    page.locator("#live[data-state=on]").wait_for()
    run = runs.start(served, experiment="seen-live")
    page.locator(f'a.ref[title="{run.ref}"]').first.wait_for()
    page.goto(f"/ui/runs/{run.id}")
    page.locator("#live[data-state=on]").wait_for()
    page.evaluate("window.sameDocument = true")
    runs.finish(served, run=run.id)
    page.locator("h1 .badge.good").wait_for()
    page.wait_for_function("window.sameDocument")
    assert page.problems == []


TALK = """
import time
from pathlib import Path
from meguru import pipeline, step

@step
def talk(gate: str) -> int:
    print("<b>first</b>")
    while not Path(gate).exists():
        time.sleep(0.01)
    print("second")
    return 1

@pipeline
def talks(gate: str):
    return talk(gate)
"""


def test_a_log_grows_in_an_open_page_while_its_step_runs(page, served, tmp_path):
    (tmp_path / "talk.py").write_text(TALK)
    version = register_file(served, f"{tmp_path / 'talk.py'}:talks")
    run = start(served, pipeline=version.ref, params={"gate": str(tmp_path / "gate")})
    page.goto(f"/ui/pipelines/runs/{run.id}/log")
    page.evaluate("window.sameDocument = true")
    page.locator("pre.log", has_text="<b>first</b>").wait_for()
    expect(page.locator("[data-moving]")).to_have_count(1)
    (tmp_path / "gate").touch()
    page.locator("pre.log", has_text="second").wait_for()
    page.locator("h1 .badge.good").wait_for()
    page.locator("#lines:not([data-moving])").wait_for()
    page.wait_for_function("window.sameDocument")
    assert page.problems == []


def test_the_page_learns_the_readers_time_zone(page):
    page.goto("/ui/events")
    page.locator("time .zone", has_text="JST").first.wait_for()


def test_the_language_is_changed_by_a_link_and_kept(page):
    page.goto("/ui/runs")
    page.get_by_role("link", name="日本語").click()
    page.locator("h1", has_text="実行").wait_for()
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    page.get_by_role("link", name="English").click()
    page.locator("html[lang=en]").wait_for()


def test_names_are_shown_as_they_are(page):
    page.goto("/ui/runs")
    page.get_by_role("link", name="<i>first</i>").click()
    page.locator("h1", has_text="<i>first</i>").wait_for()
    expect(page.locator("figure svg")).to_have_count(1)


def test_the_keyboard_reaches_the_content_and_the_filter(page):
    page.goto("/ui/events")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.get_by_label("type", exact=True).fill("run.finished")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ui/events?type=run.finished*")
    expect(page.locator("table.log tbody tr").first).to_be_visible()


def test_everything_is_readable_without_scripts(chromium, served):
    context = chromium.new_context(base_url=served.url, java_script_enabled=False, locale="en-GB")
    tab = context.new_page()
    tab.goto("/ui/events")
    expect(tab.locator("table.log tbody tr").nth(3)).to_be_visible()
    expect(tab.locator("button.copy").first).to_be_hidden()
    context.close()


def test_a_hidden_tab_holds_no_stream(page):
    page.goto("/ui/events")
    page.locator("#live[data-state=on]").wait_for()
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.locator("#live[data-state=paused]").wait_for()
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {value: false, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.locator("#live[data-state=on]").wait_for()


TUNED = """
from meguru import pipeline, step

@step
def fit(options: list[str]) -> int:
    return len(options)

@pipeline
def tuned(options: list[str]):
    return fit(options)
"""


def test_long_json_of_a_trigger_is_folded_and_its_names_stay_readable(page, served, tmp_path):
    (tmp_path / "tuned.py").write_text(TUNED)
    register_file(served, f"{tmp_path / 'tuned.py'}:tuned")
    params = [f"a_name_that_is_long_{index}" + "x" * 40 for index in range(12)]
    note = "starts the training again when the data of the last month has come in, and tells those who wait"
    rule = TriggerSpec(
        on={"cron": "0 6 1 * *"}, action={"pipeline": "tuned", "params": {"options": params}}, note=note
    )
    triggers.declare(served, name="retrain-every-month", spec=rule)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/ui/triggers")
    row = page.locator("#trigger-retrain-every-month")
    assert row.locator("th").bounding_box()["width"] > 160
    assert row.bounding_box()["height"] < 160
    box = page.locator("#triggers").bounding_box()
    is_no_wider_than(page, 1440)
    assert row.bounding_box()["width"] <= box["width"]
    row.locator("summary").click()
    expect(row.locator("pre")).to_contain_text('"a_name_that_is_long_11')
    page.locator("#live[data-state=on]").wait_for()
    triggers.declare(served, name="another", spec=rule)
    page.locator("#trigger-another").wait_for()
    expect(row.locator("details")).to_have_attribute("open", "")  # what the reader opened stays open
    assert page.problems == []


def test_pages_within_a_project_stay_there_and_hear_what_happens_in_it(page, served):
    for name in ("team", "other"):
        projects.declare(served, name=name, spec=ProjectSpec())
    create.create(served, name="team/price", model="team/price")
    asked = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.goto("/projects/team/ui/endpoints")
    page.get_by_text("connected").wait_for()
    create.create(served, name="team/demand", model="team/demand")
    page.get_by_role("link", name="team/demand").wait_for()
    page.get_by_role("link", name="team/price").click()
    page.get_by_role("heading", name="team/price").wait_for()
    page.get_by_role("link", name="Now", exact=True).click()
    expect(page).to_have_url("/projects/team/")
    assert "/projects/team/ui/stream" in asked
    pages = [path for path in asked if not path.startswith(("/ui/static/", "/projects/team/"))]
    assert pages == []
    page.goto("/projects/team/ui/models")
    page.locator("details.projects summary").click()
    page.locator("details.projects").get_by_role("link", name="other").click()
    expect(page).to_have_url("/projects/other/ui/models")
    expect(page).to_have_title(re.compile("other"))
    assert page.problems == []


def test_people_talk_about_an_endpoint_and_business_readers_have_a_page(page, served):
    page.goto("/ui/endpoints/delay")
    talk = page.locator("#talk")
    talk.get_by_label("comment").fill("Why so **late**? <b>no</b>")
    talk.get_by_role("button", name="Say it").click()
    expect(page.locator(".remark strong")).to_have_text("late")
    expect(page.locator(".remark")).to_contain_text("<b>no</b>")  # what people write is no HTML
    page.get_by_role("button", name="Do not follow").or_(
        page.get_by_role("button", name="Follow")
    ).first.click()
    page.goto("/ui/inbox")
    expect(page.get_by_role("heading", name="What you follow")).to_be_visible()
    page.goto("/ui/summary?lang=ja")
    expect(page.get_by_role("heading", name="概要")).to_be_visible()
    page.goto("/ui/costs?lang=en&by=endpoint")
    expect(page.get_by_role("heading", name="Costs")).to_be_visible()
    assert page.problems == []
