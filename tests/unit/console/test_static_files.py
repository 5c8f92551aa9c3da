"""The stylesheet, scripts and icon."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from meguru.console import static_files


@pytest.mark.parametrize("name", ["console.css", "console.js", "live.js", "icon.svg"])
def test_a_file_under_its_digest_is_kept_for_ever(browser: TestClient, name: str):
    answer = browser.get(static_files.url(name))
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == (static_files.FOLDER / name).read_bytes()


def test_a_file_under_an_old_digest_is_not_kept(browser: TestClient):
    assert browser.get("/ui/static/old/console.css").headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "name",
    ["../page_request.py", "..%2fpage_request.py", "%2e%2e/page_request.py", "nope.css", "console.css.map"],
)
def test_nothing_else_is_served(browser: TestClient, name: str):
    assert browser.get(f"/ui/static/{static_files.version()}/{name}").status_code == 404


def test_a_script_only_imports_its_neighbours():
    for path in static_files.FOLDER.glob("*.js"):
        text = path.read_text("utf-8")
        assert "http" not in text
        assert "eval(" not in text
        assert ".innerHTML" not in text
        assert 'from "/' not in text
