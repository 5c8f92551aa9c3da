"""A walk over blobs: what is lost is found, named with what it takes along, and a sample says its worth."""

import json

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru.api.native import native_routes
from meguru.app.blob_walk import walk
from meguru.app.doctor_blobs import BlobScope, check_of, read_scope
from meguru.app.nouns import load_operations, load_schemas
from meguru.artifacts import trees
from meguru.artifacts.integrity import sources
from meguru.artifacts.integrity.operations import list_references, verify_blobs
from meguru.artifacts.integrity.sampling import miss_probability
from meguru.artifacts.integrity.types import BlobReport
from meguru.base import digests
from meguru.compute.materializers.base import Value
from meguru.datasets.client import add_files
from meguru.datasets.show import files as dataset_files
from meguru.errors import Forbidden, InvalidInput, UsageError
from meguru.kernel.principals import Principal
from meguru.kernel.remote import RemoteWorkspace
from meguru.pipelines.blobs import form_of
from meguru.server.access import Access
from meguru.storage.db import metadata
from meguru.tracking.runs import add_artifact, start

load_operations()


@pytest.fixture
def filled(workspace, tmp_path):
    """A workspace with a run, and a dataset: each version has the files of the one before."""
    for number in range(3):
        file = tmp_path / f"part{number}.csv"
        file.write_text(f"a\n{number}\n")
        add_files(workspace, "parts", [file], mode="append")
    run = start(workspace, name="train")
    digest = workspace.blobs.put_bytes(b"a picture")
    add_artifact(workspace, run=run.id, path="plot.png", digest=digest)
    return workspace


@pytest.fixture
def remote(filled):
    app = Access(Starlette(routes=native_routes()), ws=filled, auth=False)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        ws = RemoteWorkspace("http://127.0.0.1")
        ws.http.close()
        ws.http = client
        yield ws


def place(ws, data):
    return ws.blobs._place(digests.of_bytes(data))


def second_file(ws) -> str:
    """Return the digest of the file that the second version brought."""
    return next(each.digest for each in dataset_files(ws, ref="parts") if each.path == "part1.csv")


def flip(file):
    file.chmod(0o600)
    body = bytearray(file.read_bytes())
    body[0] ^= 1
    file.write_bytes(body)


def test_a_whole_workspace_is_whole(filled):
    report = walk(filled)
    # Three manifests, the profile of the first and that of what was appended, an artifact; three files.
    assert (report.complete, report.lost_count, report.references, report.checked) == (True, 0, 6, 9)
    assert (report.missed_one, report.missed_percent) == (0.0, 0.0)


def test_an_empty_workspace_has_nothing_to_lose(workspace):
    report = walk(workspace)
    assert (report.references, report.checked, report.complete, report.missed_one) == (0, 0, True, 0.0)
    assert check_of(report).detail == "nothing refers to a blob yet"


@pytest.mark.parametrize("door", ["filled", "remote"])
def test_a_removed_and_a_changed_blob_are_named_with_all_that_needs_them(filled, door, request):
    ws = request.getfixturevalue(door)
    part = second_file(filled)
    filled.blobs._place(part).unlink()
    flip(place(filled, b"a picture"))
    lost = {each.digest: each for each in walk(ws).lost}
    gone, flipped = lost[part], lost[digests.of_bytes(b"a picture")]
    assert (gone.state, gone.refs) == ("missing", ["dataset/parts@2", "dataset/parts@3"])
    assert (flipped.state, flipped.ref_count) == ("changed", 1)
    assert flipped.refs[0].startswith("run/")
    assert len(lost) == 2


def test_a_flip_is_found_though_the_file_was_checked_before_and_its_time_is_set_back(filled):
    digest = digests.of_bytes(b"a picture")
    file = filled.blobs.path(digest)
    filled.blobs._checked[digest] = ()
    flip(file)
    from meguru.storage.blobs.local import state_of

    filled.blobs._checked[digest] = state_of(file.stat())
    assert [each.digest for each in walk(filled).lost] == [digest]


def test_a_sample_draws_so_many_with_all_that_they_list_and_tells_its_worth(filled):
    report = walk(filled, count=3)
    assert (report.looked_at, report.complete) == (3, False)
    assert report.missed_one == pytest.approx(3 / 6, abs=1e-5)
    detail = check_of(report).detail
    assert "3 of 6 references, at random" in detail
    assert "50 %" in detail


def test_a_percentage_of_few_is_at_least_one(filled):
    assert walk(filled, percent=1).looked_at == 1
    assert walk(filled, percent=100).complete


def test_a_sample_ends_when_its_time_is_over(filled):
    report = walk(filled, count=5, seconds=0.0)
    assert (report.looked_at, report.checked, report.missed_one) == (0, 0, 1.0)


def test_what_is_too_large_for_a_sample_is_only_looked_for(filled):
    filled.blobs._place(second_file(filled)).unlink()
    report = walk(filled, largest=3)
    assert report.present >= 3
    assert not report.complete
    assert [each.state for each in report.lost] == ["missing"]


def test_a_list_that_is_none_is_unreadable(workspace):
    digest = workspace.blobs.put_bytes(b'{"no": "tree"}')
    (found,) = verify_blobs(workspace, blobs=[f"tree:{digest}"])
    assert found.state == "unreadable"


def test_a_tree_tells_its_members(workspace):
    entry = trees.TreeEntry(path="a/b", digest=workspace.blobs.put_bytes(b"x"), size=1)
    (found,) = verify_blobs(workspace, blobs=["tree:" + trees.put_entries(workspace.blobs, [entry])])
    assert [(member.path, member.digest) for member in found.members] == [("a/b", entry.digest)]


@pytest.mark.parametrize(
    "value",
    [
        Value(kind="nested", digest="", size=0),
        Value(kind="items", digest="", size=0),
        Value(kind="model", digest="", size=0),
        Value(kind="files", digest="", size=0, meta={"folder": True}),
    ],
    ids=lambda value: value.kind,
)
def test_outputs_that_list_others_have_a_form_that_is_read(value):
    tree = {"path": "a", "digest": "0" * 64, "size": 1}
    part = Value(kind="polars", digest="0" * 64, size=1)
    body = {"nested": {"parts": [part], "skeleton": {}}, "items": [part]}.get(value.kind, [tree])
    (member,) = sources.members(form_of(value), msgspec.json.encode(body))
    assert member.digest == "0" * 64


def test_pages_of_references_go_on_through_all_tables(filled):
    cursor, found, pages = "", [], 0
    while pages == 0 or cursor:
        page = list_references(filled, cursor=cursor, limit=1)
        found, cursor, pages = [*found, *page.items], page.next_cursor, pages + 1
    assert len(found) == 7
    assert {item.ref.partition("/")[0] for item in found} == {"dataset", "run"}


@pytest.mark.parametrize("cursor", ["x", "run:[]", "dataset_version:[1]", 'dataset_version:["a",{}]'])
def test_a_cursor_of_no_page_is_refused(workspace, cursor):
    with pytest.raises(InvalidInput):
        list_references(workspace, cursor=cursor)


@pytest.mark.parametrize("blobs", [["../etc"], ["poem:" + "0" * 64], ["0" * 64] * 101])
def test_what_can_be_no_blob_is_refused(workspace, blobs):
    with pytest.raises(InvalidInput):
        verify_blobs(workspace, blobs=blobs)


def test_who_may_not_audit_may_not_walk(workspace):
    ws = workspace.with_(principal=Principal(name="app", permissions=frozenset({"endpoint:predict"})))
    with pytest.raises(Forbidden):
        walk(ws)


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("all", BlobScope(everything=True)),
        ("sample", BlobScope()),
        ("none", None),
        ("5%", BlobScope(percent=5.0)),
        ("0.5%", BlobScope(percent=0.5)),
        ("100%", BlobScope(percent=100.0)),
    ],
)
def test_how_many_is_said_in_one_word(text, scope):
    assert read_scope(text) == scope


@pytest.mark.parametrize("text", ["", "0%", "101%", "-1%", "5", "nan%", "some"])
def test_any_other_word_is_refused(text):
    with pytest.raises(UsageError):
        read_scope(text)


@pytest.mark.parametrize(
    ("total", "sample", "lost", "chance"),
    [(100, 10, 1, 0.9), (100, 0, 5, 1.0), (10, 5, 2, 2 / 9), (4, 4, 1, 0.0), (4, 1, 4, 0.0), (0, 0, 0, 1.0)],
)
def test_the_chance_of_missing_is_that_of_drawing_none(total, sample, lost, chance):
    assert miss_probability(total, sample, lost) == pytest.approx(chance, abs=1e-6)


DIGESTS_OF_NO_BLOB = {
    "feature_code.digest": "of all code that a function reaches",
    "feature_profile.rows_digest": "of what rows follow from",
    "feature_service_version.digest": "of its views",
    "feature_view_version.digest": "of what is said of it",
    "private_blob.digest": "which files are personal; versions have them",
    "erased_blob.digest": "what is to go",
    "model_version.digest": "of the folder without its evidence",
    "model_version.baseline_digest": "a file of the folder",
    "model_version.holdout_digest": "a file of the folder",
    "pipeline_version.digest": "of the graph, the source and the code",
    "pipeline_approval.digest": "of what was shown",
    "step_run.key": "of code, environment and inputs",
    "break_glass.digest": "of the release",
    "card_part_review.digest": "of a part's text",
    "model_signature.key": "the fingerprint of who signed",
    "release_approval.digest": "of the release",
    "dataset_source.version_digest": "a version of the dataset has it",
    "release_approval.page_digest": "of what the page showed",
    "release_approval.key": "the fingerprint of who signed",
    "review_request.digest": "of the release",
    "waiver.declaration_digest": "of the gate as it was declared",
    "kept_card.digest": "of what the card says; its body is in the row",
    "business_value.digest": "of the predictions, the outcomes and the declaration",
    "monitor_report.digest": "of the window and the settings",
    "release.content_digest": "of the content's fields",
    "release.digest": "of the content and the results",
    "mlflow_dataset.digest": "MLflow's own",
    "mlflow_model_metric.dataset_digest": "MLflow's own",
    "prediction_batch.digest": "of the request",
    "upload.digest": "of a file that its run has",
    "upload_part.digest": "of bytes that are beside the blobs",
    "pending_blob.digest": "of its own data",
    "answer.digest": "of a request",
    "apply.digest": "of the plan's actions",
    "token.hash": "of a token",
    "login_request.device_hash": "of a secret",
    "waiting_outcome.digest": "of what was said",
    "feedback.digest": "of what was said",
    "event.hash": "of the event",
    "event.previous": "of the event before",
    "event_head.hash": "of the last event",
    "tree_head.key": "of a signing key",
}


def test_every_column_that_could_hold_a_digest_is_declared_or_known_to_hold_none():
    load_schemas()
    known = {
        f"{source.name}.{column.name}" for source in sources.declared().values() for column in source.columns
    }
    words = ("digest", "blob", "hash", "snapshot", "profile", "log", "previous", "key")
    found = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if getattr(column.type, "length", None) == 64 and any(word in column.name for word in words)
    }
    assert not found - known - set(DIGESTS_OF_NO_BLOB)


def test_a_report_is_plain_data(filled):
    report = walk(filled, count=1)
    assert msgspec.json.decode(json.dumps(msgspec.to_builtins(report)), type=BlobReport) == report
