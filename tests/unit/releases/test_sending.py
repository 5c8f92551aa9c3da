"""A release goes to another environment by digest: verified, once, resumed, and judged there."""

from __future__ import annotations

from textwrap import dedent

import msgspec
import pytest

from meguru import errors
from meguru.app.doctor_blobs import BlobScope, look
from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.datasets.client import add_files
from meguru.datasets.show import show as show_dataset
from meguru.flavors import ColumnType, SignatureColumn
from meguru.kernel import events
from meguru.kernel.principals import Principal
from meguru.pipelines.deployments import deployed
from meguru.pipelines.operations import list_pipelines, show_pipeline
from meguru.pipelines.runner import run_file
from meguru.registry.show import show as show_model
from meguru.releases import store
from meguru.releases.operations import check, create, list_releases, pack, promote, receive
from meguru.releases.operations import show as show_release
from meguru.releases.sending.send import send
from meguru.serving.contracts.create import create as agree
from meguru.serving.create import create as make_endpoint

GATE = {"gate": "metric", "metric": "auc", "op": ">=", "value": 0.1}
TRAIN = """
    from meguru import Dataset, Model, pipeline, step
    from meguru.testing.models import make_model

    @step
    def fit(rows: Dataset, seed: int) -> Model:
        return make_model(seed=seed)

    @pipeline(produces="delay")
    def train(rows: Dataset, seed: int = 0):
        return fit(rows, seed)
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """Give the environment that all tests send from."""
    with open_local(tmp_path_factory.mktemp("dev") / "workspace") as ws:
        yield ws


@pytest.fixture(scope="module")
def made(workspace, tmp_path_factory):
    """Give a live release there, made by a pipeline from a dataset."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "rows.csv").write_text("a,b\n1,2\n3,4\n")
    (folder / "train.py").write_text(dedent(TRAIN))
    add_files(workspace, "rows", folder / "rows.csv")
    make_endpoint(workspace, name="delay", model="delay")
    run_file(workspace, f"{folder}/train.py:train", {"rows": "rows@latest"})
    done = create(workspace, endpoint="delay", model="delay@1", app="abc")
    return promote(workspace, release=check(workspace, release=done.ref).ref)


@pytest.fixture
def staging(tmp_path):
    """Give another environment, whose numbers are others than those of the first."""
    with open_local(tmp_path / "staging") as ws:
        (tmp_path / "other.csv").write_text("a,b\n5,6\n")
        add_files(ws, "rows", tmp_path / "other.csv")
        make_endpoint(ws, name="delay", model="delay", gates=[GATE])
        yield ws


def test_what_arrives_has_the_digests_it_had_and_is_a_candidate_that_is_judged_here(workspace, made, staging):
    got = send(workspace, staging, made.ref, source="dev").release
    assert (got.ref, got.state.value, got.identity) == ("release/delay@1", "created", made.identity)
    assert got.content.pipeline.digest == made.content.pipeline.digest
    assert [each.digest for each in got.content.datasets] == [each.digest for each in made.content.datasets]
    assert (got.content.model.digest, got.content.datasets[0].ref) == (
        made.content.model.digest,
        "dataset/rows@2",
    )
    assert got.digest != made.digest  # its gates were not asked yet
    assert (got.origin.source, got.origin.release) == ("dev", "release/delay@1")
    assert [each.gate for each in got.origin.results] == [each.gate for each in made.results]
    assert "release.promoted" in [each.type for each in got.origin.history]
    judged = check(staging, release=got.ref)
    assert [each.gate for each in judged.results] == ["loads", "metric"]
    live = promote(staging, release=got.ref)
    assert (live.identity, live.origin) == (made.identity, got.origin)
    with staging.read() as tx:
        assert deployed(tx, "train") == 1  # its pipeline goes along with the release
        told = [each.type for each in events.read(tx, types=("release.received", "release.created"))]
    assert told == ["release.received", "release.created"]


def test_sent_again_it_is_the_same_and_carries_nothing(workspace, made, staging):
    first, again = (send(workspace, staging, made.ref) for _ in range(2))
    assert (first.carried > 0, again.carried) == (True, 0)
    assert again.release == first.release
    assert len(list_releases(staging, endpoint="delay").items) == 1


def test_an_interrupted_one_goes_on_where_it_stopped(workspace, made, staging):
    def stop(done, whole):
        if done * 2 > whole:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send(workspace, staging, made.ref, on_blob=stop)
    assert list_releases(staging, endpoint="delay").items == []
    rest = send(workspace, staging, made.ref)
    assert 0 < rest.carried < rest.blobs


def test_of_datasets_the_list_of_files_goes_along_or_the_files_too(workspace, made, staging):
    send(workspace, staging, made.ref, source="dev")
    version = show_dataset(staging, ref="rows@2")
    assert (version.note, version.remote_environment) == ("sent as dataset/rows@1", "dev")
    assert look(staging, BlobScope(everything=True)).lost == []
    whole = pack(workspace, release=made.ref, data="copy").blobs
    (file,) = [each for each in whole if not staging.blobs.has(each)]
    send(workspace, staging, made.ref, data="copy")
    assert staging.blobs.has(file)
    assert show_dataset(staging, ref="rows@2").remote_environment == ""
    assert look(staging, BlobScope(everything=True)).lost == []


@pytest.mark.parametrize("part", ["graph", "rows", "blob"])
def test_what_is_not_what_its_digest_says_is_refused_and_nothing_is_written(workspace, made, staging, part):
    bundle = pack(workspace, release=made.ref)
    if part != "blob":
        for digest in bundle.blobs:
            staging.blobs.put_file(workspace.blobs.path(digest))
    if part == "graph":
        other = msgspec.structs.replace(bundle.pipeline.graph, name="other")
        bad = msgspec.structs.replace(bundle, pipeline=msgspec.structs.replace(bundle.pipeline, graph=other))
    elif part == "rows":
        bad = msgspec.structs.replace(bundle, datasets=[msgspec.structs.replace(bundle.datasets[0], rows=9)])
    else:
        bad = bundle
    with pytest.raises(errors.MeguruError) as refused:
        receive(staging, endpoint="delay", bundle=msgspec.to_builtins(bad))
    assert refused.value.code in {"MG-100", "MG-110", "MG-401"}
    assert list_releases(staging, endpoint="delay").items == []
    with pytest.raises(errors.NotFound):
        show_pipeline(staging, ref="train")
    with pytest.raises(errors.NotFound):
        show_model(staging, ref="delay@1")


@pytest.mark.integration
def test_it_goes_to_a_database_server_too(workspace, made, postgres_url, tmp_path):
    with open_local(postgres_url, settings=Settings(blobs=str(tmp_path / "blobs"))) as ws:
        make_endpoint(ws, name="delay", model="delay")
        got = send(workspace, ws, made.ref).release
        assert (got.identity, send(workspace, ws, made.ref).release) == (made.identity, got)
        check(ws, release=got.ref)
        promote(ws, release=got.ref)
        assert [each.deployed for each in list_pipelines(ws).items] == [1]


def test_what_views_gave_there_is_given_by_views_here_or_clients_agreed_to_send_it(workspace, made, staging):
    packed = msgspec.structs.replace(pack(workspace, release=made.ref), features="feature_service/late@1")
    for digest in packed.blobs:
        staging.blobs.put_file(workspace.blobs.path(digest))
    sent = {"endpoint": "delay", "bundle": msgspec.to_builtins(packed)}
    with pytest.raises(errors.InvalidInput, match="late@1, which does not go along") as refused:
        receive(staging, **sent)
    assert (refused.value.field, "[endpoint.delay]" in refused.value.hint) == ("features", True)
    assert list_releases(staging, endpoint="delay").items == []
    agree(staging, endpoint="delay", columns=[SignatureColumn(name="dep_hour", type=ColumnType.DOUBLE)])
    assert receive(staging, **sent).state == "created"


def test_where_the_endpoint_is_not_declared_nothing_arrives(workspace, made, tmp_path):
    with open_local(tmp_path / "empty") as ws, pytest.raises(errors.NotFound, match="delay"):
        send(workspace, ws, made.ref)


def test_a_release_that_was_not_sent_has_an_identity_too(workspace, made):
    assert show_release(workspace, ref=made.ref).identity == made.identity
    assert len(made.identity) == 64


def test_who_may_release_but_not_register_receives_nothing(workspace, made, staging):
    may = frozenset({"release:*", "*:read"})
    anna = staging.with_(principal=Principal(name="anna", permissions=may))
    with pytest.raises(errors.Forbidden):
        receive(anna, endpoint="delay", bundle=msgspec.to_builtins(pack(workspace, release=made.ref)))


@pytest.mark.parametrize("bundle", [{}, {"format": 2}, {"format": 1, "model": 3}])
def test_what_cannot_be_read_is_refused(staging, bundle):
    with pytest.raises(errors.InvalidInput):
        receive(staging, endpoint="delay", bundle=bundle)


def test_what_comes_twice_at_once_is_one_release(workspace, made, staging, monkeypatch):
    bundle = msgspec.to_builtins(pack(workspace, release=made.ref))
    first = send(workspace, staging, made.ref).release
    known, asked = store.received, []

    def late(tx, endpoint, what):
        asked.append(endpoint)
        return None if len(asked) == 1 else known(tx, endpoint, what)  # the other was not committed yet

    monkeypatch.setattr(store, "received", late)
    assert receive(staging, endpoint="delay", bundle=bundle).ref == first.ref
    assert len(asked) == 2
