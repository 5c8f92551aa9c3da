"""The command line speaks the reader's language; what programs read stays as it is."""

from __future__ import annotations

import json
import sys

import pytest

from meguru.cli.errors import run
from meguru.cli.root import root
from meguru.cli.text import cut, gettext, width_of, wrap


@pytest.fixture
def meguru(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MEGURU_WORKSPACE", raising=False)
    monkeypatch.setenv("MEGURU_LANG", "ja")

    def call(line):
        monkeypatch.setattr(sys, "argv", ["meguru", *line.split()])
        code = run(root)
        caught = capsys.readouterr()
        return code, caught.out, caught.err

    return call


def test_help_is_there_in_japanese_and_fits_into_the_terminal(meguru, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for line in ("--help", "runs --help", "doctor --help", "trigger create --help"):
        _, out, _ = meguru(line)
        assert "使い方: meguru" in out
        assert "Options" not in out
        assert max(width_of(each) for each in out.splitlines() if not each.startswith("  meguru")) <= 80


def test_the_language_comes_from_the_locale_too(meguru, monkeypatch):
    monkeypatch.delenv("MEGURU_LANG")
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    assert "使い方" in meguru("--help")[1]
    monkeypatch.setenv("MEGURU_LANG", "en")
    assert "Usage" in meguru("--help")[1]


def test_errors_have_japanese_labels_and_fixed_texts(meguru):
    _, _, err = meguru("serve")
    assert err == "MG-101 'serve' というコマンドはありません\n  場所 meguru\n  対処 meguru up\n"
    assert "原因" in meguru("explain MG-110")[1]


def test_lists_say_in_japanese_that_they_are_empty(meguru):
    meguru("init")
    assert meguru("model list")[2].startswith("まだありません: meguru run")
    assert meguru("status")[1].startswith("稼働中のものはありません; ")


def test_what_programs_read_stays_english(meguru, monkeypatch):
    meguru("init")
    meguru("pool set gpu 2")
    assert meguru("pool list")[1].splitlines()[0] == "pool\tslots\ttaken\tby"
    assert json.loads(meguru("pool list --json")[1])["items"][0]["name"] == "gpu"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    assert meguru("pool list")[1].splitlines()[0].split() == ["プール", "枠", "使用中"]


def test_one_word_with_two_meanings_has_two_translations(meguru):
    assert (gettext("at"), gettext("at", context="error")) == ("時刻", "場所")
    assert gettext("no such text", context="error") == "no such text"


@pytest.mark.parametrize("width", [10, 20, 40])
def test_lines_are_broken_by_what_letters_take(width):
    text = "段階の出力から探します。 --json では meguru runs を、すべて表示します。"
    lines = wrap(text, width)
    assert max(map(width_of, lines)) <= width + 2  # a full stop may hang over the end
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert not any(line[0] in "、。" for line in lines)


def test_a_reference_is_not_cut_in_two():
    assert cut("需要予測 model/delay@3", 14) == "需要予測…"
