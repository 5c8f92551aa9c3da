"""The pages of features: all views; one with values, freshness, parity and readers; services, entities."""

from __future__ import annotations

import pytest

from meguru.datasets.client import add_files
from meguru.features.materialization.operations import start
from meguru.features.materialization.runner import see_through
from meguru.project.plan_apply import apply_plan, plan_project
from meguru.project.read import read_project

HOSTILE = "<script>alert(1)</script>"
TOML = f"""
[project]
name = "shop"
[entity.user]
key = "user"
[feature_view.activity]
entity = "user"
source = "spending"
time = "at"
ttl = "90m"
owner = "growth"
description = "{HOSTILE}"
[feature_service.buys]
views = ["activity"]
"""


@pytest.fixture
def shop(workspace, tmp_path):
    def bring(*rows):
        path = tmp_path / "more.csv"
        path.write_text("\n".join(["user,at,spend", *rows]))
        add_files(workspace, "spending", path, mode="append")
        see_through(workspace, start(workspace, view="activity"))

    first = "ann,2024-01-01T10:00:00Z,2.5"
    path = tmp_path / "spending.csv"
    path.write_text(f"user,at,spend\n{first}\n")
    add_files(workspace, "spending", path)
    (tmp_path / "meguru.toml").write_text(TOML)
    project = read_project(tmp_path / "meguru.toml")
    apply_plan(workspace, plan_project(workspace, project), project)
    see_through(workspace, start(workspace, view="activity"))
    bring("bob,2024-01-02T10:00:00Z,30.5", "ann,2024-01-03T10:00:00Z,40.5")
    return workspace


def test_each_page_is_whole_in_both_languages_and_markup_stays_text(browser, shop):
    for path in ("", "/views/activity", "/views/activity/1", "/services/buys", "/entities/user"):
        for language in ("en", "ja"):
            answer = browser.get(f"/ui/features{path}", headers={"Accept-Language": language})
            assert answer.status_code == 200, path
            assert f'<html lang="{language}"' in answer.text
            assert 'href="/ui/features" aria-current="page"' in answer.text
            assert HOSTILE not in answer.text


def test_a_view_tells_its_values_over_time_how_fresh_it_is_who_reads_it_and_how_to_compare(browser, shop):
    page = browser.get("/ui/features/views/activity").text
    for told in (
        "growth",
        "spend",
        "<svg",  # the values, and how their middle moved with the data
        "feature_service/buys",
        "meguru features parity",
        "holds for",
        "2024-01-03",
        "spending",
    ):
        assert told in page, told
    assert page.count("<svg") >= 2


def test_what_is_not_there_is_told(browser, shop):
    assert browser.get("/ui/features/views/nothing").status_code == 404
    assert browser.get("/ui/features/views/activity/9").status_code == 404
