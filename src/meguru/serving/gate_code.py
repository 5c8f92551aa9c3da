"""The code of the project that gates run: read where it is written, and kept in the gate's declaration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from meguru.errors import InvalidInput, NotFound

MAX_CHARACTERS, MAX_FILES = 200_000, 50
_HINT = "checks.py:gender_does_not_matter"


def prepare(root: Path, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    """Return what a project file says of an endpoint, with the code of its gates; see `Kind.prepare`."""
    del name
    gates = spec.get("gates")
    return spec | {"gates": with_code(root, gates)} if isinstance(gates, list) else spec


def with_code(root: Path, gates: Sequence[Any]) -> list[Any]:
    """Return gates with the code that their tests reach in a folder; nothing of it is run.

    Raises
    ------
    InvalidInput
        When there is no such file or function, or the code is too large.
    """
    return [
        {**gate, **_code(root, gate["test"], f"gates[{place}].test")}
        if isinstance(gate, dict) and isinstance(gate.get("test"), str) and not gate.get("code")
        else gate
        for place, gate in enumerate(gates)
    ]


def _code(root: Path, test: str, field: str) -> dict[str, Any]:
    """Return a test's code by file, and the test: of a file in a folder as it is imported from there."""
    from meguru.compute.code import ProjectSources, code_of

    file, _, function = _split(test, field)
    path = root / file
    if not path.resolve().is_relative_to(root.resolve()) or not path.is_file():
        raise InvalidInput(f"there is no file {file!r}", why=f"in {root}", hint=_HINT, field=field)
    project = ProjectSources(path)
    known = project.module(project.entry_module)
    names = sorted([*known.bindings, *known.imports]) if known else []
    if function not in names:
        error = NotFound.of(f"function in {file}", function, names)
        raise InvalidInput(error.what, why=error.why, hint=error.hint, field=field)
    code_of(project, f"{project.entry_module}:{function}")
    texts = {module.source.path: module.path.read_text("utf-8") for module in project.modules().values()}
    _check_size(texts, field)
    entry = known.source.path if known else file
    return {"test": test if entry == file else f"{entry}:{function}", "code": dict(sorted(texts.items()))}


def check_gate_code(test: str, code: dict[str, str]) -> None:
    """Refuse a test that names no function, or whose code did not come along, is too large, or leads out."""
    file, _, _ = _split(test, "test")
    if file not in code:
        raise InvalidInput(
            f"the code of {test} did not come along",
            field="code",
            hint="declare it with meguru apply, or meguru endpoint create in the project's folder",
        )
    for path in code:
        # These become paths below a folder on whoever runs the gate: nothing may lead out of it.
        parts = PurePosixPath(path).parts
        if not path.endswith(".py") or path.startswith("/") or ".." in parts or "\\" in path or "\0" in path:
            raise InvalidInput(f"{path[:200]!r} is no file of a project", field="code")
        if not all(part.removesuffix(".py").isidentifier() for part in parts):
            raise InvalidInput(f"{path[:200]!r} is no module", field="code")
    _check_size(code, "code")


def _split(test: str, field: str) -> tuple[str, str, str]:
    file, colon, function = test.partition(":")
    if not file.endswith(".py"):
        file = file.replace(".", "/") + ".py"
    if not colon or not function.isidentifier():
        raise InvalidInput(f"{test[:200]!r} names no function", hint=_HINT, field=field)
    return file, colon, function


def _check_size(code: dict[str, str], field: str) -> None:
    size = sum(len(text) for text in code.values())
    if size > MAX_CHARACTERS or len(code) > MAX_FILES:
        why = f"it is {len(code)} files of {size:,} characters; {MAX_FILES} and {MAX_CHARACTERS:,} are taken"
        raise InvalidInput("a gate's test reaches too much code", field=field, why=why)
