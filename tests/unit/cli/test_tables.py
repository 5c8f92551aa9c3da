"""Tables: ids are whole at any width, states have colours, times are local, an empty list says so."""

import json
import sys
from datetime import UTC, datetime

import click
import pytest

from meguru.base.paging import Page
from meguru.cli.errors import run
from meguru.cli.root import root
from meguru.cli.session import Session
from meguru.cli.tables import exact, print_table
from meguru.cli.text import cut, width_of

ID = "prun-01m8hf8tmtw0000000000000ab"
COLUMNS = ("run", "pipeline", "state", "ran", "cached", "since", "made")
AT = datetime(2026, 11, 28, 18, 7, 45, tzinfo=UTC)
ROWS = [
    [ID, "train_delay", "succeeded", 5, 12, AT, "model/delay@3 dataset/flights@2"],
    [ID[:-1] + "c", "daily", "failed", 0, 1, AT, ""],
]


@pytest.fixture
def terminal(monkeypatch, capsys):
    def show(width, columns=COLUMNS, rows=ROWS, *, zone="Asia/Tokyo", **environment):
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setenv("TZ", zone)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("NO_COLOR", raising=False)
        for key, value in environment.items():
            monkeypatch.setenv(key, value)
        import time

        time.tzset()
        print_table(columns, [list(row) for row in rows])
        caught = capsys.readouterr()
        return caught.out.splitlines(), caught.err

    yield show
    monkeypatch.undo()
    import time

    time.tzset()


@pytest.mark.parametrize("width", [200, 100, 80, 60, 40, 20])
def test_an_id_is_never_broken_and_no_line_is_wider_than_the_terminal(terminal, width):
    lines, _ = terminal(width, NO_COLOR="1")
    assert len(lines) == 3
    assert [line.split()[0] for line in lines[1:]] == [ROWS[0][0], ROWS[1][0]]
    assert "succeeded" in lines[1]
    if width >= 60:
        assert max(map(len, lines)) <= width


def test_what_is_left_out_is_said(terminal):
    lines, err = terminal(60, NO_COLOR="1")
    assert lines[0].split() == ["run", "pipeline", "state", "ran"]
    assert "cached, since, made" in err
    assert terminal(200)[1] == ""


def test_prose_is_shortened_before_anything_is_left_out(terminal):
    rows = [["model/delay@3", "refused", "not certainly better " * 6]]
    lines, err = terminal(60, ("release", "state", "reason"), rows, NO_COLOR="1")
    assert lines[1].endswith("…")
    assert (len(lines[1]), err) == (59, "")


def test_a_reference_is_never_cut_in_two():
    assert cut("model/delay@3 dataset/flights@2", 20) == "model/delay@3…"
    assert cut("dataset/flights@2 and more", 10) == "…"
    assert cut("some longer words", 10) == "some long…"


def test_times_are_local_and_the_zone_is_said_once(terminal):
    lines, _ = terminal(200)
    assert "since (JST)" in lines[0]
    assert "2026-11-29 03:07:45" in lines[1]
    assert "JST" not in lines[1]


def test_times_of_two_zones_each_say_their_own(terminal):
    summer = AT.replace(month=7)
    lines, _ = terminal(200, ("at",), [[AT], [summer]], zone="Europe/Berlin", NO_COLOR="1")
    assert [line.split()[-1] for line in lines] == ["at", "CET", "CEST"]


def test_states_have_colours_unless_the_reader_wants_none(terminal):
    assert "\x1b[32msucceeded\x1b[0m" in terminal(200)[0][1]
    assert "\x1b[31mfailed\x1b[0m" in terminal(200)[0][2]
    assert "\x1b" not in "".join(terminal(200, NO_COLOR="1")[0])
    assert "\x1b" not in "".join(terminal(200, TERM="dumb")[0])


def test_numbers_stand_under_each_other_and_wide_letters_count_twice(terminal):
    rows = [["需要予測", 5, "x"], ["a", 1200, "y"]]
    lines, _ = terminal(80, ("name", "rows", "z"), rows, NO_COLOR="1")
    assert lines == ["name      rows  z", "需要予測     5  x", "a         1200  y"]
    assert (width_of("需要"), width_of("e\u0301"), cut("需要予測", 5)) == (4, 1, "需要…")


def test_nothing_in_a_cell_can_steer_the_terminal(terminal, capsys):
    lines, _ = terminal(80, ("name",), [["a\x1b[2Jb\nc"]], NO_COLOR="1")
    assert lines == ["name", "a [2Jb c"]


def test_in_a_pipe_rows_are_separated_by_tabs_and_lines_alone(capsys):
    print_table(("a", "b"), [["x\ty", 1.23456], [None, "two\nlines"]])
    assert capsys.readouterr().out == "a\tb\nx y\t1.235\n\ttwo lines\n"


def test_values_of_somebodys_data_are_not_rounded(capsys):
    print_table(("a", "b", "c"), [list(map(exact, [5968.53, None, 24645282.98]))])
    assert capsys.readouterr().out == "a\tb\tc\n5968.53\t\t24645282.98\n"


LISTS = [
    "backfill list",
    "budget list",
    "business-metric list",
    "card list",
    "collection list",
    "data list",
    "endpoint list",
    "events",
    "experiments list",
    "features list",
    "model list",
    "grant list",
    "group list",
    "hold list",
    "key list",
    "monitor list",
    "notification list",
    "pipeline list",
    "policy list",
    "pool list",
    "quarantine list",
    "runs list",
    "runs list --tracked",
    "runs questions",
    "sweep list",
    "token list",
    "trigger list",
    "trigger history",
    "checklist list",
    "waiver list",
    "webhook list",
]


@pytest.mark.parametrize("words", LISTS)
def test_an_empty_list_says_so_and_what_begins_it(words, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MEGURU_WORKSPACE", raising=False)

    def call(line):
        monkeypatch.setattr(sys, "argv", ["meguru", *line.split()])
        assert run(root) == 0
        return capsys.readouterr()

    call("init")
    shown = call(words)
    assert shown.out == ""
    assert shown.err.startswith("none yet: ")
    shown = call(f"{words} --json")
    assert (json.loads(shown.out)["items"], shown.err) == ([], "")


def test_every_command_that_lists_is_in_the_list_above():
    names = set()
    context = click.Context(root)
    for name in root.list_commands(context):
        group = root.get_command(context, name)
        if isinstance(group, click.Group) and "list" in group.commands:
            arguments = [each for each in group.commands["list"].params if isinstance(each, click.Argument)]
            names |= set() if arguments else {f"{name} list"}
    # That nothing needs a person, or went wrong, is said in other words.
    others = {
        "principal list",
        "project list",
        "role list",
        "component list",
        "alert list",
        "incident list",
        "inbox list",
    }
    assert names - set(LISTS) <= others


def test_a_list_that_is_cut_off_says_so_unless_its_caller_chose_where(capsys):
    page = Page(items=[1, 2], next_cursor="b")

    @click.command()
    @click.option("--limit", default=2)
    def limited(limit):
        Session(None, as_json=False).table(page, ("number",), [(1,), (2,)])

    @click.command()
    def whole():
        Session(None, as_json=False).table(page, ("number",), [(1,), (2,)])

    limited.main([], standalone_mode=False)
    assert capsys.readouterr().err == ""
    whole.main([], standalone_mode=False)
    assert capsys.readouterr().err == "only the first 2 are listed\n"
