"""A test of a browser waits for what it looks at: a page that was just acted upon is not there yet."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
TABS = {"page", "tab"}
READS = {
    "all",
    "all_inner_texts",
    "all_text_contents",
    "content",
    "count",
    "evaluate",
    "evaluate_all",
    "get_attribute",
    "inner_html",
    "inner_text",
    "input_value",
    "is_checked",
    "is_disabled",
    "is_enabled",
    "is_hidden",
    "is_visible",
    "text_content",
    "title",
}
"""Methods of Playwright's pages and locators that tell what there is at this moment."""
SHORT = 30_000
"""Milliseconds that Playwright waits unless told otherwise: a hang is ended, a busy machine is not."""


def hasty(source: str) -> Iterator[str]:
    """Yield what a browser test asserts of a page at once, and where it waits for a short time only."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assert):
            yield from (ast.unparse(each) for each in ast.walk(node.test) if is_a_read(each))
        elif is_a_short_wait(node):
            yield ast.unparse(node)


def is_a_short_wait(node: ast.AST) -> bool:
    match node:
        case ast.keyword(arg="timeout", value=ast.Constant(value=milliseconds)):
            return milliseconds < SHORT
    return False


def is_a_read(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in READS
        case ast.Attribute(value=ast.Name(id=name), attr="url"):
            return name in TABS
    return False


def of_a_browser(path: Path) -> bool:
    return path != Path(__file__) and "pytest.mark.browser" in path.read_text("utf-8")


def test_every_test_of_a_browser_waits_for_what_it_expects():
    files = [path for path in TESTS.rglob("test_*.py") if of_a_browser(path)]
    assert len(files) >= 4
    found = [f"{path.name}: {each}" for path in files for each in hasty(path.read_text("utf-8"))]
    assert found == [], "use playwright.sync_api.expect(...), which waits"


@pytest.mark.parametrize(
    "line",
    [
        "assert 'other' in page.title()",
        "assert page.url == '/'",
        "assert page.locator('td').all_inner_texts() == ['1']",
        "assert not tab.locator('div').first.is_visible()",
        "assert row.locator('tr').count() == 3",
        "assert tab.evaluate('document.activeElement.id') == 'main'",
        "tab.locator('p').wait_for(timeout=2500)",
    ],
)
def test_what_would_look_too_early_is_found(line):
    assert list(hasty(line))


@pytest.mark.parametrize(
    "line",
    [
        "expect(page).to_have_title('other')",
        "assert page.origins == {urlsplit(served.url).netloc}",
        "assert page.goto('/').status == 200",
        "program = tab.locator('code').inner_text()",
        "tab.locator('p').wait_for(timeout=limit)",
    ],
)
def test_what_waits_is_fine(line):
    assert list(hasty(line)) == []
