"""Computed sentences in the reader's language: those that the code writes are those that are known."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import meguru
from meguru.compute.code.types import Environment
from meguru.pipelines.explain import compare_environments
from meguru.sentences.spoken import SENTENCES, spoken


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


PACKAGE = Path(meguru.__file__).parent
SPEAKING = [
    *sorted((PACKAGE / "releases" / "gates").glob("*.py")),
    PACKAGE / "releases" / "compatibility.py",
    PACKAGE / "releases" / "job.py",
    PACKAGE / "serving" / "contracts" / "inputs.py",
    PACKAGE / "serving" / "contracts" / "view.py",
    PACKAGE / "fairness" / "options.py",
    *sorted((PACKAGE / "monitoring" / "checks").glob("*.py")),
    PACKAGE / "monitoring" / "deciding" / "judge.py",
    PACKAGE / "monitoring" / "selection.py",
    PACKAGE / "monitoring" / "window.py",
    PACKAGE / "serving" / "health.py",
    PACKAGE / "serving" / "loaded_model.py",
    PACKAGE / "triggers" / "limits.py",
    PACKAGE / "triggers" / "calendar.py",
]
"""Files whose sentences are kept as reasons: of gates, checks, deployments and held-back triggers."""
REFUSALS = {
    "check",
    "check_rows",
    "check_share",
    "_check_bounded",
    "_check_source",
    "check_limit",
    "check_options",
    "_check_limit",
    "_check_margin",
    "gate_of",
    "check_of",
    "declare",
    "run",
    "rehearsed",
    "view",
}
"""Functions whose sentences answer whoever asked at once, in their language or not; they are not kept."""
UNSAID = {"shadow %s of endpoint %s could not score: %s", "job \x00 is not ours any more"}
"""Lines of the log, and what a worker says to itself."""


def sentences_of(path: Path) -> Iterator[tuple[str, str]]:
    """Yield every text of several words that a file writes, with ``\x00`` for each value, and where."""
    tree = ast.parse(path.read_text("utf-8"))
    silent: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            silent.add(id(node.value))  # a docstring
        if isinstance(node, ast.FunctionDef) and node.name in REFUSALS:
            silent |= {id(each) for each in ast.walk(node)}
        if isinstance(node, ast.keyword) and node.arg in {"hint", "why"} and path.parent.name != "monitoring":
            silent |= {id(each) for each in ast.walk(node.value)}
        if isinstance(node, ast.JoinedStr):
            silent |= {id(each) for each in node.values if isinstance(each, ast.Constant)}
        if isinstance(node, ast.FormattedValue) and node.format_spec:
            silent |= {id(each) for each in ast.walk(node.format_spec)}
    for node in ast.walk(tree):
        if id(node) in silent:
            continue
        text = ""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        elif isinstance(node, ast.JoinedStr):
            text = "".join(
                str(each.value) if isinstance(each, ast.Constant) else "\x00" for each in node.values
            )
        for part in _spoken_parts(text):
            yield part, f"{path.name}:{node.lineno}"


def _spoken_parts(text: str) -> list[str]:
    """Return the sentences in a text: it is one, or several that are told one by one."""
    if text in UNSAID:
        return []
    parts = [text] if any(text in each for each in SENTENCES) else text.split("; ")
    return [each for each in parts if len(re.findall(r"[a-z]{2,} ", each)) > 1]


def test_every_reason_of_a_gate_a_check_a_deployment_and_a_trigger_has_its_pattern():
    lost = []
    for path in SPEAKING:
        for text, where in sentences_of(path):
            written = ".*".join(re.escape(part) for part in text.split("\x00"))
            if not any(re.search(written, message) for message in SENTENCES):
                lost.append(f"{where}: {text}")
    assert lost == []


def test_what_a_gate_says_of_slices_is_told_beside_what_it_says_of_all():
    whole = "auc is 0.8123, as >= 0.7 is wanted"
    slices = "slice origin EWR: auc is 0.61, but >= 0.7 is wanted; slices of origin: 2 more fail"
    told = spoken(f"{whole}; {slices}", "ja")
    assert told.startswith(spoken(whole, "ja") + "; ")
    assert "wanted" not in told
    assert "slice" not in told


def test_a_sentence_within_a_sentence_is_told_too():
    faults = "column 'x' is sent by clients and is not known; column 'y' is sent as long and wanted as string"
    told = spoken(f"requests made for model/delay@1 would fail: {faults}", "ja")
    assert "column" not in told
    assert all(word in told for word in ("model/delay@1", "'x'", "'y'", "long", "string"))
    unjudged = spoken("performance was not judged: only 3 outcomes are known, and 500 are needed", "ja")
    assert unjudged == "performanceは判定されなかった: わかっている結果は3件で、500件が必要"
    assert spoken("model/a@1 can't be served: ValueError: x; y", "ja").endswith(": ValueError: x; y")
    classes = "an endpoint answers with one score a row; this model has one for each class"
    assert spoken(f"model/a@1 can't be served: {classes}", "ja").isascii() is False
    assert "score" not in spoken(f"model/a@1 can't be served: {classes}", "ja")


GAP = (
    "race: selection rate is 0.55 [0.54, 0.56] on 913 rows of a and 0.42 [0.40, 0.43] on 623 rows of b; the "
)


@pytest.mark.parametrize(
    "sentence",
    [
        GAP + "difference 0.13 [0.11, 0.14] is certainly above 0.05; groups are known of 100% of the rows",
        GAP + "ratio 0.77 [0.7, 0.8] is not certainly within 0.8; not enough evidence of red",
        "race: error is 0.1 [0.0, 0.2] on 500 rows of a; the distance from 0 0.1 [0.0, 0.2] is within 0.3",
        "sex f, m swapped: 12 of 400 answers change by more than 0.1 (3.0%), but 0.0% may; row 3 from 1 to 9",
        "2 of 60 answers of the golden set changed, but 0 may; row 0 from 1 to 0; row 1 from 0 to 1",
        "no counts of race were sent by ann for model/loans@1 and its holdout",
    ],
)
def test_what_gates_say_of_groups_and_changed_rows_is_told_whole_in_japanese(sentence):
    told = spoken(sentence, "ja")
    assert len(told.split("; ")) == len(sentence.split("; "))
    for english in (" is ", " rows", " the ", "row ", " may", "certainly", " of "):
        assert english not in f" {told}"
