"""A plain script as a tracked run: its arguments, its output and its exit code are its own."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from textwrap import dedent

import pytest

from meguru.app.scripts.printed import read_output
from meguru.app.scripts.run import params_of, run_script, without_secrets
from meguru.tracking.run_ids import to_hex
from meguru.tracking.show import list_runs, metric, show

SCRIPT = """
    import argparse, sys, time
    import meguru

    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--code", type=int, default=0)
    given = parser.parse_args()
    for epoch in range(given.epochs):
        print("epoch", epoch)
        meguru.log(loss=1 / (epoch + 1), step=epoch * 10)
    print("careful", sys.stdout.isatty(), file=sys.stderr)
    if given.code == 1:
        raise ValueError("too bad")
    sys.exit(given.code)
"""


@pytest.fixture
def script(tmp_path, workspace):
    path = tmp_path / "train.py"
    path.write_text(dedent(SCRIPT))
    (tmp_path / "out").touch()

    def run(*arguments, out=None):
        with (tmp_path / "out").open("w") as printed, (tmp_path / "err").open("w") as error:
            target = printed.fileno() if out is None else out
            return run_script(
                path, arguments, workspace=str(workspace.root), out=target, error=error.fileno()
            )

    return run


def test_a_script_is_a_run_with_its_arguments_its_metrics_and_its_output(script, workspace, tmp_path):
    found = script("--epochs", "3")
    assert (found.code, found.run.state) == (0, "succeeded")
    run = show(workspace, run=found.run.id)
    assert (run.name, run.params) == ("train", {"epochs": "3"})
    assert run.tags["meguru.command"].endswith("train.py --epochs 3")
    assert run.tags["mlflow.source.name"] == str(tmp_path / "train.py")
    assert run.tags["exit_code"] == "0"
    points = metric(workspace, run=run.id, key="loss").items
    assert [(point.step, point.value) for point in points] == [(0, 1.0), (10, 0.5), (20, 1 / 3)]
    assert (tmp_path / "out").read_text() == "epoch 0\nepoch 1\nepoch 2\n"
    assert (tmp_path / "err").read_text() == "careful False\n"
    lines = read_output(workspace, run.ref).lines
    assert sorted((line.stream, line.text) for line in lines) == [
        ("err", "careful False"),
        ("out", "epoch 0"),
        ("out", "epoch 1"),
        ("out", "epoch 2"),
    ]
    assert [line.text for line in read_output(workspace, run.id, grep="careful").lines] == ["careful False"]


def test_the_exit_code_is_the_scripts_and_a_failed_run_says_why(script, workspace):
    assert script("--epochs", "0", "--code", "7").code == 7
    failed = script("--epochs", "0", "--code", "1")
    assert (failed.code, failed.run.state) == (1, "failed")
    error = show(workspace, run=failed.run.id).error
    assert "ValueError: too bad" in error
    assert error.endswith("its exit code was 1")


def test_what_is_a_terminal_for_us_is_one_for_the_script(tmp_path, workspace):
    (tmp_path / "tell.py").write_text("import sys; print(sys.stdout.isatty(), sys.stderr.isatty())")
    ours, theirs = pty.openpty()
    with (tmp_path / "err").open("w") as error:
        run_script(tmp_path / "tell.py", workspace=str(workspace.root), out=theirs, error=error.fileno())
    assert os.read(ours, 100) == b"True False\r\n"
    for end in (ours, theirs):
        os.close(end)


def test_a_run_of_the_scripts_own_knows_the_scripts_run(tmp_path, workspace):
    (tmp_path / "own.py").write_text("import meguru\nwith meguru.run('inner') as r: r.log(a=1)")
    found = run_script(tmp_path / "own.py", workspace=str(workspace.root))
    assert found.code == 0
    inner = next(run for run in list_runs(workspace).items if run.name == "inner")
    assert inner.tags["meguru.parent"] == found.run.ref
    assert inner.tags["mlflow.parentRunId"] == to_hex(found.run.id)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["--epochs", "3", "--fast"], {"epochs": "3", "fast": "true"}),
        (["--lr=0.1", "in.csv", "--fast", "--size", "-1"], {"lr": "0.1", "fast": "true", "size": "-1"}),
        (["-v", "in.csv"], {}),
    ],
)
def test_long_options_are_the_params(given, expected):
    assert params_of(given) == expected


def test_an_interrupt_goes_to_the_script_and_the_run_is_cancelled(tmp_path, workspace):
    (tmp_path / "wait.py").write_text(
        dedent("""
        import pathlib, time
        try:
            pathlib.Path("begun").touch()
            time.sleep(60)
        except KeyboardInterrupt:
            print("tidied up")
            raise
        """)
    )
    command = [sys.executable, "-m", "meguru", "run", "wait.py", "-w", str(workspace.root), "--json"]
    # Whoever starts the tests in the background of a shell leaves SIGINT ignored, and children inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            command, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        until = time.monotonic() + 60
        while not (tmp_path / "begun").exists() and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert b"tidied up" in error
    assert b'"state":"cancelled"' in out


def test_what_a_command_line_hides_is_no_param_either(monkeypatch):
    monkeypatch.setenv("SHOP_TOKEN", "tok-12345678")
    given = params_of(["--api-key", "abc", "--password=x", "--lr", "0.1", "--note", "with tok-12345678"])
    assert without_secrets(given) == {"api-key": "***", "password": "***", "lr": "0.1", "note": "with ***"}


def test_tokenizers_and_numbers_of_tokens_are_params_of_a_language_model():
    given = params_of(
        ["--max-tokens", "4_096", "--tokenizer=byte-bpe", "--token_dropout", "1e-2", "--pad_token_id=0"]
    )
    assert without_secrets(given) == given
    secret = params_of(["--hf-token", "123456", "--api-tokens=a,b", "--token_secret", "7", "--token", "abc"])
    assert set(without_secrets(secret).values()) == {"***"}
