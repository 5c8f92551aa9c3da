"""Computed sentences in the reader's language: those that the code writes are those that are known."""

from __future__ import annotations

import re

import pytest

from meguru.compute.code.types import Environment
from meguru.console.sentences import SENTENCES, spoken
from meguru.pipelines.explain import compare_environments


class _Any(dict):
    def __missing__(self, name):
        return f"<{name}>"


@pytest.mark.parametrize("message", SENTENCES)
def test_a_sentence_is_known_again_with_its_values(message):
    written = message.format_map(_Any())
    told = spoken(written, "ja")
    assert told != written
    assert not told.isascii()
    assert sorted(re.findall("<[a-z]+>", told)) == sorted(re.findall("<[a-z]+>", written))
    assert spoken(written, "en") == written


def test_what_is_not_known_stays_as_it_is():
    assert spoken("the moon was full", "ja") == "the moon was full"
    assert spoken("x" * 10_000 + " changed", "ja").endswith(" changed")
    assert spoken("<b>{old}</b> changed", "ja") == "<b>{old}</b>が変わった"


def test_what_the_code_says_of_environments_is_known():
    old = Environment(python="3.11", packages={"numpy": "2.0"}, lock="uv.lock abc")
    new = Environment(python="3.12", packages={"numpy": "2.1"}, lock="uv.lock def")
    for sentence in compare_environments(old, new):
        assert not spoken(sentence, "ja").isascii()


def test_pages_of_a_seeded_workspace_tell_their_reasons_in_japanese(pages_in_japanese):
    run, endpoint, report = pages_in_japanese
    assert "この段階を終えた実行はない" in run
    assert "no run before this one" not in run
    assert "以内" in report or "を超える" in report
    assert " is within " not in report
    assert "比べる現行モデルがない" in endpoint
