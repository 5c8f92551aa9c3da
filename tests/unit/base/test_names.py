from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meguru.base import refs
from meguru.base.names import check_name, check_title, is_key, is_name, normal, quoted, unquoted
from meguru.errors import InvalidInput

NAMES = [
    "churn",
    "a.b_c-9",
    "Penguins",
    "需要予測",
    "ペンギン",
    "売上予測0.28",
    "データ・分析",
    "학습",
    "prévision",
    "मॉडल",
    "модель-2",
    "9lives",
    "a" * 100,
    "学" * 100,
]


@pytest.mark.parametrize("name", NAMES)
def test_letters_and_digits_of_any_script_make_a_name(name):
    assert check_name("dataset", name) == name
    assert refs.parse(refs.make("dataset", name, 3)) == ("dataset", name, "3")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a" * 101,
        "学" * 101,
        "a b",
        "a/b",
        "a@1",
        "..",
        ".a",
        "-a",
        "_a",
        "・a",
        "a\n",
        "a\x00",
        "a%2F",
        "a:b",
        "a#b",
        "a?b",
        "a\\b",
        "🚀",
        "\u0301a",
        "a\u200bb",
        "a\u200db",
        "a\u202eb",
        "a\u2066b",
        "\ufeffa",
        "a\u00adb",
        "a\u3164",
        "葛\U000e0100",
        "a\ue000",
        "a\ud800",
        "a\u2028",
        "a\u3000b",
    ],
)
def test_what_can_be_no_address_or_cannot_be_seen_is_refused(name):
    with pytest.raises(InvalidInput, match="can't name a model") as caught:
        check_name("model", name, field="model")
    assert caught.value.field == "model"
    assert not is_name(normal(name))


def test_the_refusal_offers_the_nearest_name_that_is_one():
    for given_name, nearest in (
        ("my model!", "my-model"),
        ("churn/lightgbm", "churn-lightgbm"),
        ("需要 予測", "需要-予測"),
    ):
        with pytest.raises(InvalidInput) as caught:
            check_name("model", given_name)
        assert caught.value.hint == f"use {nearest!r}"
    with pytest.raises(InvalidInput) as caught:
        check_name("model", "ab\u200bc")
    assert "U+200B ZERO WIDTH SPACE" in caught.value.why
    assert caught.value.hint == "use 'abc'"


def test_two_spellings_of_the_same_letters_are_one_name():
    apart, together = unicodedata.normalize("NFD", "データ"), unicodedata.normalize("NFC", "データ")
    assert apart != together
    assert check_name("dataset", apart) == together
    assert check_title("experiment", apart) == together
    assert refs.parse(f"dataset/{apart}@2") == ("dataset", together, "2")
    assert refs.parse(apart, kind="dataset").name == together


def test_capital_letters_are_other_letters():
    assert check_name("dataset", "Penguins") != check_name("dataset", "penguins")


@pytest.mark.parametrize(
    "title", ["需要予測", "churn / lightgbm (2)", "🚀 launch", "👩\u200d💻", "می\u200cخواهم", "x" * 250]
)
def test_a_title_is_any_text_that_can_be_seen(title):
    assert check_title("experiment", title) == title


@pytest.mark.parametrize(
    "title", ["", " a", "a ", "a\nb", "a\x1b[31m", "a\u200b", "a\u202eb", "\u200da", "a\u200d", "x" * 251]
)
def test_a_title_that_cannot_be_seen_as_it_is_is_refused(title):
    with pytest.raises(InvalidInput, match="can't name a run"):
        check_title("run", title)


@pytest.mark.parametrize(
    "key", ["val/loss", "accuracy 精度", "f1@5", "a:b", "मॉडल", "データ・分析", "x" * 250]
)
def test_a_key_holds_what_mlflow_lets_one_hold_and_marks_of_other_scripts(key):
    assert is_key(key)


@pytest.mark.parametrize("key", ["", "a\nb", "a%b", "a,b", "a\u200bb", "a\u3164", "\u202ea", "x" * 251])
def test_a_key_with_other_signs_is_none(key):
    assert not is_key(key)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_the_form_for_paths_and_addresses_can_be_read_again(text):
    form = quoted(text)
    assert form.isascii()
    assert not form.startswith(".")
    assert not set(form) & set('/\\?#:*"<>|@ ')
    assert unquoted(form) == text


@given(st.text())
def test_what_is_a_name_stays_the_same_name(text):
    kept = normal(text)
    if is_name(kept):
        assert check_name("step", text) == kept == check_name("step", kept)
        assert refs.parse(refs.make("step", kept)).name == kept


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("model/a@b@3", ("model", "a@b", "3")),
        ("model/team/a@b@3", ("model", "team/a@b", "3")),
        ("model/a@3", ("model", "a", "3")),
        ("model/a", ("model", "a", None)),
    ],
)
def test_the_version_is_what_follows_the_last_at(text, read):
    assert refs.parse(text) == refs.parse(text.removeprefix("model/"), kind="model") == read


def test_a_reference_that_ends_with_an_at_is_none():
    with pytest.raises(InvalidInput):
        refs.parse("model/a@b@")
