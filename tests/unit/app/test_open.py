"""A workspace that can't be opened says why."""

import sqlite3

import pytest

from meguru import errors
from meguru.app.open import open_local
from meguru.base.settings import Settings


def test_a_workspace_of_a_newer_meguru_is_left_alone(tmp_path):
    open_local(tmp_path / "w").close()
    with sqlite3.connect(tmp_path / "w" / "meguru.db") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    with pytest.raises(errors.UsageError) as caught:
        open_local(tmp_path / "w")
    assert "newer" in caught.value.what
    assert "9999" in caught.value.why


def test_a_database_that_is_none_is_damaged(tmp_path):
    (tmp_path / "meguru.db").write_bytes(b"this is no database " * 100)
    with pytest.raises(errors.IntegrityError) as caught:
        open_local(tmp_path)
    assert str(tmp_path) in caught.value.where


def test_a_place_that_is_no_folder_is_told_as_such(tmp_path):
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "file", tmp_path / "file" / "w", "a\0b"):
        with pytest.raises(errors.UsageError) as caught:
            open_local(place)
        assert caught.value.where


@pytest.mark.parametrize("blobs", ["ftp://host/x", "s3://"])
def test_a_place_for_blobs_that_is_of_no_kind_is_refused(tmp_path, blobs):
    with pytest.raises(errors.MeguruError):
        open_local(tmp_path / "w", settings=Settings(blobs=blobs))
