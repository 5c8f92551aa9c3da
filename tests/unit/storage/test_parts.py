"""Parts of blobs: kept until their upload ends, in any store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meguru.compute.materializers.limit import Limited
from meguru.storage.blobs import parts
from meguru.storage.blobs.local import LocalStore
from meguru.storage.blobs.objects import ObjectStore
from meguru.storage.blobs.parts import parts_of


@pytest.fixture(
    params=["local", "memory", "another", pytest.param("s3", marks=pytest.mark.integration)],
)
def kept(request, tmp_path):
    if request.param == "memory":
        return parts_of(ObjectStore("memory:///", tmp_path / "cache"), tmp_path)
    if request.param == "s3":
        return parts_of(ObjectStore(request.getfixturevalue("s3_url"), tmp_path / "cache"), tmp_path)
    local = LocalStore(tmp_path / "blobs")
    return parts_of(local if request.param == "local" else Limited(local, 1 << 30), tmp_path)


def put(kept, tmp_path, upload, name, data):
    draft = tmp_path / "draft"
    draft.write_bytes(data)
    kept.keep(upload, name, draft)
    assert not draft.exists()


def test_a_part_is_read_as_it_came_and_replaced_whole(kept, tmp_path):
    for data in (b"first", b"x" * (3 << 20), b""):
        put(kept, tmp_path, "upl-1", "00001-a", data)
        assert b"".join(kept.read("upl-1", "00001-a")) == data


def test_what_is_not_there_is_not_found_and_dropped_in_silence(kept):
    with pytest.raises(FileNotFoundError):
        list(kept.read("upl-1", "00001-a"))
    kept.drop("upl-1")
    kept.drop("upl-1", "00001-a")
    assert kept.uploads() == []


def test_one_part_goes_or_all_of_an_upload_and_no_other(kept, tmp_path):
    for upload in ("upl-1", "upl-10"):
        for name in ("00001-a", "00002-b"):
            put(kept, tmp_path, upload, name, b"x")
    kept.drop("upl-1", "00001-a")
    assert list(kept.read("upl-1", "00002-b")) == [b"x"]
    kept.drop("upl-1")
    assert [upload for upload, _ in kept.uploads()] == ["upl-10"]
    assert list(kept.read("upl-10", "00001-a")) == [b"x"]
    for name in ("00001-a", "00002-b"):
        kept.drop("upl-10", name)
    assert kept.uploads() == []


def test_when_an_upload_last_got_a_part_is_told(kept, tmp_path):
    put(kept, tmp_path, "upl-1", "00001-a", b"x")
    ((upload, touched),) = kept.uploads()
    assert upload == "upl-1"
    assert abs(datetime.now(UTC) - touched) < timedelta(minutes=5)


def test_a_local_part_is_beside_the_blobs_and_no_blob(tmp_path):
    store = LocalStore(tmp_path)
    put(parts_of(store, tmp_path / "no"), tmp_path, "upl-1", "00001-a", b"x")
    assert [each.name for each in (tmp_path / "parts").iterdir()] == ["upl-1"]
    assert store.drop_drafts(before=datetime.now(UTC).timestamp() + 60) == 0


def test_a_part_is_untouched_until_somebody_touches_it(kept, tmp_path):
    put(kept, tmp_path, "upl-1", "00001-a", b"x")
    is_local = hasattr(kept, "_folder")
    assert kept.is_untouched("upl-1", "00001-a") is is_local  # of what is elsewhere, nobody knows
    assert not kept.is_untouched("upl-1", "00002-b")
    if is_local:
        (kept._folder / "upl-1" / "00001-a").write_bytes(b"longer")
    assert not kept.is_untouched("upl-1", "00001-a")
    kept.drop("upl-1")
    assert not kept.is_untouched("upl-1", "00001-a")
    put(kept, tmp_path, "upl-1", "00001-a", b"x")
    kept.drop("upl-1", "00001-a")
    assert not kept.is_untouched("upl-1", "00001-a")


def test_the_folder_of_an_upload_that_another_process_made_is_synced_before_a_part_is_said_to_be_kept(
    tmp_path, monkeypatch
):
    kept, synced = parts_of(LocalStore(tmp_path / "blobs"), tmp_path), []
    # As a process leaves it that was killed before it synced it: its own memory is gone.
    put(kept, tmp_path, "upl-1", "00001-a", b"x")
    home = next(path.parent for path in tmp_path.rglob("00001-a"))
    parts._states.pop(home)
    monkeypatch.setattr(parts, "fsync_path", synced.append)
    put(kept, tmp_path, "upl-1", "00002-b", b"x")
    assert {home, home.parent, home.parent.parent} <= set(synced)
    synced.clear()
    put(kept, tmp_path, "upl-1", "00003-c", b"x")
    assert home in synced
    assert home.parent not in synced
