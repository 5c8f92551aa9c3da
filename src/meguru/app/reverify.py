"""Ask the live models again in another environment, before it is switched to."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from meguru.app import calls
from meguru.base.paging import MAX_PAGE
from meguru.errors import InvalidInput, MeguruError, NotFound
from meguru.registry.cache import fetch_model
from meguru.registry.recheck import Recheck
from meguru.registry.verified import check_verified

if TYPE_CHECKING:
    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace

SECONDS = 600.0
"""What one model may take."""


class ReverifiedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A version, where it is live, and what became of it in the environment."""

    ref: str
    endpoints: list[str]
    found: Recheck


def reverify(
    ws: Workspace | RemoteWorkspace, *, refs: Sequence[str] = (), python: str = sys.executable
) -> Iterator[ReverifiedModel]:
    """Ask each live version (or those of `refs`) its example and its holdout in an environment.

    Nothing is changed anywhere: each model is asked in a process of its own, of the environment's Python.

    Parameters
    ----------
    ws
        The workspace; only its files are read.
    refs
        Versions; default: those that answer at endpoints.
    python
        The environment's interpreter, see `interpreter_of`; Meguru must be installed there.
    """
    live = _live(ws)
    for ref in refs or live:
        try:
            version = check_verified(calls.model_show(ws, ref=ref))
            folder = fetch_model(ws, version.tree_digest)
        except MeguruError as error:
            why = "; ".join(filter(None, (error.what, error.why)))
            yield ReverifiedModel(
                ref=ref, endpoints=live.get(ref, []), found=Recheck(verdict="fails", why=why)
            )
            continue
        yield ReverifiedModel(
            ref=version.ref, endpoints=live.get(version.ref, []), found=_asked(python, folder)
        )


def interpreter_of(environment: str) -> str:
    """Return the Python of a virtual environment's folder, or of a program that is one.

    Raises
    ------
    NotFound
        When there is none.
    InvalidInput
        When Meguru is not installed there.
    """
    given = Path(environment).expanduser()
    places = (given, given / "bin" / "python", given / "Scripts" / "python.exe")
    program = next((str(place) for place in places if place.is_file()), None)
    if program is None:
        raise NotFound(
            f"{environment!r} is no environment",
            where=environment,
            why="it is neither a Python nor a folder with one in bin",
            hint="uv venv NEW && uv pip install --python NEW meguru",
        )
    done = _run(program, "-c", "import meguru.registry.recheck")
    if done.returncode:
        raise InvalidInput(
            f"Meguru can't be used in {environment}",
            where=environment,
            why=(done.stderr.strip().splitlines() or ["it ended without a word"])[-1][:300],
            hint=f"uv pip install --python {environment} meguru",
        )
    return program


def _live(ws: Workspace | RemoteWorkspace) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    cursor = ""
    while True:
        page = calls.endpoint_list(ws, cursor=cursor, limit=MAX_PAGE)
        for each in page.items:
            if each.live is not None:
                found.setdefault(each.live.model_ref, []).append(f"endpoint/{each.name}")
        cursor = page.next_cursor
        if not cursor:
            return found


def _asked(python: str, folder: Path) -> Recheck:
    try:
        done = _run(python, "-m", "meguru.registry.recheck", str(folder))
        return msgspec.json.decode(done.stdout.strip().splitlines()[-1], type=Recheck)
    except subprocess.TimeoutExpired:
        return Recheck(verdict="fails", why=f"it was not done after {SECONDS:g} s")
    except (IndexError, msgspec.MsgspecError):
        last = (done.stderr.strip().splitlines() or [f"its process ended with {done.returncode}"])[-1]
        return Recheck(verdict="fails", why=last[:500])


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
