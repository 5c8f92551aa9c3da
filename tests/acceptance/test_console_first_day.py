"""The first page of a new project says what to do, and doing it shows on the page."""

from __future__ import annotations

import os
import subprocess
import sys

import msgspec
import pytest

pytestmark = [pytest.mark.acceptance, pytest.mark.browser, pytest.mark.xdist_group("browser")]


def meguru(*words, folder, **more):
    return subprocess.run([sys.executable, "-m", "meguru", *words], cwd=folder, check=True, **more)


def test_the_command_on_the_empty_first_page_fills_it(chromium, tmp_path):
    meguru("init", folder=tmp_path, capture_output=True)
    server = subprocess.Popen(
        [sys.executable, "-m", "meguru", "up", "--port", "0", "--json", "--exit-with-parent"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"MEGURU_WORKERS": "1"},
    )
    try:
        url = msgspec.json.decode(server.stdout.readline())["url"]
        context = chromium.new_context(base_url=url, locale="en-GB")
        tab = context.new_page()
        tab.goto("/")
        tab.get_by_role("heading", name="A new workspace").wait_for()
        program, *words = tab.locator(".well .command code").inner_text().split()
        assert (program, words) == ("meguru", ["run", "train.py:train"])
        meguru(*words, folder=tmp_path, capture_output=True)
        tab.get_by_role("heading", name="All is well").wait_for()  # without being loaded again
        tab.get_by_text("pipeline run succeeded").wait_for()
        tab.get_by_role("link", name="Models").click()
        tab.get_by_role("row").nth(1).wait_for()
        context.close()
    finally:
        server.kill()
        server.communicate()
