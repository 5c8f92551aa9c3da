"""Tokens and passwords are in no answer, no message, no log and no file but where they were given."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx2
import msgspec
import pytest

from meguru.app.open import open_workspace
from meguru.base.settings import Settings
from meguru.cli.errors import run as run_command
from meguru.cli.root import root
from meguru.errors import MeguruError, masked
from meguru.storage.db import Database

pytestmark = pytest.mark.acceptance
MEGURU = [sys.executable, "-m", "meguru"]
PASSWORD = "hunter2-Zq9"


def meguru(*arguments, **environment):
    """Run a command; give all that it said."""
    done = subprocess.run(
        [*MEGURU, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "MEGURU_DEBUG": "", **environment},
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def type_in(monkeypatch, capsys):
    """Run a command in this process, for its cost; give all that it said."""

    def call(*arguments, **environment):
        for name, value in {"MEGURU_DEBUG": "", **environment}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["meguru", *arguments])
        code = run_command(root)
        caught = capsys.readouterr()
        return code, caught.out + caught.err

    return call


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://joe:{PASSWORD}@127.0.0.1:9/meguru",
        f"postgresql://joe:{PASSWORD}@127.0.0.1:port/meguru",
        f"postgresql://joe:{PASSWORD}/@x@127.0.0.1:9/meguru",
        f"postgresql://127.0.0.1:9/meguru?user=joe&password={PASSWORD}",
        f"postgres://joe:{PASSWORD}@[::1/meguru",
        f"mysql://joe:{PASSWORD}@127.0.0.1:9/meguru",
        f"http://joe:{PASSWORD}@127.0.0.1:9",
        f"ftp://joe:{PASSWORD}@127.0.0.1:9",
    ],
)
def test_no_command_shows_the_password_of_its_place(url, tmp_path, type_in):
    blobs = str(tmp_path / "blobs")
    for command in (["doctor", "--json"], ["events"], ["up", "--port", "0"]):
        code, said = type_in(*command, MEGURU_WORKSPACE=url, MEGURU_BLOBS=blobs)
        assert said
        assert PASSWORD not in said
        assert "Traceback" not in said
        assert "MG-900" not in said
        assert code != 0


def test_init_on_a_database_shows_no_password_and_makes_no_folder_of_its_name(tmp_path):
    url = f"postgresql://joe:{PASSWORD}@127.0.0.1:9/meguru"
    code, said = meguru("init", str(tmp_path / "flights"), "-w", url, MEGURU_BLOBS=str(tmp_path / "blobs"))
    assert PASSWORD not in said
    assert code != 0
    assert not [path for path in tmp_path.rglob("*") if "postgres" in str(path.relative_to(tmp_path))]


@pytest.mark.integration
def test_a_server_on_a_database_with_a_password_tells_it_nobody(postgres_url, tmp_path):
    url = postgres_url.replace("postgres@", f"postgres:{PASSWORD}@")
    place = {"MEGURU_WORKSPACE": url, "MEGURU_BLOBS": str(tmp_path / "blobs")}
    process = subprocess.Popen(
        [*MEGURU, "up", "--port", "0", "--json", "--exit-with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **place},
    )
    server = msgspec.json.decode(process.stdout.readline())["url"]
    with httpx2.Client(base_url=server) as http:
        said = [http.get(path).text for path in ("/", "/metrics", "/openapi.json", "/api/v1/event/list")]
        http.post("/api/v1/principal/create", json={"name": "sato"})
        said.append(http.post("/api/v1/principal/create", json={"name": "sato"}).text)
    said.append(Path(f"/proc/{process.pid}/cmdline").read_text("utf-8"))
    out, err = process.communicate()
    code, doctor = meguru("doctor", "--json", **place)
    assert code == 0, doctor
    assert PASSWORD not in "\n".join([*said, out.decode(), err.decode(), doctor])


def test_a_token_opens_the_server_and_is_told_to_nobody(tmp_path):
    folder = tmp_path / "w"
    place = ["-w", str(folder)]
    assert meguru("principal", "create", "vera", "--role", "owner", *place)[0] == 0
    code, said = meguru("token", "create", "vera", "--json", *place)
    secret = msgspec.json.decode(said)["secret"]
    process = subprocess.Popen(
        [*MEGURU, "up", *place, "--port", "0", "--auth", "--json", "--exit-with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    url = msgspec.json.decode(process.stdout.readline())["url"]
    said = []
    for token, command, expected in (
        (secret, ["token", "list", "--json"], 0),
        (secret, ["token", "revoke", secret, "--json"], 3),
        (secret[:-2] + "zz", ["events"], 4),
        ("", ["events", "--json"], 4),
    ):
        code, text = meguru(*command, MEGURU_WORKSPACE=url, MEGURU_TOKEN=token)
        assert code == expected
        said.append(text)
    with httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {secret}"}) as http:
        for path in ("/", "/metrics", "/api/v1/event/list", "/api/v1/token/list", f"/ui/runs/{secret}"):
            said.append(http.get(path).text.replace(f"/ui/runs/{secret}", ""))
        said.append(http.post("/api/v1/principal/create", json={"name": secret}).text)
        said.append(http.post("/api/v1/principal/create", json={"nam": 1}).text)
    out, err = process.communicate()
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert secret.encode() not in kept + out + err
    assert secret not in "\n".join(said)


def test_what_holds_a_token_does_not_show_it_when_printed():
    settings = Settings(token="mgr_" + "x" * 43, workspace=f"postgresql://joe:{PASSWORD}@h/d")
    assert "xxxx" not in repr(settings) + str(settings)
    assert PASSWORD not in repr(settings)
    with open_workspace("http://127.0.0.1:9", settings=settings) as ws:
        assert "xxxx" not in repr(ws) + repr(vars(ws))
    assert PASSWORD not in repr(Database(f"postgresql://joe:{PASSWORD}@h/d"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("at http://127.0.0.1:7474/models/delay@3", "at http://127.0.0.1:7474/models/delay@3"),
        ("postgresql://joe:p@ss/w:rd@host:5432/db?x=1", "postgresql://joe:***@host:5432/db?x=1"),
        ("postgresql://joe@host/db", "postgresql://joe@host/db"),
        ("x?sslpassword=abc&password=a%20b&y=1", "x?sslpassword=***&password=***&y=1"),
        ("the token mgr_" + "a-_9" * 11 + ".", "the token mgr_***."),
    ],
)
def test_passwords_and_tokens_are_masked_and_nothing_else_is(text, shown):
    assert masked(text) == shown
    assert MeguruError(text, where=text, why=text, hint=text).as_dict()["why"] == shown
