from __future__ import annotations

from pathlib import Path

import pytest

from meguru.demo.flights.folder import DemoMonths, prepare, read_months
from meguru.errors import Conflict, InvalidInput


@pytest.mark.parametrize(("text", "months"), [("3-5", [3, 4, 5]), ("4", [4]), ("12", [12])])
def test_months_are_read(text: str, months: list[int]) -> None:
    assert list(read_months(text).months) == months


@pytest.mark.parametrize("text", ["", "x", "2-4", "5-3", "3-13", "3-", "0"])
def test_impossible_months_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_months(text)
    assert refused.value.field == "--months"


def test_a_new_folder_is_marked_and_a_demo_in_it_is_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    assert prepare(folder, DemoMonths(last=5), resume=False) == (DemoMonths(last=5), False)
    (folder / "old").touch()
    assert prepare(folder, None, resume=False) == (DemoMonths(), True)
    assert not (folder / "old").exists()


def test_what_no_demo_made_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    for resume in (False, True):
        with pytest.raises(Conflict):
            prepare(tmp_path, None, resume=resume)
    assert (tmp_path / "thesis.txt").exists()


def test_resume_keeps_the_months_and_what_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    prepare(folder, DemoMonths(first=4, last=5), resume=False)
    (folder / "old").touch()
    assert prepare(folder, None, resume=True) == (DemoMonths(first=4, last=5), False)
    assert prepare(folder, DemoMonths(first=4, last=6), resume=True) == (DemoMonths(first=4, last=6), False)
    with pytest.raises(Conflict):
        prepare(folder, DemoMonths(first=3, last=6), resume=True)
    assert (folder / "old").exists()
