"""Cards as files: what people wrote can do no harm in any of them, and Japanese can be read."""

from __future__ import annotations

import json
import re

import msgspec
import pypdfium2
import pytest
import yaml
from huggingface_hub import ModelCard
from markdown_it import MarkdownIt

import meguru
from meguru.cards import operations as cards
from meguru.cards.export import card_file, words_in
from meguru.cards.exports.cyclonedx import model_card
from meguru.cards.exports.sagemaker import LONG, MAX_LENGTH, SHORT, SagemakerCard
from meguru.cards.project_file import parts_of, prepare
from meguru.cards.render.html import prose_html
from meguru.cards.render.markdown import escaped, prose
from meguru.cards.types import CardText
from meguru.errors import InvalidInput, NotFound

HOSTILE = (
    "<script>alert(1)</script> [l](javascript:alert(1)) ![i](https://x.example/y.png) `a<b`"
    "\n\n# Big\n\n* 日本語の説明"
)
LANGUAGES = ("en", "ja")


@pytest.fixture(scope="module")
def card(flights):
    made = cards.show(flights, ref="model/delay@2")
    texts = {"intended_use": HOSTILE, "licence": "MIT", "owners": "流山チーム", "caveats": "長い" * 1100}
    words = [CardText(part=part, text=text) for part, text in texts.items()]
    params = {"long": "日" * 9000 + "\x07", "lines": "a\n" * 500}
    facts = msgspec.structs.replace(made.facts, description="a | b <b>\n# c", params=params)
    return msgspec.structs.replace(made, words=words, facts=facts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_html_is_one_file_that_runs_and_fetches_nothing(card, language):
    text = card_file(card, "html", words_in(language)).content.decode()
    assert f'<html lang="{language}">' in text
    assert "<script" not in text
    assert "<img" not in text
    assert 'href="javascript' not in text
    assert re.findall(r'(?:src|href)="(?!https?://x\.example)[^"]*"', text) == []
    assert "default-src 'none'" in text
    assert "<h3>Big</h3>" in text
    assert "a | b &lt;b&gt;" in text
    assert ("想定する用途" in text) is (language == "ja")


def test_markdown_keeps_what_people_wrote_and_escapes_what_records_hold(card):
    text = card_file(card, "markdown", words_in("en")).content.decode()
    assert "&lt;script>alert(1)&lt;/script>" in text
    assert "javascript:" not in text.partition("(about:blank#")[0]
    assert "### Big" in text
    assert "a \\| b \\<b\\> \\# c" in text
    assert "`a<b`" in text
    assert escaped("a\n|b") == "a \\|b"
    assert prose("```\n<b>\n# x") == "```\n<b>\n# x\n```"
    assert prose("~~~~\n~~~\n<b>") == "~~~~\n~~~\n<b>\n~~~~"
    assert str(prose_html("<b>x</b>")) == "<p>&lt;b&gt;x&lt;/b&gt;</p>\n"


@pytest.mark.parametrize(
    "text",
    [  # the last one runs in a reader that does not look at links
        "    ```\n\n<script>alert(1)</script>",
        "```\n~~~\n```\n<script>alert(1)</script>",
        "` <script>alert(1)</script> ``",
        "\\`<script>alert(1)</script>`",
        "a `\nb ` <script>alert(1)</script> ` c",
        "[l](&#106;avascript:alert(1))",
    ],
)
def test_what_only_looks_like_code_hides_no_html(text):
    made = prose(text)
    trusting = MarkdownIt("commonmark", {"html": True}).render(made)
    assert "<script" not in trusting
    assert made.startswith("```") or "&lt;script" in made


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_letters_of_a_pdf_can_be_copied_also_japanese_ones(card, language):
    found = card_file(card, "pdf", words_in(language))
    if language == "ja":
        assert found == card_file(card, "pdf", words_in(language))  # the same card is the same file
    document = pypdfium2.PdfDocument(found.content)
    pages = [document[place].get_textpage() for place in range(len(document))]
    text = "".join(page.get_text_range() for page in pages)
    for page in pages:
        page.close()
    document.close()
    assert "日本語の説明" in text
    assert "流山チーム" in text
    assert "<script>alert(1)</script>" in text
    assert ("想定する用途" in text, "Intended use" in text) == (
        (True, False) if language == "ja" else (False, True)
    )


def test_hugging_face_has_its_metadata_in_front(card):
    text = card_file(card, "huggingface", words_in("en")).content.decode()
    read = ModelCard(text)
    assert (read.data.model_name, read.data.license) == ("delay", "mit")
    told = {each.metric_type: (each.metric_value, each.metric_args) for each in read.data.eval_results}
    front = yaml.safe_load(text.split("---\n")[1])
    assert (front["license"], front["library_name"], front["datasets"]) == ("mit", "sklearn", ["flights"])
    (result,) = front["model-index"][0]["results"]
    auc = next(each for each in result["metrics"] if each["type"] == "auc")
    assert told["auc"] == (auc["value"], auc["args"])
    assert result["task"]["type"] == "tabular-classification"
    assert auc["args"]["low"] < auc["value"] < auc["args"]["high"]


def test_sagemaker_takes_no_more_than_its_schema_has(card):
    found = json.loads(card_file(card, "sagemaker", words_in("en")).content)
    strict = msgspec.convert(found, SagemakerCard)
    assert strict.model_overview.model_version == 2
    assert len(found["additional_information"]["caveats_and_recommendations"]) == LONG
    assert found["additional_information"]["caveats_and_recommendations"].endswith("…")

    def lengths(value):
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        yield len(value) if isinstance(value, str) else 0
        for each in children:
            yield from lengths(each)

    assert max(lengths(found)) <= MAX_LENGTH
    assert max(lengths(found["model_overview"])) <= SHORT
    group = found["evaluation_details"][0]["metric_groups"][0]
    assert {each["type"] for each in group["metric_data"]} == {"number"}


def test_cyclonedx_has_intervals_and_who_may_be_harmed(card):
    found = json.loads(card_file(card, "cyclonedx", words_in("en")).content)
    auc = next(each for each in found["quantitativeAnalysis"]["performanceMetrics"] if each["type"] == "auc")
    bounds = auc["confidenceInterval"]
    assert float(bounds["lowerBound"]) < float(auc["value"]) < float(bounds["upperBound"])
    assert found["considerations"]["useCases"] == [HOSTILE]
    assert found["modelParameters"]["datasets"][0]["name"] == "dataset/flights@1"


def test_a_gate_of_ones_own_may_call_a_number_groups(card):
    (gate, *_) = card.facts.gates
    facts = msgspec.structs.replace(card.facts, gates=[msgspec.structs.replace(gate, numbers={"groups": 3})])
    found = model_card(card, facts)
    assert "fairnessAssessments" not in found["considerations"]


def test_the_schemas_of_others_are_of_models(flights):
    with pytest.raises(InvalidInput, match="cards of models"):
        cards.export(flights, ref="endpoint/delay", format="sagemaker")
    made = cards.export(flights, ref="endpoint/delay", format="markdown", language="ja")
    assert made.name == "endpoint-delay.md"
    assert "運用手順書" in made.content.decode()


def test_a_markdown_file_has_a_part_for_each_heading(tmp_path):
    assert parts_of(
        "# Delay\n\nIn short.\n\n## Intended use\n\nA\n\n### More\n\n```\n## no\n```"
        "\n\n## 注意事項と推奨事項\n\nB"
    ) == {
        "description": "In short.",
        "intended_use": "A\n\n### More\n\n```\n## no\n```",
        "caveats": "B",
    }
    (tmp_path / "delay.md").write_text("## Owners\n\nus\n\n## Risks of ice\n\nsome\n")
    (tmp_path / "delay.ja.md").write_text("## 責任者\n\n私たち\n")
    fields = {"file": "delay.md", "contacts": "a@example.com", "words": {"owners": "them"}}
    assert prepare(tmp_path, "delay", fields) == {
        "about": "",
        "words": {
            "owners": "them",
            "risks_of_ice": "some",
            "owners.ja": "私たち",
            "contacts": "a@example.com",
        },
    }
    with pytest.raises(NotFound, match="no file"):
        prepare(tmp_path, "delay", {"file": "gone.md"})
    with pytest.raises(InvalidInput, match="outside"):
        prepare(tmp_path, "delay", {"file": "../delay.md"})


def test_a_program_has_the_card_as_an_object(template, tmp_path):
    found = meguru.card("delay@2", workspace=template, language="ja")
    assert (found.facts.version, found.stale) == (2, [])
    assert "# モデルカード: delay@2" in str(found)
    assert found.write(tmp_path / "delay.html").read_text().startswith("<!doctype html>")
    with pytest.raises(NotFound):
        meguru.card("late", workspace=template)
