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


def test_a_server_starts_without_the_libraries_of_a_few_operations(tmp_path):
    code = (
        "from meguru.app.open import open_local\n"
        "from meguru.server.asgi import build\n"
        f"with open_local({str(tmp_path / 'ws')!r}, create=True) as ws:\n"
        "    build(ws)"
    )
    assert not loaded_by(code) & {"scipy", "sklearn", "pandas", "httpx2"}


def test_every_public_name_loads():
    import meguru

    for name in meguru.__all__:
        assert getattr(meguru, name) is not None
    with pytest.raises(AttributeError):
        _ = meguru.nothing
