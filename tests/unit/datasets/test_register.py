from __future__ import annotations

import polars as pl
import pytest

from meguru.datasets.client import add_files, frame
from meguru.datasets.operations import diff, list_datasets, profile, register, show, versions
from meguru.datasets.types import Checks, FileEntry
from meguru.errors import Conflict, DigestMismatch, InvalidInput, NotFound
from meguru.kernel import events

JANUARY = "day,delay,carrier\n1,5,UA\n2,NA,AA\n3,-2,UA\n"
FEBRUARY = "day,delay,carrier\n1,1.5,DL\n2,7,UA\n"


@pytest.fixture
def write(tmp_path):
    def put(name, text):
        path = tmp_path / name
        path.write_text(text)
        return path

    return put


def seen(ws):
    with ws.read() as tx:
        return [event.type for event in events.read(tx)]


def test_a_version_knows_its_rows_and_columns(workspace, write):
    version = add_files(workspace, "flights", write("01.csv", JANUARY), note="first")
    assert (version.ref, version.rows, version.files, version.note) == ("dataset/flights@1", 3, 1, "first")
    assert [column.name for column in version.columns] == ["day", "delay", "carrier"]
    assert version.created_by == "local"
    assert show(workspace, ref="flights@latest") == version
    assert show(workspace, ref="dataset/flights@1") == version


def test_an_append_keeps_the_earlier_files_and_widens_numbers(workspace, write):
    first = add_files(workspace, "flights", write("01.csv", JANUARY))
    second = add_files(workspace, "flights", write("02.csv", FEBRUARY), mode="append")
    assert (second.version, second.rows, second.files) == (2, 5, 2)
    rows = frame(workspace, "flights")
    assert rows["delay"].to_list() == [5.0, None, -2.0, 1.5, 7.0]
    assert frame(workspace, first.ref).schema["delay"] == pl.Int64
    with workspace.read() as tx:
        event = events.latest(tx, subject=second.ref)
    assert (event.type, event.used, event.produced) == (
        "dataset_version.created",
        (first.ref,),
        (second.ref,),
    )


def test_an_append_does_not_read_the_earlier_files_again(workspace, write):
    add_files(workspace, "flights", write("01.csv", JANUARY))
    for blob in workspace.blobs.folder.glob("*/*"):
        if blob.read_bytes() == JANUARY.encode():
            blob.unlink()
    more = JANUARY + JANUARY.splitlines(keepends=True)[1]
    assert add_files(workspace, "flights", write("02.csv", more), mode="append").rows == 7


@pytest.mark.parametrize("mode", ["replace", "append"])
def test_the_same_content_makes_no_new_version(workspace, write, mode):
    first = add_files(workspace, "flights", write("01.csv", JANUARY))
    before = seen(workspace)
    assert add_files(workspace, "flights", write("01.csv", JANUARY), mode=mode, note="again") == first
    assert seen(workspace) == before


def test_equal_content_has_an_equal_digest_in_another_workspace(workspace, write, tmp_path):
    from meguru.app import open_workspace

    first = add_files(workspace, "flights", write("01.csv", JANUARY))
    with open_workspace(tmp_path / "other") as other:
        assert add_files(other, "renamed", write("01.csv", JANUARY)).digest == first.digest


def test_a_changed_schema_is_refused_and_nothing_is_written(workspace, write):
    add_files(workspace, "flights", write("01.csv", JANUARY))
    before = seen(workspace)
    with pytest.raises(InvalidInput) as caught:
        add_files(workspace, "flights", write("02.csv", "day,late,carrier\nmonday,1,UA\n"), mode="append")
    assert caught.value.why == "day changed from Int64 to String; delay removed; late added (Int64)"
    assert "schema_policy=evolve" in caught.value.hint
    assert seen(workspace) == before
    assert [version.version for version in versions(workspace, name="flights")] == [1]


def test_the_evolve_policy_takes_a_changed_schema(workspace, write):
    add_files(workspace, "flights", write("01.csv", JANUARY))
    late = write("02.csv", "day,late,carrier\nmonday,1,UA\n")
    version = add_files(workspace, "flights", late, mode="append", schema_policy="evolve")
    assert {column.name: column.type for column in version.columns} == {
        "day": "String",
        "delay": "Int64",
        "carrier": "String",
        "late": "Int64",
    }
    assert frame(workspace, "flights").row(3) == ("monday", None, "UA", 1)


def test_the_client_is_not_believed(workspace):
    digest = workspace.blobs.put_bytes(JANUARY.encode())
    good = FileEntry(path="01.csv", digest=digest, size=len(JANUARY))
    for entry, field in [
        (FileEntry(path="01.csv", digest="0" * 64, size=3), "files[0].digest"),
        (FileEntry(path="01.csv", digest="../../etc", size=3), "files[0].digest"),
        (FileEntry(path="01.csv", digest=digest, size=3), "files[0].size"),
        (FileEntry(path="../01.csv", digest=digest, size=len(JANUARY)), "files[0].path"),
    ]:
        with pytest.raises(InvalidInput) as caught:
            register(workspace, name="flights", files=[entry])
        assert caught.value.field == field
    with pytest.raises(InvalidInput, match="two files are called"):
        register(workspace, name="flights", files=[good, good])
    with pytest.raises(InvalidInput, match="at least one file"):
        register(workspace, name="flights", files=[])
    assert seen(workspace) == []
    assert list_datasets(workspace).items == []


def test_a_file_under_a_taken_name_is_not_appended(workspace, write):
    add_files(workspace, "flights", write("01.csv", JANUARY))
    with pytest.raises(InvalidInput, match="has another file"):
        add_files(workspace, "flights", write("01.csv", FEBRUARY), mode="append")


def test_failed_checks_are_all_named(workspace, write):
    checks = Checks(row_count_min=10, null_pct={"delay": 5}, unique=["carrier"])
    with pytest.raises(InvalidInput) as caught:
        add_files(workspace, "flights", write("01.csv", JANUARY), checks=checks)
    assert "3 checks" in caught.value.what
    for part in ("row_count is 3", "delay has 33.33 %", "1 rows repeat"):
        assert part in caught.value.why


def test_a_check_on_an_unknown_column_offers_the_near_miss(workspace, write):
    with pytest.raises(InvalidInput) as caught:
        add_files(workspace, "flights", write("01.csv", JANUARY), checks=Checks(unique=["dely"]))
    assert "did you mean 'delay'?" in caught.value.why


def test_the_event_time_must_be_a_column(workspace, write):
    with pytest.raises(InvalidInput) as caught:
        add_files(workspace, "flights", write("01.csv", JANUARY), event_time="dayy")
    assert (caught.value.field, caught.value.hint) == ("event_time", "did you mean 'day'?")
    assert list_datasets(workspace).items == []


def test_an_unknown_name_offers_the_near_miss(workspace, write):
    add_files(workspace, "flights", write("01.csv", JANUARY))
    with pytest.raises(NotFound) as caught:
        show(workspace, ref="flihgts")
    assert caught.value.hint == "did you mean 'flights'?"
    with pytest.raises(NotFound, match="no version 9"):
        show(workspace, ref="flights@9")
    with pytest.raises(NotFound, match="names no version"):
        show(workspace, ref="flights@newest")


def test_a_key_is_answered_once_and_belongs_to_one_request(workspace, write):
    once = workspace.with_(idempotency_key="k1")
    first = add_files(once, "flights", write("01.csv", JANUARY))
    add_files(workspace, "flights", write("02.csv", FEBRUARY), mode="append")
    assert add_files(once, "flights", write("01.csv", JANUARY)) == first
    with pytest.raises(Conflict):
        add_files(once, "flights", write("03.csv", FEBRUARY))


def test_a_tampered_file_is_noticed_when_it_is_read(workspace, write):
    version = add_files(workspace, "flights", write("01.csv", JANUARY))
    for blob in workspace.blobs.folder.glob("*/*"):
        if blob.read_bytes().startswith(b"PAR1"):
            blob.chmod(0o644)
            blob.write_bytes(blob.read_bytes()[:-1] + b"2")
    with pytest.raises(DigestMismatch):
        frame(workspace, version.ref)


def test_a_diff_names_files_columns_and_drift(workspace, write):
    add_files(workspace, "flights", write("01.csv", "delay,carrier\n" + "1,UA\n2,UA\n" * 200))
    add_files(workspace, "flights", write("02.csv", "delay,carrier\n" + "101.5,UA\n102.5,UA\n" * 200))
    found = diff(workspace, before="flights@1", after="flights@2")
    assert (found.files_added, found.files_removed, found.files_changed) == (["02.csv"], ["01.csv"], [])
    assert [str(change) for change in found.schema] == ["delay changed from Int64 to Float64"]
    assert [(each.column, each.drifted) for each in found.drift] == [("delay", True), ("carrier", False)]


def test_a_profile_covers_all_files_of_a_version(workspace, write):
    add_files(workspace, "flights", write("01.csv", JANUARY))
    add_files(workspace, "flights", write("02.csv", FEBRUARY), mode="append")
    assert profile(workspace, ref="flights@1").columns["delay"]["nulls"] == 1
    both = profile(workspace, ref="flights@2")
    assert both.rows == 5
    assert (both.columns["day"]["count"], both.columns["carrier"]["distinct"]) == (5, 3)


def test_a_long_list_comes_in_pages(workspace, write):
    for name in ("c", "a", "b"):
        add_files(workspace, name, write("01.csv", JANUARY))
    first = list_datasets(workspace, limit=2)
    assert [item.name for item in first.items] == ["a", "b"]
    rest = list_datasets(workspace, limit=2, after=first.next_cursor)
    assert ([item.name for item in rest.items], rest.next_cursor) == (["c"], "")
