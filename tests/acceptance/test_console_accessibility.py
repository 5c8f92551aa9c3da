"""axe-core finds nothing on any page: wide and narrow, light and dark, English and Japanese."""

from __future__ import annotations

from itertools import cycle

import pytest

from meguru.alerts.incidents.show import list_incidents
from meguru.alerts.show import list_alerts
from meguru.backfills.show import list_backfills
from meguru.governance.waivers.show import list_waivers
from meguru.monitoring.show import show as show_monitor
from meguru.pipelines.show import list_runs as list_pipeline_runs
from meguru.sweeps.show import list_sweeps
from meguru.tracking.show import list_runs

pytestmark = [pytest.mark.acceptance, pytest.mark.browser, pytest.mark.xdist_group("browser")]
LISTS = [
    "/",
    "/ui/endpoints",
    "/ui/endpoints/delay",
    "/ui/models",
    "/ui/models/delay/1",
    "/ui/pipelines/runs",
    "/ui/pipelines/versions/train",
    "/ui/backfills",
    "/ui/runs",
    "/ui/runs/compare",
    "/ui/sweeps",
    "/ui/datasets",
    "/ui/datasets/flights/1",
    "/ui/features",
    "/ui/triggers",
    "/ui/alerts",
    "/ui/incidents",
    "/ui/events",
    "/ui/events?verify=1",
    "/ui/reviews",
    "/ui/releases/late/1",
    "/ui/waivers",
    "/ui/waivers?release=release/delay@2&gate=champion",
    "/ui/checklists",
    "/ui/checklists/high-risk?model=delay@1",
    "/ui/cards",
    "/ui/models/delay/1/card",
    "/ui/models/delay/changelog",
    "/ui/comments",
    "/ui/costs",
    "/ui/summary",
    "/ui/erasures",
    "/ui/audit?ask=in-force",
    "/ui/projects",
    "/ui/projects/default",
    "/projects/default/ui/endpoints",
    "/ui/no/such/page",
    "/sign-in",
]
SIZES = [(1440, 900), (390, 844)]
ALL = {"resultTypes": ["violations"]}
COLOURS = ALL | {"runOnly": ["color-contrast", "link-in-text-block"]}
"""What a dark page can break that a light one does not."""
BOTH = {"light": ALL, "dark": COLOURS}
IN_TURN = [{"light": ALL}, {"dark": ALL}]
"""Every second page is looked at in the dark: each look is a second."""


def of_things(ws) -> list[str]:
    """Return the pages of things whose ids are made up as they come."""
    failed, waiting = (list_pipeline_runs(ws, state=state).items[0].id for state in ("failed", "waiting"))
    tracked = [run.id for run in list_runs(ws, experiment="trial").items]
    return [
        f"/ui/pipelines/runs/{failed}",
        f"/ui/pipelines/runs/{failed}/log",
        f"/ui/pipelines/runs/{waiting}",
        f"/ui/runs/{tracked[0]}",
        "/ui/runs/compare?" + "&".join(f"run={run}" for run in tracked),
        f"/ui/sweeps/{list_sweeps(ws).items[0].id}",
        f"/ui/backfills/{list_backfills(ws).items[0].id}",
        f"/ui/alerts/{list_alerts(ws).items[0].id}",
        f"/ui/incidents/{list_incidents(ws).items[0].id}",
        f"/ui/reports/{show_monitor(ws, name='delay-watch').reports[0].id}",
        f"/ui/waivers/{list_waivers(ws).items[0].id}",
    ]


@pytest.mark.parametrize(
    ("locale", "size", "schemes"),
    [
        pytest.param("ja-JP", SIZES[1], IN_TURN, id="in-turn"),
        pytest.param("en-GB", SIZES[0], [BOTH], id="en-wide", marks=pytest.mark.soak),
        pytest.param("ja-JP", SIZES[1], [BOTH], id="ja-narrow", marks=pytest.mark.soak),
        pytest.param("en-GB", SIZES[1], [BOTH], id="en-narrow", marks=pytest.mark.soak),
        pytest.param("ja-JP", SIZES[0], [BOTH], id="ja-wide", marks=pytest.mark.soak),
    ],
)
def test_no_page_breaks_a_rule_of_accessibility(chromium, seeded, locale, size, schemes):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    viewport = {"width": size[0], "height": size[1]}
    context = chromium.new_context(
        base_url=seeded.url, locale=locale, viewport=viewport, reduced_motion="reduce"
    )
    tab = context.new_page()
    broken = []
    for path, looks in zip([*LISTS, *of_things(seeded)], cycle(schemes), strict=False):
        tab.goto(path)
        for scheme, rules in looks.items():
            tab.emulate_media(color_scheme=scheme)
            found = axe.run(tab, options=rules).response["violations"]
            broken += [
                f"{path} {scheme}: {rule['id']} {[node['target'] for node in rule['nodes']][:3]}"
                for rule in found
            ]
    context.close()
    assert broken == []
