"""Ids, names, references, digests, plug-in tables and settings."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meguru import errors
from meguru.base import digests, refs
from meguru.base.ids import new_id
from meguru.base.names import check_name
from meguru.base.plugins import PluginFamily
from meguru.base.settings import load_settings
from meguru.base.text import language_of

NAMES = st.text("abcxyz0189", min_size=1, max_size=3).flatmap(
    lambda head: st.text("az09_.-", max_size=9).map(lambda rest: head + rest)
)


def test_ids_sort_in_the_order_they_were_made_even_by_many_threads():
    made = [new_id("run") for _ in range(1000)]
    assert made == sorted(set(made))
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.extend(new_id("x") for _ in range(500))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 2000


@pytest.mark.parametrize("bad", ["", "a b", "../x", "-a", "a" * 101, "é\u200b", "a/b", "a@1", "a\n"])
def test_a_bad_name_is_refused_with_its_field(bad):
    with pytest.raises(errors.InvalidInput) as caught:
        check_name("model", bad)
    assert caught.value.field == "name"


@given(NAMES, NAMES, st.none() | st.integers(1, 10**6))
def test_a_reference_reads_back_as_written(kind, name, version):
    text = refs.make(kind, name, version)
    assert refs.parse(text) == (kind, name, None if version is None else str(version))
    assert str(refs.parse(text)) == text


@pytest.mark.parametrize("bad", ["", "model", "/x", "model/", "model/x@", "@1"])
def test_what_is_no_reference_is_refused(bad):
    with pytest.raises(errors.InvalidInput):
        refs.parse(bad)


def test_a_bare_name_is_read_as_the_wanted_kind_and_another_kind_is_refused():
    assert str(refs.parse("churn@2", kind="model")) == "model/churn@2"
    refs.KINDS.add("dataset")  # a kind that was declared is no project
    with pytest.raises(errors.InvalidInput):
        refs.parse("dataset/churn", kind="model")


def test_what_stands_before_a_name_is_its_project_and_the_default_one_is_not_written():
    assert refs.parse("team/churn@2", kind="model") == ("model", "team/churn", "2")
    assert refs.parse("model/team/churn@2").project == "team"
    assert str(refs.parse("model/default/churn")) == "model/churn"
    assert refs.parse("churn", kind="model").project == ""


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=5))
def test_a_values_digest_does_not_depend_on_the_order_of_keys(value):
    assert digests.of_value(value) == digests.of_value(dict(reversed(value.items())))


@pytest.mark.parametrize("bad", ["", "x" * 64, "A" * 64, "../" + "a" * 61, "a" * 63])
def test_only_a_digest_passes_as_a_digest(bad):
    with pytest.raises(errors.InvalidInput):
        digests.check_digest(bad)


def test_a_table_loads_on_first_use_and_offers_near_misses():
    table = PluginFamily("drift test", {"psi": "math:pi", "ks": "math:e"})
    assert table.load("psi") == pytest.approx(3.14159, abs=1e-4)
    with pytest.raises(errors.NotFound) as caught:
        table.load("pssi")
    assert "'psi'" in caught.value.hint


def test_settings_come_from_the_environment_and_arguments_win():
    settings = load_settings({"MEGURU_MAX_ROWS": "5", "MEGURU_WORKSPACE": "/x"}, workspace="/y")
    assert (settings.max_rows, settings.workspace) == (5, "/y")


def test_a_setting_of_the_wrong_type_names_its_variable():
    with pytest.raises(errors.UsageError) as caught:
        load_settings({"MEGURU_MAX_ROWS": "many"})
    assert caught.value.where == "MEGURU_MAX_ROWS"


def test_the_language_follows_the_environment():
    assert language_of({"LANG": "ja_JP.UTF-8"}) == "ja"
    assert language_of({"MEGURU_LANG": "en", "LANG": "ja_JP.UTF-8"}) == "en"
    assert language_of({"LANG": "xx"}) == "en"


def test_every_error_survives_the_wire_with_its_class():
    for kind in errors.all_errors().values():
        sent = kind("what", where="here", why="because", hint="this", field="f")
        back = errors.from_dict(sent.as_dict())
        assert type(back) is kind
        assert back.as_dict() == sent.as_dict()
