"""Live pages: true within two seconds, in place, and nothing is taken from the reader's hands."""

from __future__ import annotations

import pytest

from meguru.app.open import open_local
from meguru.releases import operations as releases
from meguru.tracking import runs
from meguru.tracking.types import MetricPoint

pytestmark = [pytest.mark.acceptance, pytest.mark.browser]


def is_on(tab):
    tab.locator("#live[data-state=on]").wait_for()


def log(ws, run, step, *, keys=20):
    points = [MetricPoint(key=f"val/k{key:02}", value=key + 1 / step, step=step) for key in range(keys)]
    runs.log(ws, run=run, metrics=points)


def test_ticks_focus_and_selected_text_outlive_ten_refreshes(tab, seeded):
    for number in range(2):
        runs.start(seeded, name=f"held-{number}", experiment="held")
    tab.goto("/ui/runs?experiment=held")
    is_on(tab)
    tab.evaluate("window.sameDocument = true")
    for box in tab.locator("input[name=run]").all():
        box.check()
    tab.locator("input[name=run]").nth(1).focus()
    tab.evaluate("getSelection().selectAllChildren([...document.querySelectorAll('tbody th a')].at(-1))")
    for number in range(10):
        runs.start(seeded, name=f"new-{number}", experiment="held")
        tab.locator("tbody th a", has_text=f"new-{number}").wait_for()
    assert tab.locator("input[name=run]:checked").count() == 2
    assert tab.evaluate("document.activeElement.getAttribute('aria-label')") == "held-0"
    assert tab.evaluate("getSelection().toString()") == "held-0"
    assert tab.evaluate("window.sameDocument")
    assert tab.locator("tbody tr").count() == 12


def test_typed_text_and_opened_details_outlive_a_refresh(tab, seeded):
    run = runs.start(seeded, name="typed", experiment="typed")
    tab.goto("/ui/runs?experiment=typed")
    is_on(tab)
    tab.locator("input[name=query]").fill("metrics.auc > 0.8")
    runs.finish(seeded, run=run.id)
    tab.locator("tbody .badge.good").wait_for()
    assert tab.locator("input[name=query]").input_value() == "metrics.auc > 0.8"
    tab.goto("/ui/endpoints/delay")
    is_on(tab)
    tab.locator("#gates-2 > summary").click()
    releases.create(seeded, endpoint="delay", model="model/delay@2")
    tab.locator("#release-3").wait_for()
    assert tab.locator("#gates-2").evaluate("each => each.open")


def test_the_page_of_a_running_run_moves_as_points_are_logged(tab, seeded):
    run = runs.start(seeded, name="moving", experiment="moving")
    log(seeded, run.id, 1)
    tab.goto(f"/ui/runs/{run.id}")
    is_on(tab)
    tab.evaluate("window.sameDocument = true")
    for step in (2, 3, 4):
        log(seeded, run.id, step)
        tab.locator("#metrics td:last-child", has_text=str(step)).first.wait_for(timeout=2500)
    tab.wait_for_function(
        "() => document.querySelector('figure path[data-x]')?.dataset.x.split(' ').at(-1) === '4'",
        timeout=4000,
    )
    assert tab.evaluate("window.sameDocument")


def test_all_twenty_series_are_drawn_and_a_value_is_told_at_each_step(tab, seeded):
    run = runs.start(seeded, name="wide", experiment="wide")
    for step in range(1, 5):
        log(seeded, run.id, step)
    runs.finish(seeded, run=run.id)
    tab.goto(f"/ui/runs/{run.id}")
    tab.locator("#charts h2", has_text="val").wait_for()
    for _ in range(30):
        tab.mouse.wheel(0, 800)
        if tab.locator("figure svg.plot").count() == 20:
            break
        tab.wait_for_timeout(100)
    assert tab.locator("figure svg.plot").count() == 20
    last = tab.locator("figure svg.plot").last
    last.focus()
    assert tab.locator("div.tip").inner_text().split() == ["4", "wide", "19.25"]
    tab.keyboard.press("ArrowLeft")
    assert tab.locator("div.tip").inner_text().split() == ["3", "wide", "19.3333"]
    tab.get_by_label("metric", exact=True).fill("k07")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**metric=k07*")
    assert tab.locator("figure[data-metric]").count() == 1


def test_a_page_is_light_also_when_twenty_runs_are_compared(tab, seeded):
    found = []
    for number in range(20):
        run = runs.start(seeded, name=f"of-twenty-{number}", experiment="twenty", params={"lr": str(number)})
        points = [
            MetricPoint(key=f"k{key:02}", value=key + number / step, step=step)
            for key in range(12)
            for step in range(1, 60)
        ]
        runs.log(seeded, run=run.id, metrics=points)
        runs.finish(seeded, run=run.id)
        found.append(run.id)
    sizes = []
    tab.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    tab.goto("/ui/runs/compare?" + "&".join(f"run={run}" for run in found))
    tab.wait_for_load_state("networkidle")
    assert tab.locator("figure[data-metric]").count() == 12
    assert sum(sizes) < 150_000


def test_the_marks_of_a_chart_are_reached_by_tab_and_arrows(tab):
    tab.goto("/ui/endpoints/delay")
    tab.locator("svg [data-tip][tabindex='0']").first.focus()
    first = tab.locator("div.tip").inner_text()
    tab.keyboard.press("ArrowRight")
    assert tab.locator("div.tip").inner_text() != first
    assert tab.evaluate("document.activeElement.matches('[data-tip]')")
    tab.keyboard.press("Escape")
    assert tab.locator("div.tip").is_hidden()


def test_points_that_come_through_another_process_are_seen_too(tab, seeded, seeded_folder):
    """The workspace is opened here as well, as a second server would open the same database."""
    run = runs.start(seeded, name="elsewhere", experiment="elsewhere")
    tab.goto(f"/ui/runs/{run.id}")
    is_on(tab)
    with open_local(seeded_folder / "w") as ws:
        log(ws, run.id, 7, keys=1)
        tab.locator("#metrics th", has_text="val/k00").wait_for(timeout=2500)
