"""Hostile folders: what can't be kept is refused by name, and nothing leads out."""

from __future__ import annotations

import os

import pytest

from meguru.datasets.folders.locations import LocalFolder
from meguru.datasets.folders.names import check_distinct, why_refused
from meguru.errors import Conflict, InvalidInput


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "folder"
    (place / "in").mkdir(parents=True)
    (place / "in/a.txt").write_text("a")
    return place


def refused(folder) -> str:
    with pytest.raises(InvalidInput) as caught:
        LocalFolder(folder)
    return f"{caught.value.what}: {caught.value.why}"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (b"new\nline.txt", "it must be relative"),
        (b"back\\slash.txt", "it must be relative"),
        (b"12:30.txt", "it must be relative"),
        (b"\xff\xfe.txt", "its name is not UTF-8"),
    ],
)
def test_names_that_not_every_system_can_write_are_refused(folder, name, why):
    os.close(os.open(os.fsencode(folder) + b"/" + name, os.O_CREAT))
    assert why in refused(folder)


def test_links_are_followed_within_the_folder_and_never_out_of_it(folder, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (folder / "inner").symlink_to("in/a.txt")
    place = LocalFolder(folder)
    with place.open("inner") as opened:
        assert opened.file.read() == b"a"
    (folder / "outer").symlink_to(tmp_path / "secret")
    (folder / "loop").symlink_to("loop")
    (folder / "up").symlink_to(".")
    told = refused(folder)
    assert "3 files" in told
    for why in ("leads out of the folder", "leads nowhere", "leads to a folder"):
        assert why in told


def test_a_link_put_in_place_of_a_file_that_was_listed_is_not_followed(folder, tmp_path):
    (tmp_path / "secret").write_text("secret")
    place = LocalFolder(folder)
    (folder / "in/a.txt").unlink()
    (folder / "in/a.txt").symlink_to(tmp_path / "secret")
    with pytest.raises(Conflict) as caught, place.open("in/a.txt"):
        pass
    assert caught.value.why == "a link is in its place"


def test_a_pipe_is_refused_and_not_waited_for(folder):
    os.mkfifo(folder / "pipe")
    assert "it is no file" in refused(folder)


@pytest.mark.parametrize(
    ("paths", "why"),
    [
        (["a/Cat.png", "a/cat.png"], "are one file"),
        (["caf\u00e9.png", "cafe\u0301.png"], "are one file"),
        (["A/x", "a"], "is a file, and a folder too"),
    ],
)
def test_names_that_some_system_takes_for_one_are_refused(paths, why):
    with pytest.raises(InvalidInput) as caught:
        check_distinct(paths)
    assert why in f"{caught.value.what} {caught.value.why}"


def test_what_systems_put_into_folders_is_left_out_and_counted(folder):
    (folder / ".DS_Store").touch()
    (folder / ".git").mkdir()
    (folder / ".git/config").touch()
    (folder / "in/b.png").touch()
    assert LocalFolder(folder).left_out == 2
    chosen = LocalFolder(folder, include=["*.png"])
    assert (chosen.seen["path"].to_list(), chosen.left_out) == (["in/b.png"], 3)
    assert LocalFolder(folder, exclude=["in/*.png"]).seen["path"].to_list() == ["in/a.txt"]


def test_an_empty_folder_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    assert "no file" in refused(tmp_path / "empty")


@pytest.mark.parametrize("path", ["..", "a/../b", "./a", "a//b", "", "/a", "x" * 501, "C:/x", "a\0"])
def test_no_path_leaves_the_folder(path):
    assert why_refused(path)
