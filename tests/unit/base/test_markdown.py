"""Markdown of people: what it shows, and what it must not do."""

import pytest

from meguru.base.markdown import html_of


def test_markdown_is_shown_as_people_mean_it():
    html = html_of(
        "**bold** and `code`\n\n- one\n- [two](https://example.com)\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    )
    assert "<strong>bold</strong> and <code>code</code>" in html
    assert '<a href="https://example.com">two</a>' in html
    assert "<td>1</td>" in html
    assert html_of("需要予測") == "<p>需要予測</p>\n"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:x)",
        "[x](//evil.example)",
        "[x](\\\\evil.example)",
        "[a]: javascript:alert(1)\n\n[a]",
        "<javascript:alert(1)>",
        "![x](https://evil.example/pixel.png)",
    ],
)
def test_markdown_does_no_harm(text):
    html = html_of(text).casefold()
    assert "<script" not in html
    assert "<img" not in html
    for scheme in ("javascript:", "data:", "vbscript:", "//evil", "\\\\evil"):
        assert f'href="{scheme}' not in html


def test_deep_nesting_costs_little():
    assert len(html_of(">" * 20_000 + " deep")) < 1_000_000
