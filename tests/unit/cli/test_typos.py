"""What is typed wrongly is answered with what was meant, in the four lines of every error."""

import os
import shlex
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from meguru.cli.errors import run
from meguru.cli.examples import EXAMPLES
from meguru.cli.root import COMMANDS, root
from meguru.cli.synonyms import ADVICE, TOP, VERBS
from meguru.errors import UsageError, all_errors


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


def find(line):
    """Return the command that a line of words begins with, and the words left over."""
    command, words = root, shlex.split(line)
    context = click.Context(root, info_name="meguru")
    while words and isinstance(command, click.Group) and (found := command.get_command(context, words[0])):
        command, words = found, words[1:]
        context = click.Context(command, parent=context)
    return command, words


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("serve", "meguru up"),
        ("ui", "meguru up"),
        ("server", "meguru up"),
        ("start", "meguru up"),
        ("rollback", "meguru release rollback ENDPOINT"),
        ("models", "meguru model list"),
        ("pipelines", "meguru pipeline list"),
        ("dataset", "meguru data list"),
        ("signin", "meguru login"),
        ("backup", "meguru doctor"),
        ("delete", "meguru NOUN --help"),
        ("logs", "meguru runs log"),
        ("predict", "meguru endpoint predict"),
        ("deploy", "--promote"),
        ("config", "MEGURU_"),
        ("evnts", "meguru events"),
        ("modle", "meguru model"),
        ("qqqq", "meguru --help"),
    ],
)
def test_a_word_of_another_program_is_answered_with_the_command_for_it(meguru, typed, meant):
    code, out, err = meguru(typed)
    assert (code, out) == (2, "")
    assert err.startswith(f"MG-101 there is no command {typed!r}\n  at   meguru\n  try  ")
    assert meant in err


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("model lst", "meguru model list"),
        ("model describe", "meguru model show"),
        ("webhook rm", "meguru webhook delete"),
        ("token rm", "meguru token revoke"),
        ("data create", "meguru data add"),
        ("backfill new", "meguru backfill start"),
        ("release undo", "meguru release rollback"),
        ("data qqqq", "meguru data --help"),
    ],
)
def test_a_wrong_verb_is_answered_with_the_nouns_own(meguru, typed, meant):
    code, _, err = meguru(*typed.split())
    assert code == 2
    assert f"  try  {meant}\n" in err


def test_spelling_decides_only_between_words_that_are_close(meguru):
    for typed in ("svrep", "sweat", "audi0000", "lineup", "backup00"):
        assert "try  meguru --help" in meguru(typed)[2]
    assert "try  meguru backfill" in meguru("backfil")[2]


def test_ls_is_list_and_help_is_help(meguru):
    meguru("init")
    assert meguru("model", "ls", "--json")[0] == 0
    assert meguru("help", "runs", "log")[1] == meguru("runs", "log", "--help")[1]
    assert meguru("help")[1] == meguru("--help")[1]
    assert "there is no command 'lgs'" in meguru("help", "lgs")[2]
    assert meguru("version")[1].strip() in meguru("--version")[1]


@pytest.mark.parametrize(
    ("typed", "what", "hint"),
    [
        ("model list --wrkspace x", "has no option '--wrkspace'", "--workspace"),
        ("data show", "REF is missing", "meguru data show [OPTIONS] REF"),
        ("endpoint create x", "--model is missing", "meguru endpoint create [OPTIONS] NAME"),
        ("runs list --limit x", "--limit: 'x' is not a valid integer", "meguru runs list --help"),
        ("backfill start x --step year", "--step: 'year' is not one of 'hour', 'day'", "--help"),
        ("events too many words", "Got unexpected extra arguments", "meguru events --help"),
    ],
)
def test_a_wrong_option_is_said_like_every_other_error(meguru, typed, what, hint):
    code, out, err = meguru(*typed.split())
    assert (code, out) == (2, "")
    assert err.startswith("MG-101 ")
    assert what in err.splitlines()[0]
    assert hint in err.splitlines()[-1]


def test_a_usage_error_in_json_has_the_same_parts(meguru):
    code, out, err = meguru("model", "lst", "--json")
    assert (code, err) == (2, "")
    assert '"try":"meguru model list"' in out


def test_every_synonym_leads_to_a_command_that_is_there():
    for typed, meant in TOP.items():
        command, _ = find(meant)
        assert command is not root, (typed, meant)
        assert not isinstance(command, click.Group), (typed, meant)
    assert not (TOP.keys() | ADVICE.keys()) & COMMANDS.keys()
    assert not TOP.keys() & ADVICE.keys()


def test_every_verb_that_may_be_meant_is_somebodys():
    known = {
        verb
        for name in COMMANDS
        if isinstance(group := find(name)[0], click.Group)
        for verb in group.commands
    }
    assert {verb for verbs in VERBS.values() for verb in verbs} - known <= {"tag"}


def test_every_command_of_the_first_level_ends_with_examples_that_can_be_typed():
    assert COMMANDS.keys() - EXAMPLES.keys() <= {"version"}
    for name, lines in EXAMPLES.items():
        for line in lines:
            words = line.split("&&")[0].removeprefix('eval "$(').removesuffix(')"').removeprefix("meguru ")
            command, rest = find(words)
            assert command is not root, line
            assert not isinstance(command, click.Group), line
            command.make_parser(click.Context(command)).parse_args([word for word in rest if word != ">"])
        assert not name or find(name)[1] == [], name


FLOWS = """
from meguru import pipeline, step

@step
def same(x: int) -> int:
    return x

@pipeline
def one(x: int = 1, mode: Literal["fast", "slow"] = "fast"):
    return same(x)

@pipeline
def two(x: int, since: date | None = None):
    return same(x)
"""


@pytest.mark.parametrize(
    ("typed", "what", "hint"),
    [
        ("run nofile.py:one", "there is no Python file nofile.py", "write FILE.py:PIPELINE"),
        ("run flow.py:one", "there is no Python file flow.py", "did you mean flows.py?"),
        ("run flows.py", "flows.py has 2 pipelines: one, two", "say which: flows.py:one"),
        ("run flows.py:one -p x=abc", "one: x='abc' can't be used", "give a whole number"),
        ("run flows.py:one -p mode=fats", "one: mode='fats' can't be used", "give 'fast' or 'slow'"),
        (
            "run flows.py:two -p x=1 -p since=soon",
            "two: since='soon'",
            "give a date such as",
        ),
        ("run flows.py:one -p z=1", "pipeline one has no parameter 'z'", "it takes x, mode"),
        ("run flows.py:one -p z", "'z' is not key=value", ""),
        ("run flows.py:two", "pipeline two needs the parameter 'x'", "-p x=…"),
        (
            "run empty.py -p depth=3",
            "empty.py is a plain script, which has no parameters",
            "meguru run empty.py -- --depth 3",
        ),
        ("run empty.py --epochs 3", "meguru run has no option '--epochs'", "meguru run FILE.py -- --epochs"),
        ("events --limit 5000", "a page can't have 5000 items", ""),
        ("data add d flows.py", "the format of 'flows.py' is not known", "--format csv, parquet"),
        ("data add d nofile.csv", "there is no file 'nofile.csv'", ""),
        ("""endpoint create e --model m --gate '{"gate":"metric","metrix":1}'""", "gates[0]: metri", ""),
    ],
)
def test_a_mistake_of_usage_ends_with_2(meguru, tmp_path, typed, what, hint):
    head = "from datetime import date\nfrom typing import Literal\n"
    (tmp_path / "flows.py").write_text(head + FLOWS)
    (tmp_path / "empty.py").write_text("")
    meguru("init", ".")
    code, _, err = meguru(*shlex.split(typed))
    assert code == 2, err
    assert err.startswith("MG-101 ")
    assert what in err.splitlines()[0]
    assert hint in err.splitlines()[-1]


def test_a_reader_who_has_seen_enough_is_no_failure(tmp_path):
    (tmp_path / "closed.py").write_text(
        "import sys\nsys.argv = ['meguru', 'explain']\nfrom meguru.cli import main\nmain()\n"
    )
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "closed.py"]
    done = subprocess.run(command, check=False, cwd=tmp_path, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_explain_tells_the_cause_and_the_cure_of_every_error(meguru):
    for code in all_errors():
        _, out, _ = meguru("explain", code.removeprefix("MG-"))
        assert out.startswith(f"{code} ")
        assert [line.split()[0] for line in out.splitlines()[1:3]] == ["cause", "cure"]
        assert all(len(line.split()) > 3 for line in out.splitlines()[1:3])


def test_a_file_that_is_not_there_is_told_by_its_name(meguru):
    assert meguru("init")[0] == 0
    words = ("business-metric", "create", "cost", "--endpoint", "delay", "--sql", "@nothing.sql")
    code, _, told = meguru(*words)
    assert code == 2
    assert "nothing.sql" in told


@pytest.mark.parametrize("words", [("schema", "--out"), ("monitor", "compare", "a.csv", "a.csv", "--html")])
def test_a_file_that_can_not_be_written_is_told(meguru, tmp_path, words):
    (tmp_path / "a.csv").write_text("x\n1\n2\n")
    code, _, err = meguru(*words, "nowhere/out")
    assert code == 2
    assert "MG-101 nowhere/out can't be written" in err
    assert "No such file or directory" in err


@pytest.mark.parametrize("verb", ["create", "update"])
def test_an_option_whose_value_is_none_of_its_field_is_a_mistake_of_usage(verb, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ask = CliRunner().invoke
    assert ask(root, ["notification", "create", "ops", "--to", "console"]).exit_code == 0
    error = ask(root, ["notification", verb, "ops", "--to", "console", "--severity", "urgent"]).exception
    assert isinstance(error, UsageError)
    assert error.field == "severity"
