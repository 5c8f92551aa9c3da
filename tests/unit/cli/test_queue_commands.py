"""Commands of pools, backfills and schedules, as a person types them."""

from __future__ import annotations

import json
import sys
from textwrap import dedent

import pytest

from meguru.cli.errors import run
from meguru.cli.root import root

DAILY = """
    from datetime import date
    from meguru import pipeline, step

    @step(isolation="thread")
    def load(day: date) -> int:
        if day.day == 13:
            raise RuntimeError("bad luck")
        return day.day

    @pipeline
    def daily(day: date, region: str = "eu"):
        return load(day)
"""


@pytest.fixture
def meguru(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MEGURU_WORKSPACE", raising=False)
    (tmp_path / "daily.py").write_text(dedent(DAILY))

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["meguru", *words])
        code = run(root)
        caught = capsys.readouterr()
        return code, caught.out, caught.err

    return call


def answer(called):
    code, out, err = called
    assert code in {0, 1}, err
    return json.loads(out)


def test_pools_are_set_listed_and_taken_away(meguru):
    assert meguru("pool", "set", "gpu", "2")[1] == "pool gpu has 2 places, 0 taken\n"
    assert meguru("pool", "list")[1].splitlines()[1] == "gpu\t2\t0\t"
    assert "undo: meguru pool set gpu 2" in meguru("pool", "remove", "gpu")[1]
    code, _, err = meguru("pool", "remove", "gpu")
    assert code == 3
    assert "meguru pool set gpu SLOTS" in err


def test_a_backfill_from_the_first_command_to_the_last(meguru):
    code, out, err = meguru(
        "backfill",
        "start",
        "daily.py:daily",
        "--from",
        "2024-01-12",
        "--to",
        "2024-01-14",
        "--on-failure",
        "go-on",
    )
    assert code == 1
    assert "2/3 done, 1 failed" in out
    assert "3 partitions of daily@1" in err
    (listed,) = answer(meguru("backfill", "list", "--json"))["items"]
    shown = meguru("backfill", "show", listed["id"], "--state", "failed")[1]
    assert "bad luck" in shown
    assert "2024-01-12" not in shown
    run_id = answer(meguru("backfill", "show", listed["id"], "--json"))["partitions"]["items"][0]["run"]
    assert (
        f"started by backfill/{listed['id']}, for the partition 2024-01-12"
        in meguru("runs", "show", run_id)[1]
    )
    assert meguru("backfill", "retry", listed["id"], "2024-01-13")[0] == 1
    assert meguru("backfill", "resume", listed["id"])[0] == 6


def test_a_detached_backfill_is_paused_gone_on_with_and_cancelled(meguru):
    made = answer(
        meguru(
            "backfill", "start", "daily.py:daily", "--values", "2024-01-01,2024-01-02", "--detach", "--json"
        )
    )
    assert "is paused" in meguru("backfill", "pause", made["id"])[1]
    assert "2/2 done" in meguru("backfill", "resume", made["id"])[1]
    other = answer(
        meguru(
            "backfill", "start", "daily", "--values", "2024-01-03", "-p", "region=us", "--detach", "--json"
        )
    )
    assert other["params"] == {"region": "us"}
    assert "1 cancelled" in meguru("backfill", "cancel", other["id"])[1]


def test_a_range_that_is_none_is_refused(meguru):
    code, _, err = meguru("backfill", "start", "daily.py:daily", "--from", "2024-01-02", "--to", "2024-01-01")
    assert code == 2
    assert "2024-01-01 is before 2024-01-02" in err


def test_a_schedule_tells_its_next_moments_and_a_moment_is_made_up_for_once(meguru):
    meguru("backfill", "start", "daily.py:daily", "--values", "2024-01-01")
    on = '{"cron": "30 2 * * *", "tz": "Europe/Berlin", "catch_up": "all"}'
    do = '{"pipeline": "daily", "params": {"day": "{date}"}}'
    assert meguru("trigger", "create", "nightly", "--on", on, "--do", do)[0] == 0
    rows = meguru("trigger", "next", "nightly", "--count", "2")[1].splitlines()
    assert len(rows) == 3
    assert all("02:30" in row and "Europe/Berlin" in row for row in rows[1:])
    fired = [meguru("trigger", "fire", "nightly", "--at", "2026-03-29T00:30:00Z", "--json") for _ in range(2)]
    assert answer(fired[0]) == answer(fired[1])
    shown = answer(meguru("runs", "list", "--pipeline", "daily", "--json"))["items"][0]
    assert shown["params"]["day"] == "2026-03-29"
    assert "2026-03-29T00:30:00Z" in meguru("trigger", "show", "nightly")[1]
    assert meguru("trigger", "history", "nightly", "--missed")[1] == ""
    code, _, err = meguru("trigger", "fire", "nightly", "--at", "soon")
    assert (code, "no moment" in err) == (2, True)
