"""What a few statements that bind one name say, and what they depend on; worked out once."""

from __future__ import annotations

import ast
from typing import NamedTuple

from meguru.compute.code.files import file_names
from meguru.compute.code.module import ImportTarget, Module, import_targets
from meguru.compute.code.names import Loaded, beginning, dotted, import_by_name
from meguru.compute.code.normal import digest_of, normal, paths

_EVERYTHING = {"eval", "exec", "globals", "vars", "locals"}
_SHOWN = 60


class StatementFacts(NamedTuple):
    """What some statements say.

    `paths` are the global names read, `local` what imports in functions bind, `files` texts that may name
    a file, `loaded` modules loaded by a name, `components` names of components of installed packages.
    `whole` is True when any name of the module may be meant (``eval``, ``globals()``), `subclasses` when a
    class is asked for its subclasses, `folder` when the package's folder is looked through.
    """

    kind: str
    text: str
    digest: str
    paths: list[tuple[str, ...]]
    local: list[tuple[str, ImportTarget]]
    files: list[str]
    loaded: list[Loaded]
    components: list[str]
    whole: bool
    subclasses: bool
    folder: bool


def facts_of(module: Module, statements: list[ast.stmt]) -> StatementFacts:
    """Read statements of a module."""
    marks = module.marks()
    plain = [normal(statement, marks) for statement in statements]
    nodes = [node for statement in plain for node in ast.walk(statement)]
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    called = {dotted(node.func) for node in nodes if isinstance(node, ast.Call)}
    return StatementFacts(
        kind=_kind(plain),
        text=_value(plain),
        digest=digest_of(plain),
        paths=sorted({path for statement in plain for path in paths(statement)}),
        local=[
            item
            for node in nodes
            if isinstance(node, ast.Import | ast.ImportFrom)
            for item in import_targets(node, module.package).items()
        ],
        files=sorted({text for statement in plain for text in file_names(statement)}),
        loaded=[
            loaded
            for node in nodes
            if isinstance(node, ast.Call) and (loaded := import_by_name(node, module.package)) is not None
        ],
        components=[
            name
            for node in nodes
            if isinstance(node, ast.Call) and dotted(node.func)[-1:] == ("component",) and node.args
            for name, whole in [beginning(node.args[0])]
            if whole
        ],
        whole=any(len(chain) == 1 and chain[0] in _EVERYTHING for chain in called),
        subclasses="__subclasses__" in attributes,
        folder="__path__" in attributes | names or bool(attributes & {"iter_modules", "walk_packages"}),
    )


def _kind(statements: list[ast.stmt]) -> str:
    first = statements[0]
    if isinstance(first, ast.FunctionDef | ast.AsyncFunctionDef):
        return "function"
    if isinstance(first, ast.ClassDef):
        return "class"
    return "constant" if isinstance(first, ast.Assign | ast.AnnAssign | ast.AugAssign) else "statement"


def _value(statements: list[ast.stmt]) -> str:
    """Spell the value of a constant, for people."""
    if len(statements) != 1 or not isinstance(statements[0], ast.Assign | ast.AnnAssign):
        return ""
    value = statements[0].value
    text = ast.unparse(value) if value is not None else ""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
