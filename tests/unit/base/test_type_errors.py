"""Data that does not fit: the error names the field, what is allowed there, and what was probably meant."""

import enum
from typing import Literal

import msgspec
import pytest

from meguru.base.type_errors import as_invalid


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


class Thing(msgspec.Struct, forbid_unknown_fields=True):
    colour: Colour | None = None
    size: Literal["small", "large"] = "small"
    by_name: dict[str, Colour] = {}
    several: list[Colour] = []
    counts: dict[Colour, int] = {}
    level: Literal[1, 2] = 1
    inner: "Thing | None" = None


class One(msgspec.Struct, tag_field="kind", tag="one"):
    x: int = 1


class Two(msgspec.Struct, tag_field="kind", tag="two"):
    x: int = 1


class Outer(msgspec.Struct):
    rows: list[One]
    y: int


class Rows(msgspec.Struct):
    rows: list[Outer]


def fault(value, kind):
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(value, kind)
    return as_invalid(caught.value, "thing.make", kind)


@pytest.mark.parametrize(
    ("value", "field", "why", "hint"),
    [
        ({"colour": "blue"}, "colour", "'blue' is none of red, green", ""),
        ({"colour": "gren"}, "colour", "'gren' is none of red, green", "did you mean 'green'?"),
        ({"size": "lrage"}, "size", "'lrage' is none of large, small", "did you mean 'large'?"),
        ({"level": 3}, "level", "'3' is none of 1, 2", ""),
        ({"by_name": {"a": "blue"}}, "by_name[...]", "'blue' is none of red, green", ""),
        ({"several": ["red", "blue"]}, "several[1]", "'blue' is none of red, green", ""),
        ({"counts": {"blue": 1}}, "counts", "'blue' is none of red, green", ""),
        ({"inner": {"inner": {"size": "x"}}}, "inner.inner.size", "'x' is none of large, small", ""),
        ({"sise": 1}, "sise", "there is no field 'sise'", "did you mean 'size'?"),
        ({"inner": {"sise": 1}}, "inner.sise", "there is no field 'sise'", "did you mean 'size'?"),
        ({"colour": 5}, "colour", "Expected `str | null`, got `int`", ""),
        (5, "", "Expected `object`, got `int`", ""),
    ],
)
def test_a_misfit_says_what_would_have_fitted(value, field, why, hint):
    found = fault(value, Thing)
    assert (found.field, found.why, found.hint) == (field, why, hint)
    assert found.what == f"thing.make: {field or 'the input'} is not as it must be"


def test_an_unknown_tag_is_answered_with_the_known_ones():
    assert fault({"kind": "three"}, One | Two).why == "'three' is none of one, two"
    assert fault("blue", Colour).why == "'blue' is none of red, green"


def test_a_missing_field_is_named_wherever_it_is():
    assert fault({"rows": []}, Outer).field == "y"
    assert fault({"rows": [{"rows": []}]}, Rows).field == "rows[0].y"


def test_without_a_type_the_error_is_still_one_of_ours():
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({"size": "x"}, Thing)
    assert as_invalid(caught.value, "thing.make").field == "size"
