"""A real browser, and a real server with one of everything behind it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from meguru.app.open import open_workspace
from meguru.kernel.remote import RemoteWorkspace

CHROMIUM = Path(os.environ.get("MEGURU_CHROMIUM", "/usr/bin/chromium"))
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def chromium():
    # Of a module, not of the session: as long as Playwright runs, this thread has an event loop, and no
    # test after it could start one of its own.
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        playwright.expect.set_options(timeout=30_000)  # as long as all other waits of Playwright
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def seeded_folder(seeded_place: Callable[[], Path]) -> Path:
    return seeded_place()


@pytest.fixture(scope="session")
def seeded(seeded_folder: Path) -> Iterator[RemoteWorkspace]:
    """A seeded workspace behind a server process that carries out no jobs."""
    command = [
        sys.executable,
        "-m",
        "meguru",
        "up",
        "--workspace",
        str(seeded_folder),
        "--port",
        "0",
        "--json",
    ]
    process = subprocess.Popen(
        [*command, "--exit-with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"MEGURU_WORKERS": "0"},
    )
    try:
        url = msgspec.json.decode(process.stdout.readline())["url"]
        with open_workspace(url) as ws:
            yield ws
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def tab(chromium, seeded):
    """A tab at the seeded workspace; it keeps what went wrong in it."""
    context = chromium.new_context(base_url=seeded.url, locale="en-GB")
    page = context.new_page()
    page.problems = []
    page.on(
        "console", lambda said: page.problems.append(said.text) if said.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    yield page
    context.close()
    assert page.problems == []
