"""YAML of strangers: plain values, and no nesting that ends the process."""

import pytest
import yaml

from meguru.base.plain_yaml import MAX_NESTING, NestedTooDeeply, load_yaml


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
