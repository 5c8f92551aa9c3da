"""A workspace that can't be opened says why."""

import sqlite3

import pytest
from sqlalchemy.exc import ProgrammingError

from meguru import errors
from meguru.app.migrate import migrate
from meguru.app.open import open_local
from meguru.artifacts.log import list_events
from meguru.base.settings import Settings
from meguru.governance.projects.kind import ProjectSpec
from meguru.governance.projects.operations import specs as projects
from meguru.storage.db import Database


def test_a_workspace_of_a_newer_meguru_is_left_alone(tmp_path):
    open_local(tmp_path / "w").close()
    with sqlite3.connect(tmp_path / "w" / "meguru.db") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    with pytest.raises(errors.UsageError) as caught:
        open_local(tmp_path / "w")
    assert "newer" in caught.value.what
    assert "9999" in caught.value.why


def goes_on_under_a_newer_meguru(db):
    with db.write() as tx:
        tx.exec_driver_sql("ALTER TABLE project RENAME COLUMN created_by TO made_by")
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")


def test_a_process_whose_workspace_a_newer_meguru_changed_says_so(tmp_path):
    with open_local(tmp_path / "w") as ws:
        newer = Database(f"sqlite:///{tmp_path / 'w' / 'meguru.db'}")
        goes_on_under_a_newer_meguru(newer)
        newer.close()
        with pytest.raises(errors.Busy, match="newer Meguru") as caught:
            projects.declare(ws, name="risk", spec=ProjectSpec())
        assert "9999" in caught.value.why
        assert ws.db.revision in caught.value.why
        # Nothing of the change is there, and what has not changed is still answered.
        assert list_events(ws).items == []


@pytest.mark.integration
def test_a_process_whose_postgresql_a_newer_meguru_changed_says_so(empty_postgres_url):
    db, newer = Database(empty_postgres_url), Database(empty_postgres_url)
    try:
        migrate(db)
        with pytest.raises(ProgrammingError), db.read() as tx:
            tx.exec_driver_sql("SELECT made_by FROM project")  # a mistake of ours is told as such
        goes_on_under_a_newer_meguru(newer)
        with pytest.raises(errors.Busy, match="newer Meguru"), db.read() as tx:
            tx.exec_driver_sql("SELECT created_by FROM project")
    finally:
        newer.close()
        db.close()


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
