"""What a confined process left is read if it is a plain file; nothing else hangs or misleads the reader."""

import os

import pytest

from meguru.base.sandbox.results import left_bytes


def test_a_plain_file_is_read_up_to_a_size(tmp_path):
    (tmp_path / "left").write_bytes(b"abc")
    assert left_bytes(tmp_path / "left", 3) == b"abc"
    assert left_bytes(tmp_path / "left", 2) is None
    assert left_bytes(tmp_path / "none", 2) is None


@pytest.mark.parametrize("make", [os.mkfifo, lambda place: place.symlink_to("/etc/passwd"), os.mkdir])
def test_a_pipe_a_link_or_a_folder_is_nothing(tmp_path, make):
    make(tmp_path / "left")
    assert left_bytes(tmp_path / "left", 1 << 20) is None
