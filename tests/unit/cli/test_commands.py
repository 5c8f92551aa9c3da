"""Commands: exit codes, JSON on stdout and nothing else there, errors that teach."""

import json
import sys

import click
import pytest
from click.testing import CliRunner

from meguru.base.credentials import Credential, find, save
from meguru.base.text import translate
from meguru.cli.errors import run
from meguru.cli.groups import Verb
from meguru.cli.root import COMMANDS, LazyGroup, root
from meguru.errors import Busy
from meguru.flavors.bundle_writer import save_bundle
from meguru.testing.models import make_model


@pytest.fixture
def meguru(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MEGURU_WORKSPACE", raising=False)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["meguru", *words])
        code = run(root)
        caught = capsys.readouterr()
        return code, caught.out, caught.err

    return call


def commands(group, path=()):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group) and not isinstance(command, LazyGroup):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_loads_and_explains_itself(meguru, name):
    code, out, _ = meguru(name, "--help")
    assert code == 0
    assert "Usage" in out


def test_every_command_speaks_json():
    for path, command in commands(root):
        options = {option for parameter in command.params for option in parameter.opts}
        assert "--json" in options, path


def test_every_command_shows_its_examples_and_speaks_the_reader_s_language():
    assert not [path for path, command in commands(root) if not isinstance(command, Verb)]


def test_without_a_workspace_the_error_says_what_to_do(meguru):
    code, out, err = meguru("events")
    assert (code, out) == (3, "")
    assert "meguru init" in err


def test_an_error_in_json_is_one_object_on_stdout(meguru):
    code, out, err = meguru("events", "--json")
    assert (code, err) == (3, "")
    assert json.loads(out)["error"]["code"] == "MG-110"


def test_init_writes_a_project_once_and_keeps_what_is_there(meguru, tmp_path):
    code, out, _ = meguru("init", "shop", "--json")
    assert code == 0
    assert json.loads(out)["written"] == ["meguru.toml", "train.py"]
    (tmp_path / "shop" / "train.py").write_text("mine")
    assert json.loads(meguru("init", "shop", "--json")[1])["written"] == []
    assert (tmp_path / "shop" / "train.py").read_text() == "mine"


def test_an_unknown_command_is_a_usage_error_with_a_near_miss(meguru):
    code, _, err = meguru("evnts")
    assert code == 2
    assert "meguru events" in err


def test_tokens_and_the_audit_work_from_the_command_line(meguru):
    assert meguru("principal", "create", "ci", "--role", "service")[0] == 0
    code, out, _ = meguru("token", "create", "ci", "--json")
    assert code == 0
    assert json.loads(out)["secret"].startswith("mgr_")
    code, out, _ = meguru("audit", "verify", "--json")
    assert (code, json.loads(out)["intact"], json.loads(out)["checked"]) == (0, True, 2)
    assert meguru("token", "create", "cii")[0] == 3


def test_doctor_is_content_with_a_new_workspace(meguru):
    meguru("init")
    code, out, _ = meguru("doctor", "--json")
    assert (code, json.loads(out)["ok"]) == (0, True)


def test_doctor_names_what_a_lost_blob_takes_with_it(meguru, tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    assert meguru("init")[0] == 0
    assert meguru("data", "add", "parts", "a.csv")[0] == 0
    code, out, _ = meguru("doctor", "--deep", "--json")
    assert (code, json.loads(out)["blobs"]["complete"]) == (0, True)
    body = next(each for each in tmp_path.rglob("blobs/??/*") if each.read_bytes().startswith(b"PAR1"))
    digest = body.parent.name + body.name
    next(tmp_path.rglob(f"{digest[:2]}/{digest[2:]}")).unlink()
    code, out, _ = meguru("doctor", "--json")
    assert code == 1
    assert json.loads(out)["blobs"]["lost"][0]["refs"] == ["dataset/parts@1"]
    code, out, _ = meguru("doctor", "--blobs", "all")
    assert (code, "missing: dataset/parts@1" in out) == (1, True)
    assert meguru("doctor", "--blobs", "none")[0] == 0
    assert meguru("doctor", "--blobs", "some")[0] == 2


def test_an_expected_head_is_looked_for(meguru):
    meguru("init")
    assert meguru("audit", "verify", "--expect", "0" * 64)[0] == 0
    code, _, err = meguru("audit", "verify", "--expect", "1" * 64)
    assert (code, "not the one expected" in err) == (1, True)


def test_explain_knows_every_code(meguru):
    code, out, _ = meguru("explain", "--json")
    codes = {item["code"] for item in json.loads(out)["items"]}
    assert code == 0
    assert {"MG-100", "MG-110", "MG-410"} <= codes
    assert meguru("explain", "MG-999")[0] == 3


def test_every_line_about_a_command_is_there_in_japanese():
    for line in COMMANDS.values():
        assert translate(line, "ja") != line


def test_the_moves_of_an_alias_are_shown_with_who_made_them(meguru, tmp_path):
    for seed in range(2):
        save_bundle(make_model(seed=seed), tmp_path / f"model{seed}")
        meguru("model", "add", "delay", f"model{seed}")
    for version in (1, 2):
        meguru("model", "alias", f"delay@{version}", "champion", "--reason", "better")
    code, out, _ = meguru("model", "alias-history", "delay", "champion", "--json")
    moves = json.loads(out)["items"]
    assert (code, [move["model"] for move in moves]) == (0, ["model/delay@2", "model/delay@1"])
    assert moves[0]["until"] is None
    assert moves[1]["until"] == moves[0]["since"]
    assert {move["moved_by"] for move in moves} == {"local"}


def test_who_signs_out_leaves_no_token_here_though_the_server_is_away(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    server = "http://127.0.0.1:1"
    save(server, Credential(token="mgr_secret", principal="ana"))
    error = CliRunner().invoke(root, ["logout", "--workspace", server]).exception
    assert isinstance(error, Busy)
    assert "holds until it ends" in error.why
    assert find(server) is None
