"""Names of artifacts: one spelling is judged, kept, listed and fetched, and none leaves its folder."""

from urllib.parse import quote

import pytest

from meguru.mlflow.artifacts.names import canonical_path
from meguru.mlflow.protocol.errors import Refusal
from meguru.tracking.runs import add_artifact, start
from meguru.tracking.show import artifacts as files_of

PROXY = "/api/2.0/mlflow-artifacts/artifacts"
LIST = "/api/2.0/mlflow/artifacts/list"
SEEN = {
    # as it is sent: as it is kept. Asked of MLflow's own server, which keeps the same.
    "plain.txt": "plain.txt",
    "a%20b.txt": "a b.txt",
    "a+b%2Bc": "a+b+c",
    "100%25.png": "100%.png",
    "100%2525.png": "100%.png",
    "%25%25": "%%",
    "percent%2541": "percentA",
    "a%25zz": "a%zz",
    "a%2Fb": "a/b",
    "a%252Fb%252fc": "a/b/c",
    "q%3Fx.txt": "q?x.txt",
    "q%253Fx.txt": "q?x.txt",
    "empty%3F": "empty",
    "semi;colon": "semi;colon",
    "quote%22'%60": "quote\"'`",
    "back%5Cslash": "back\\slash",
    "nul%00x": "nul%00x",
    "bell%07x": "bell%07x",
    "escaped%2507x": "escaped%07x",
    "del%7Fx": "del%7fx",
    "tab%09x": "tabx",
    "%E9%9C%80%E8%A6%81.png": "\u9700\u8981.png",
    "caf%C3%A9": "caf\u00e9",
    "cafe%CC%81": "cafe\u0301",
    "%F0%9F%98%80": "\U0001f600",
    "12:30": "12:30",
    "Ab:c": "Ab:c",
    "lt%3Ca%3E%7C*~@&=,$()%5B1%5D": "lt<a>|*~@&=,$()[1]",
    "...": "...",
    "..a": "..a",
    "%20lead": " lead",
    "trail%20": "trail ",
    "a//b/./c": "a/b/c",
    # What log_image(key=, step=) of MLflow 2.22 makes, and that of 3.17.
    "img%25step%253%25timestamp%251732%25gabc.png": "img%step%3%timestamp%1732%gabc.png",
    "img~x+step+3+timestamp+1732+gabc.png": "img~x+step+3+timestamp+1732+gabc.png",
}


@pytest.fixture
def run(workspace):
    return start(workspace, experiment="tests").id


def listed(client, run, path=""):
    found = []
    for each in client.get(LIST, params={"run_id": run, "path": path}).json().get("files", []):
        found += listed(client, run, each["path"]) if each["is_dir"] else [each["path"]]
    return found


@pytest.mark.parametrize(("sent", "kept"), SEEN.items(), ids=SEEN.keys())
def test_a_file_is_listed_and_fetched_by_the_name_it_is_kept_under(mlflow, workspace, run, sent, kept):
    client, place = mlflow.http, f"{PROXY}/0/{run}/artifacts/d"
    assert client.put(f"{place}/{sent}", content=b"x").json() == {}
    assert [each.path for each in files_of(workspace, run=run)] == [f"d/{kept}"]
    assert listed(client, run) == [f"d/{kept}"]
    for asked in (f"{place}/{sent}", f"{place}/{quote(kept)}", f"{place}/{quote(quote(kept))}"):
        assert client.get(asked).content == b"x", asked
    page = client.get("/get-artifact", params={"run_uuid": run, "path": f"d/{kept}"})
    assert page.content == b"x"
    # A client judges what it was told by the same rule, and asks for what that gives.
    assert canonical_path(kept) == kept
    assert client.delete(f"{place}/{sent}").json() == {}
    assert files_of(workspace, run=run) == []


def test_names_with_wildcards_are_plain_names(mlflow, run):
    for name in ("a%25b/x", "a_b/y", "azb/z"):
        mlflow.http.put(f"{PROXY}/1/{run}/artifacts/{name}", content=b"x")
    for folder, inside in (("a_b", "y"), ("a%b", "x")):
        shown = mlflow.http.get(PROXY, params={"path": f"1/{run}/artifacts/{folder}"}).json()["files"]
        assert [each["path"] for each in shown] == [inside]


def test_a_name_that_our_own_client_kept_encoded_is_found_by_both(mlflow, workspace, run):
    for name in ("a%25b", "deep/c%2Fd", "%"):
        digest = workspace.blobs.put_bytes(name.encode())
        add_artifact(workspace, run=run, path=name, digest=digest)
    place = f"{PROXY}/0/{run}/artifacts"
    for asked, name in (
        ("a%25b", b"a%25b"),
        ("a%2525b", b"a%25b"),
        ("deep/c/d", b"deep/c%2Fd"),
        ("%25", b"%"),
    ):
        assert mlflow.http.get(f"{place}/{asked}").content == name
    assert mlflow.http.get("/get-artifact", params={"run_uuid": run, "path": "a%25b"}).content == b"a%25b"
    mlflow.http.put(f"{place}/a%25b", content=b"of MLflow's client")
    assert mlflow.http.get(f"{place}/a%25b").content == b"of MLflow's client"
    page = mlflow.http.get("/get-artifact", params={"run_uuid": run, "path": "a%25b"})
    assert page.content == b"a%25b"
    assert mlflow.http.delete(f"{place}/deep/c/d").json() == {}
    assert {each.path for each in files_of(workspace, run=run)} == {"a%25b", "a%b", "%"}


HOSTILE = [
    "/etc/passwd",
    "%2Fetc%2Fpasswd",
    "%252Fetc",
    "%2e%2e/b",
    "a/%2e%2e/b",
    "a/..%2Fb",
    "%252e%252e/b",
    "%25252e%25252e%25252fb",
    "%" + "25" * 12 + "2e%2e/b",
    "..%5Cb",
    "a%5C..%5Cb",
    "a%255C%252e.%5Cb",
    "%5C%5Chost%5Cshare%5Cx",
    "C%3A/b",
    "C%3A%5Cb",
    "c%253A/b",
    "file%3A///etc/passwd",
    "file%3A%2Fetc",
    "s3%3A//bucket/x",
    "a%23b",
    "a%2523b",
    "x" * 501,
]


@pytest.mark.parametrize("path", HOSTILE)
@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
def test_a_path_that_leaves_its_folder_is_refused(mlflow, method, path):
    answer = mlflow.http.request(method, f"{PROXY}/{path}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("path", ["..%2Fb", "a/..%5C..%5Cb", "%252e%252e%252f%252e%252e%252fb", "a%2523b"])
def test_a_path_does_not_leave_the_folder_of_its_run(mlflow, workspace, run, path):
    other = start(workspace, experiment="tests").id
    mlflow.http.put(f"{PROXY}/0/{other}/artifacts/b", content=b"x")
    for method in ("PUT", "GET", "DELETE"):
        assert mlflow.http.request(method, f"{PROXY}/0/{run}/artifacts/{path}").status_code == 400
    for asked in (path, f"../{other}/artifacts/b", f"..%2F{other}%2Fartifacts%2Fb"):
        page = mlflow.http.get("/get-artifact", params={"run_uuid": run, "path": asked})
        assert page.status_code == 400
    assert [each.path for each in files_of(workspace, run=other)] == ["b"]


@pytest.mark.parametrize("path", ["../x", "/etc", "a/../../b", "%2e%2e/x", "..\\x", "a#b"])
def test_a_listing_never_leaves_its_folder(mlflow, run, path):
    assert mlflow.http.get(PROXY, params={"path": path}).status_code == 400
    assert mlflow.http.get(LIST, params={"run_id": run, "path": path}).status_code == 400


def test_a_name_is_decoded_until_nothing_is_left_and_not_for_ever():
    assert canonical_path("a" + "%25" * 9 + "b") == "a%%%%%%%%%b"
    assert canonical_path("%2525252561") == "a"
    deep = "a"
    for _ in range(11):
        deep = quote(deep, safe="") if "%" in deep else "%61"
    for refused in (deep, "a\nb", "a%0d%0ASet-Cookie: x"):
        with pytest.raises(Refusal):
            canonical_path(refused)
