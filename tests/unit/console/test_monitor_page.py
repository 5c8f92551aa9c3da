"""A monitor's page shows what moved and leads to the reports; a report's page shows why, and can be kept."""

import re

from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru.console.charts.heat import HeatCell, HeatRow, heat
from meguru.console.routes import routes
from meguru.monitoring.show import list_reports


def pages(ws):
    return TestClient(Starlette(routes=routes(lambda _: ws)), headers={"Accept-Language": "en"})


def test_a_monitors_page_shows_its_windows_and_what_moved(filled):
    report = list_reports(filled, endpoints=["delay"])["delay"][0]
    with pages(filled) as client:
        shown = client.get(f"/ui/monitors/{report.monitor}").text
        (movement,) = re.findall(r'<section class="card" id="movement">.*?</section>', shown, re.DOTALL)
        assert 'id="history"' in shown
        links = re.findall(r'href="([^"]*/ui/reports/[^"]+)"', movement)
        assert links
        assert client.get(links[0]).status_code == 200


def test_a_report_can_be_kept_as_one_file_or_as_a_drawing(filled):
    report = list_reports(filled, endpoints=["delay"])["delay"][0]
    with pages(filled) as client:
        at = f"/ui/reports/{report.id}"
        assert 'id="distributions"' in client.get(at).text
        kept = client.get(f"{at}/file")
        assert kept.headers["content-disposition"] == f'attachment; filename="{report.id}.html"'
        assert kept.text.startswith("<!doctype html>")
        assert client.get(f"{at}/drawing").text.startswith("<svg")
        assert client.get(f"{at}/drawing?as=png").content.startswith(b"\x89PNG")
        assert client.get("/ui/reports/report-nope/file").status_code == 404


def test_a_map_has_a_cell_for_each_window_that_was_judged():
    cell = HeatCell(strength=9.0, breached=True, tip="<wind>", href="/ui/reports/r")
    drawn = heat(
        [HeatRow(label="wind", cells=[None, cell]), HeatRow(label="x" * 99, cells=[cell, None])],
        ["a", "b"],
        "m",
    )
    assert drawn.count("<a ") == 2
    assert drawn.count('tabindex="0"') == 1
    assert "<wind>" not in drawn


def test_the_tab_key_reaches_a_map_whose_first_column_was_never_judged():
    cell = HeatCell(strength=1.0, breached=False, tip="rain", href="/ui/reports/r")
    rows = [HeatRow(label="wind", cells=[None, None]), HeatRow(label="rain", cells=[cell, cell])]
    assert heat(rows, ["a", "b"], "m").count('tabindex="0"') == 1
