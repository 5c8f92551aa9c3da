"""The command line starts without loading what it does not need."""

import subprocess
import sys

import pytest

HEAVY = (
    "sqlalchemy",
    "numpy",
    "polars",
    "sklearn",
    "scipy",
    "httpx2",
    "starlette",
    "uvicorn",
    "rich",
    "alembic",
    "msgspec",
)


def loaded_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", code + "\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.split(".")[0] for name in done.stdout.split()}


def test_importing_meguru_loads_no_library_at_all():
    assert not loaded_by("import meguru") & {*HEAVY, "click"}


def test_help_loads_no_heavy_library():
    code = (
        "from click.testing import CliRunner\n"
        "from meguru.cli.root import root\n"
        "assert CliRunner().invoke(root, ['--help']).exit_code == 0"
    )
    assert not loaded_by(code) & set(HEAVY)


SERVE = """
import os, signal, sys
from meguru.base.settings import load_settings
from meguru.server.up import serve

def ready(url):
    print(*sys.modules)
    os.kill(os.getpid(), signal.SIGTERM)

serve(load_settings(workspace=sys.argv[1]), port=0, ready=ready)
"""
ANSWERING = ("meguru.console.pages.", "meguru.mlflow.protocol", "meguru.mlflow.tracking", "meguru.api.feast.")
"""What answers requests, and is imported by the first."""
MOST = 800
"""Modules of ours in a server that nobody has asked anything: 700 of 2,500, in November 2026."""


def test_a_server_starts_with_what_it_needs_before_its_first_request(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SERVE, str(tmp_path / "ws")], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    libraries = {"numpy", "polars", "scipy", "sklearn", "pandas", "httpx2", "jinja2", "yaml"}
    assert not {name.partition(".")[0] for name in loaded} & libraries
    assert not [name for name in loaded if name.startswith(ANSWERING)]
    assert len([name for name in loaded if name.startswith("meguru.")]) < MOST


def test_every_public_name_loads():
    import meguru

    for name in meguru.__all__:
        assert getattr(meguru, name) is not None
    with pytest.raises(AttributeError):
        _ = meguru.nothing
