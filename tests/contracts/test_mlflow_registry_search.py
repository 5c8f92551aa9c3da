"""The registry's searches find the same on both databases, a page at a time, also while rows are added."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import insert
from starlette.applications import Starlette
from starlette.testclient import TestClient

from meguru.app.nouns import load_operations
from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.mlflow.logged_models.points import ModelPoint, add
from meguru.mlflow.logged_models.store import LoggedModel
from meguru.mlflow.logged_models.store import keep as keep_logged
from meguru.mlflow.protocol.routes import mlflow_routes
from meguru.mlflow.registry import store
from meguru.mlflow.registry.routes import other_routes
from meguru.mlflow.registry.store import ProtocolModel, ProtocolVersion, keep_model, keep_version
from meguru.registry.schema import model_version, registered_model
from meguru.server.access import Access
from meguru.tracking.run_ids import from_hex
from meguru.tracking.runs import start

API = "/api/2.0/mlflow"
START = datetime(2026, 1, 1, tzinfo=UTC)
OURS = ("flights", 2)
"""A model of our own, with so many versions."""


def at(number):
    """Return a moment within a millisecond: what is compared in milliseconds has more digits than they."""
    return START + timedelta(seconds=number % 7, milliseconds=number, microseconds=number % 999)


def ms(number):
    return int(at(number).timestamp() * 1000)


def version(number):
    tags = {"parity": "odd" if number % 2 else "even"} | ({"rare": str(number)} if number % 5 == 0 else {})
    if number == 13:
        tags["mlflow.prompt.is_prompt"] = "true"
    return ProtocolVersion(
        name=f"m{number % 3}",
        version=number,
        source=f"s3://b/{number}",
        storage="",
        run=f"r{number % 4}",
        run_link="",
        logged_model=f"m-{number}",
        description="",
        tags=tags,
        stage="Production" if number == 4 else "None",
        deleted=number == 6,
        created_by="x",
        created_at=at(number),
        updated_at=at(100 - number),
    )


def native(name, number):
    row = dict.fromkeys(("tree_digest", "digest", "label", "baseline_digest", "holdout_digest", "note"), "")
    row |= {"flavor": "sklearn", "task": "regression", "signature": {}, "metrics": {}, "params": {}}
    row |= {"used": [], "size": 1, "created_by": "x", "event": "e", "created_at": at(50 + number)}
    return row | {"name": name, "version": number, "run_ref": "run/run-01a2bc3d4e5f6g7h8j9kmnpqrs"}


def fill(workspace):
    with workspace.db.write() as tx:
        for number in range(3):
            tags = {"team": f"t{number}"} | ({"mlflow.prompt.is_prompt": "true"} if number == 2 else {})
            made = {"created_at": at(number), "updated_at": at(9 - number)}
            keep_model(tx, ProtocolModel(name=f"m{number}", description="", tags=tags, **made))
        for number in range(1, 21):
            keep_version(tx, version(number))
        name, count = OURS
        tx.execute(insert(registered_model).values(name=name, latest=count, created_at=at(40)))
        tx.execute(insert(model_version), [native(name, number) for number in range(1, count + 1)])


@contextmanager
def asked(workspace):
    load_operations()
    app = Access(Starlette(routes=mlflow_routes(other_routes())), ws=workspace, auth=False)
    with TestClient(app, base_url="http://127.0.0.1") as opened:
        yield opened


class SearchContract:
    """What holds whichever database keeps the registry.

    Those that only ask share what was filled in once; what they add is of other kinds.
    """

    @pytest.fixture(scope="class")
    @classmethod
    def filled(cls, workspace):
        fill(workspace)
        return workspace

    @pytest.fixture(scope="class")
    @classmethod
    def client(cls, filled):
        with asked(filled) as opened:
            yield opened

    def test_versions_are_read_in_the_order_asked_however_many_statements_that_takes(
        self, filled, monkeypatch
    ):
        pairs = [("m1", 4), ("flights", 2), ("nothing", 1), ("m0", 3), ("flights", 1), ("m2", 5)]
        for at_once in (store.AT_ONCE, 2):
            monkeypatch.setattr(store, "AT_ONCE", at_once)
            with filled.read() as tx:
                found = [(each.name, each.version) for each in store.picked(tx, pairs)]
            assert found == [pair for pair in pairs if pair[0] != "nothing"]

    def found(self, client, what, between=lambda: None, **asked):
        """Return all pages of three."""
        names, token = [], ""
        url = f"{API}/{what.replace('_', '-')}/search"
        while token is not None:
            given = {**asked, "max_results": 3, "page_token": token}
            answer = client.post(url, json=given)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            names += [
                (each["name"], int(each["version"])) if "version" in each else each["name"]
                for each in page[what]
            ]
            token = page.get("next_page_token")
            between()
        return names

    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("", lambda v: True),
            ("name = 'm1'", lambda v: v.name == "m1"),
            ("name LIKE 'm_' AND version_number >= 10", lambda v: v.version >= 10),
            ("name ILIKE 'M1'", lambda v: v.name == "m1"),
            ("name IN ('m1', 'm2')", lambda v: v.name in {"m1", "m2"}),
            ("name NOT IN ('m1', 'flights')", lambda v: v.name != "m1"),
            ("tags.parity = 'odd'", lambda v: v.version % 2 == 1),
            ("tags.parity != 'odd'", lambda v: v.version % 2 == 0),
            ("tags.rare = '15' AND tags.parity = 'odd'", lambda v: v.version == 15),
            ("tag.rare IS NOT NULL", lambda v: v.version % 5 == 0),
            ("tags.rare LIKE '1%'", lambda v: v.version in {10, 15}),
            ("run_id = 'r1'", lambda v: v.run == "r1"),
            ("source_path LIKE 's3://b/1_'", lambda v: 10 <= v.version < 20),
            ("stage = 'Production'", lambda v: v.version == 4),
            ("model_id = 'm-7'", lambda v: v.version == 7),
            (f"creation_timestamp = {ms(9)}", lambda v: v.version == 9),
            (f"creation_timestamp > {ms(9)} AND version < 21", lambda v: v.created_at > at(9)),
            (f"creation_timestamp <= {ms(9)}", lambda v: v.created_at <= at(9)),
            (f"last_updated_timestamp < {ms(93)}.5", lambda v: v.updated_at <= at(93)),
            ("name = 'm1'' OR 1=1 --'", lambda v: False),
        ],
    )
    def test_versions_are_found_by_what_they_are(self, client, text, wanted):
        every = [version(number) for number in range(1, 21)]
        known = {(v.name, v.version) for v in every if wanted(v) and not v.deleted and v.version != 13}
        found = self.found(client, "model_versions", filter=text)
        told = [pair for pair in found if pair[0] != OURS[0]]
        assert len(found) == len(set(found))
        assert set(told) == known

    @pytest.mark.parametrize(
        ("text", "count"),
        [
            ("", 2),
            ("name = 'flights' AND version = 2", 1),
            ("tags.parity = 'odd'", 0),
            ("tags.parity IS NULL AND name = 'flights'", 2),
            ("source_path LIKE 'mlflow-artifacts:/model-versions/flights/%'", 2),
            ("run_id = '01a25c66b22beda1d3c8a4e9d5d6e6f3' AND name = 'flights'", None),
            ("run_id LIKE '01a2%'", None),
        ],
    )
    def test_versions_of_our_own_are_found_among_them(self, client, text, count):
        if count is None:
            shown = client.post(f"{API}/model-versions/search", json={"filter": "name = 'flights'"}).json()
            run = shown["model_versions"][0]["run_id"]
            assert len(run) == 32
            text, count = (
                text.replace("01a25c66b22beda1d3c8a4e9d5d6e6f3", run).replace("01a2%", f"{run[:9]}%"),
                2,
            )
        found = self.found(client, "model_versions", filter=text)
        assert len([pair for pair in found if pair[0] == OURS[0]]) == count

    @pytest.mark.parametrize("way", ["ASC", "DESC"])
    @pytest.mark.parametrize("by", ["name", "version_number", "creation_timestamp", "last_updated_timestamp"])
    def test_versions_come_in_the_order_wanted(self, client, by, way):
        every = [version(number) for number in range(1, 21) if number not in {6, 13}]
        shown = [(v.name, v.version, ms(v.version), ms(100 - v.version)) for v in every]
        shown += [(OURS[0], number, ms(50 + number), ms(50 + number)) for number in (1, 2)]
        column = ["name", "version_number", "creation_timestamp", "last_updated_timestamp"].index(by)
        known = sorted(shown, key=lambda row: (row[0], -row[1]))
        known.sort(key=lambda row: row[column], reverse=way == "DESC")
        found = self.found(client, "model_versions", order_by=[f"{by} {way}"])
        assert found == [row[:2] for row in known]

    def test_a_page_goes_on_where_the_one_before_ended_while_rows_are_added(self, client, filled):
        new = []

        def grow():
            new.append(version(200 + len(new)))
            with filled.db.write() as tx:
                keep_version(tx, new[-1])

        known = self.found(client, "model_versions", order_by=["creation_timestamp DESC"])
        before = set(known)
        found = self.found(client, "model_versions", grow, order_by=["creation_timestamp DESC"])
        with filled.db.write() as tx:
            for each in new:
                keep_version(tx, replace(each, deleted=True))  # the others share what is there
        assert [pair for pair in found if pair in before] == known
        assert len(found) == len(set(found))

    @pytest.mark.parametrize(
        ("asked", "known"),
        [
            ({}, ["flights", "m0", "m1"]),
            ({"order_by": ["name DESC"]}, ["m1", "m0", "flights"]),
            ({"order_by": ["last_updated_timestamp ASC"]}, ["flights", "m1", "m0"]),
            ({"filter": "tags.team = 't1'"}, ["m1"]),
            ({"filter": "tags.team != 't1'"}, ["m0"]),
            ({"filter": "tags.`mlflow.prompt.is_prompt` != 'true'"}, ["flights", "m0", "m1"]),
            ({"filter": "tags.`mlflow.prompt.is_prompt` = 'true'"}, ["m2"]),
            ({"filter": "name LIKE 'M%'"}, []),
            ({"filter": "name ILIKE 'M%'"}, ["m0", "m1"]),
        ],
    )
    def test_models_are_found_and_ordered_with_our_own_among_them(self, client, asked, known):
        assert sorted(self.found(client, "registered_models", **asked)) == sorted(known)
        if "order_by" in asked and "last" not in asked["order_by"][0]:
            assert self.found(client, "registered_models", **asked) == known

    @pytest.mark.parametrize("what", ["registered-models", "model-versions"])
    @pytest.mark.parametrize(
        "asked",
        [
            {"filter": "nothing = 'x'"},
            {"filter": "name > 'x'"},
            {"filter": "name = 5"},
            {"filter": "tags.a > 'x'"},
            {"filter": "creation_timestamp LIKE 'x'"},
            {"filter": "metrics.a > 5"},
            {"order_by": ["nothing"]},
            {"order_by": ["tags.rare"]},
            {"order_by": ["name", "name DESC"]},
            {"order_by": ["name SIDEWAYS"]},
            {"page_token": "WzEsMiwzXQ=="},
            {"page_token": "Mw=="},
            {"page_token": "%"},
        ],
    )
    def test_what_can_not_be_read_is_refused_and_told(self, client, what, asked):
        answer = client.post(f"{API}/{what}/search", json=asked)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
        assert len(answer.json()["message"]) > 20

    @pytest.fixture(scope="class")
    @classmethod
    def models(cls, client, filled):
        number = client.post(f"{API}/experiments/create", json={"name": "nets"}).json()["experiment_id"]
        run = start(filled, experiment="nets").id
        with filled.db.write() as tx:
            for index in range(10):
                made = LoggedModel(
                    id=f"m-{index}",
                    experiment=number,
                    name=f"net{index % 3}",
                    model_type="",
                    run=f"r{index % 2}",
                    status="LOGGED_MODEL_READY",
                    params={"depth": str(index % 4)},
                    tags={},
                    deleted=index == 9,
                    created_at=at(index),
                    updated_at=at(index),
                )
                keep_logged(tx, made)
                if index < 8:
                    value = None if index == 7 else index / 10
                    points = [ModelPoint(made.id, "acc", 1, 1, 0.99, "", "")] * (index % 2)
                    points.append(ModelPoint(made.id, "acc", 5, 2, value, "d", f"g{index % 2}"))
                    add(tx, run, points)
        return number

    def models_found(self, client, number, **asked):
        names, token = [], ""
        while token is not None:
            body = {"experiment_ids": [number], "max_results": 2, "page_token": token, **asked}
            answer = client.post(f"{API}/logged-models/search", json=body)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            names += [int(each["info"]["model_id"][2:]) for each in page["models"]]
            token = page.get("next_page_token")
        return names

    def test_runs_are_found_by_patterns_of_their_ids_and_places(self, client, filled):
        made = client.post(f"{API}/experiments/create", json={"name": "e", "artifact_location": "s3://b/x/"})
        number = made.json()["experiment_id"]
        runs = []
        for _ in range(3):
            answer = client.post(f"{API}/runs/create", json={"experiment_id": number})
            runs.append(answer.json()["run"]["info"]["run_id"])
        with filled.db.write() as tx:
            tx.exec_driver_sql(
                "INSERT INTO run (id, name, experiment, state, started_at, created_by, error) "
                f"SELECT 'of-another-make', name, experiment, state, started_at, created_by, error FROM run "
                f"WHERE id = '{from_hex(runs[0])}'"
            )
        every = {*runs, "of-another-make"}
        first = runs[0]

        def found(text):
            asked = {"experiment_ids": [number], "filter": text}
            answer = client.post(f"{API}/runs/search", json=asked)
            assert answer.status_code == 200, answer.text
            return {each["info"]["run_id"] for each in answer.json()["runs"]}

        place = {"name": "q", "artifact_location": "s3://b/y/?a=1"}
        other = client.post(f"{API}/experiments/create", json=place).json()["experiment_id"]
        run = client.post(f"{API}/runs/create", json={"experiment_id": other}).json()["run"]["info"]
        asked = {"experiment_ids": [other, number], "filter": f"artifact_uri = '{run['artifact_uri']}'"}
        (only,) = client.post(f"{API}/runs/search", json=asked).json()["runs"]
        assert only["info"]["artifact_uri"] == f"s3://b/y/{run['run_id']}/artifacts?a=1"
        assert found(f"run_id LIKE '{first}'") == {first}
        assert found(f"run_id LIKE '{first[:6]}%'") == {each for each in runs if each[:6] == first[:6]}
        assert found(f"run_id LIKE '%{first[-9:]}'") == {first}
        assert found(f"run_id ILIKE '{first.upper()}'") == {first}
        assert found("run_id LIKE 'of-%'") == {"of-another-make"}
        assert found("run_id LIKE '0_________%'") == {each for each in runs if each[0] == "0"}
        assert found(f"artifact_uri = 's3://b/x/{first}/artifacts'") == {first}
        assert found(f"artifact_uri != 's3://b/x/{first}/artifacts'") == every - {first}
        assert found(f"artifact_uri IN ('s3://b/x/{first}/artifacts', 'nowhere')") == {first}
        assert found("artifact_uri LIKE 's3://b/x/%/artifacts'") == every
        assert found("artifact_uri ILIKE 'S3://B/X/of%'") == {"of-another-make"}
        assert found("artifact_uri = 'nothing'") == set()

    @pytest.mark.parametrize(
        ("asked", "known"),
        [
            ({"filter": "params.depth = '1'"}, {1, 5}),
            ({"filter": "status = 'READY' AND source_run_id = 'r1'"}, {1, 3, 5, 7}),
            ({"filter": "metrics.acc > 0.45"}, {1, 3, 5, 6, 7}),
            ({"filter": "metrics.acc > 0.45", "datasets": [{"dataset_name": "d"}]}, {5, 6}),
            ({"datasets": [{"dataset_name": "d", "dataset_digest": "g1"}]}, {1, 3, 5, 7}),
            ({"filter": "metrics.acc != 0.99 AND name LIKE 'net0'"}, {0, 3, 6}),
        ],
    )
    def test_logged_models_are_found(self, client, models, asked, known):
        found = self.models_found(client, models, **asked)
        assert sorted(found) == sorted(known)

    @pytest.mark.parametrize(
        ("order", "known"),
        [
            ([{"field_name": "metrics.acc"}], [0, 1, 2, 3, 4, 5, 6]),
            ([{"field_name": "metrics.acc", "ascending": False}], [6, 5, 4, 3, 2, 1, 0]),
            ([{"field_name": "metrics.acc", "dataset_name": "d", "dataset_digest": "g1"}], [1, 3, 5]),
            ([{"field_name": "name"}, {"field_name": "metrics.acc", "ascending": False}], [6, 3, 0, 4, 1, 7]),
        ],
    )
    def test_logged_models_come_in_the_order_of_their_newest_points(self, client, models, order, known):
        found = self.models_found(client, models, order_by=order)
        assert found[: len(known)] == known
        assert sorted(found) == list(range(9))


class TestEmbedded(SearchContract):
    """SQLite."""

    @pytest.fixture(scope="class")
    @classmethod
    def workspace(cls, tmp_path_factory):
        folder = tmp_path_factory.mktemp("embedded") / "w"
        with open_local(folder, settings=Settings(sqlite_synchronous="NORMAL")) as ws:
            yield ws


@pytest.mark.integration
class TestShared(SearchContract):
    """PostgreSQL."""

    @pytest.fixture(scope="class")
    @classmethod
    def workspace(cls, new_database, tmp_path_factory):
        blobs = tmp_path_factory.mktemp("blobs")
        with new_database() as url, open_local(url, settings=Settings(blobs=str(blobs))) as ws:
            yield ws
