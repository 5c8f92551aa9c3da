"""YAML of strangers: plain values, and no nesting that ends the process."""

import pytest
import yaml

from meguru.base.plain_yaml import MAX_NESTING, ExpandsTooFar, NestedTooDeeply, load_yaml


def test_it_gives_plain_values():
    assert load_yaml("a: [1, 2.5, true, null]\nb: {c: x}") == {"a": [1, 2.5, True, None], "b": {"c": "x"}}


@pytest.mark.parametrize("text", ["!!python/object/apply:os.getcwd []", "a: !!python/name:os.system"])
def test_it_makes_no_objects(text):
    with pytest.raises(yaml.YAMLError):
        load_yaml(text)


def deep(count):
    return "a: " + "[" * count + "]" * count


@pytest.mark.parametrize("text", ["a: " + "[" * 200_000, "{a: " * 200_000, "- " * 200_000, deep(MAX_NESTING)])
def test_what_is_nested_without_end_is_refused_and_the_process_goes_on(text):
    with pytest.raises(yaml.YAMLError):
        load_yaml(text)


def test_nesting_is_counted_from_the_outermost_collection():
    assert load_yaml(deep(MAX_NESTING - 1))
    with pytest.raises(NestedTooDeeply, match=str(MAX_NESTING)):
        load_yaml(deep(MAX_NESTING))


def doubled(how):
    lines = ["a0: &a0 {b: [1, 2]}", *(f"a{n}: &a{n} {how.replace('X', f'*a{n - 1}')}" for n in range(1, 60))]
    return "\n".join(lines)


@pytest.mark.parametrize("text", [doubled("[X, X]"), doubled("{<<: [X, X]}"), "a: &a [*a]"])
def test_references_that_stand_for_more_than_there_is_memory_for_are_refused(text):
    with pytest.raises(ExpandsTooFar):
        load_yaml(text)


def test_references_are_read():
    assert load_yaml("a: &a {b: 1}\nc: [*a, *a]\nd: {<<: *a}")["c"] == [{"b": 1}, {"b": 1}]
    assert load_yaml("") is None
