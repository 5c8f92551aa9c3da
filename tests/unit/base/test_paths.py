from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meguru.base.paths import check_foreign_path, check_path
from meguru.errors import InvalidInput


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../up.csv",
        "a/../b",
        "a//b",
        "./a",
        "a\\b",
        "a\x00b",
        "c:x",
        "a\n",
        "a/",
        "x" * 501,
    ],
)
def test_a_name_that_could_leave_the_folder_is_refused(path):
    with pytest.raises(InvalidInput) as caught:
        check_path(path, field="files[0].path")
    assert caught.value.field == "files[0].path"


@given(st.text(max_size=30))
def test_an_accepted_name_stays_inside(tmp_path_factory, path):
    root = tmp_path_factory.getbasetemp() / "inside"
    try:
        check_path(path, field="path")
    except InvalidInput:
        return
    assert (root / path).resolve(strict=False).is_relative_to(root.resolve())
    assert (root / path).resolve(strict=False) != root.resolve()


@pytest.mark.parametrize("path", ["12:30.png", "back\\slash", "a/img%3", "\u9700\u8981", "a#b", "Ab:c/..d"])
def test_a_name_that_others_gave_is_taken_as_it_is(path):
    assert check_foreign_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/x",
        "\\x",
        "\\\\host\\x",
        "..",
        "a/..",
        "..\\x",
        "a\\..\\..\\x",
        "a//b",
        "./a",
        "a/",
        "a\x00b",
        "x" * 501,
    ],
)
def test_a_name_that_others_gave_stays_inside_too(path):
    with pytest.raises(InvalidInput):
        check_foreign_path(path)
