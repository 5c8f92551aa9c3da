"""Where a proxied artifact path leads: to a run's files, to a registered version, or to stored files."""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, select

from meguru.artifacts.trees import TreeEntry, read_tree
from meguru.base import refs
from meguru.kernel.projects.store import was_declared
from meguru.mlflow.artifacts.names import canonical_path
from meguru.mlflow.protocol.calls import not_found
from meguru.mlflow.protocol.errors import Refusal
from meguru.mlflow.schema import stored_file
from meguru.mlflow.tracking.answers import artifact_root
from meguru.registry.schema import model_version
from meguru.storage.blobs import BlobStore
from meguru.storage.db.raw import RawSql
from meguru.storage.statements import marks
from meguru.tracking.experiments.store import key_of
from meguru.tracking.run_ids import from_hex, to_hex
from meguru.tracking.schema import run_artifact

SCHEME = "mlflow-artifacts:/"
VERSIONS = "model-versions"
"""The proxy's read-only folder of registered versions: ``model-versions/NAME/NUMBER/…``."""


class ProxyPath(msgspec.Struct, frozen=True, kw_only=True):
    """A file or folder of the proxy: the path below its `owner`, which is a run, a version or nothing.

    `asked` is the path as somebody spelt it who asks for it: our own clients may have kept a file so.
    """

    kind: Literal["run", "version", "stored"]
    path: str
    owner: str = ""
    version: int = 0
    asked: str = ""

    def below(self, path: str) -> ProxyPath:
        """Return a place within this one."""
        return msgspec.structs.replace(self, path="/".join(part for part in (self.path, path) if part))


class ProxyEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder holds directly: a file, or a folder (which has no size)."""

    path: str
    is_dir: bool
    size: int = 0


PROJECTS = "projects"
"""Where the stored files of a project are that belong to no experiment: below ``projects/NAME``."""
_EXPERIMENT_OF = (
    "SELECT e.id, e.artifact_location FROM run r JOIN mlflow_experiment e ON e.experiment = r.experiment "
    "WHERE r.id = ?"
)


def place_of(tx: Connection, path: str, project: str) -> ProxyPath:
    """Return the place that a proxied path names in a project; an empty path is the root of the stored files.

    Raises
    ------
    Refusal
        If the path does not stay where it belongs, or leads to what is of another project.
    """
    kept = canonical_path(path) if path else ""
    parts, spelt = kept.split("/"), path.split("/")
    if len(parts) >= 3 and parts[0] == VERSIONS and parts[2].isdecimal() and len(parts[2]) <= 9:
        return ProxyPath(
            kind="version",
            owner=refs.within(project, parts[1]),
            version=int(parts[2]),
            path="/".join(parts[3:]),
        )
    # A run's folder is found by its id wherever it lies: experiments may have any artifact location.
    for index, name in enumerate(parts[:-1]):
        if parts[index + 1] == "artifacts" and (known := _run(tx, name)):
            if refs.project_of(known[1]) != project:
                raise not_found(f"No artifact at {path[:200]}")
            asked = spelt[index + 2 :] if spelt[: index + 2] == parts[: index + 2] else []
            return ProxyPath(
                kind="run", owner=known[0], path="/".join(parts[index + 2 :]), asked="/".join(asked)
            )
    if kept and not is_here(tx, kept, project):
        raise not_found(f"No artifact at {path[:200]}")
    if not project or _project_of_number(tx, parts[0]) == project:
        return ProxyPath(kind="stored", path=kept, asked=path)
    return ProxyPath(kind="stored", path=_below(project, kept), asked=_below(project, path))


def loose(project: str) -> str:
    """Return the folder of a project's stored files that belong to no experiment."""
    return f"{PROJECTS}/{project}" if project else ""


def is_here(tx: Connection, path: str, project: str) -> bool:
    """Tell whether stored files at a path may be a project's: they are not another's."""
    first, _, rest = path.partition("/")
    owner = _project_of_number(tx, first)
    if first == PROJECTS and not project:
        return not was_declared(tx, rest.partition("/")[0])  # without a name: as soon as there is any
    return owner is None or owner == project


def run_named(tx: Connection, identity: str, project: str) -> str:
    """Return our id of a project's run, for MLflow's id or ours; empty when there is no such run."""
    found = _run(tx, identity)
    return found[0] if found and refs.project_of(found[1]) == project else ""


def _run(tx: Connection, identity: str) -> tuple[str, str] | None:
    """Return the id of a run and the key of its experiment."""
    row = RawSql(tx).execute("SELECT id, experiment FROM run WHERE id = ?", (from_hex(identity),)).fetchone()
    return (row[0], row[1]) if row else None


def _project_of_number(tx: Connection, number: str) -> str | None:
    key = key_of(tx, number)
    return refs.project_of(key) if key else None


def _below(project: str, path: str) -> str:
    return f"{loose(project)}/{path}" if path else loose(project)


def root_of_run(tx: Connection, identity: str, project: str) -> str:
    """Return the address of a run's files; empty when there is no such run in the project."""
    known = run_named(tx, identity, project)
    if not known:
        return ""
    row = RawSql(tx).execute(_EXPERIMENT_OF, (known,)).fetchone()
    number, location = row or (0, "")
    return artifact_root(location, number, to_hex(known))


def files(tx: Connection, blobs: BlobStore, place: ProxyPath) -> list[TreeEntry]:
    """Return the files at and below a place, by path; their paths are the owner's."""
    if place.kind == "version":
        mine = (model_version.c.name == place.owner) & (model_version.c.version == place.version)
        tree = tx.execute(select(model_version.c.tree_digest).where(mine)).scalar()
        found = read_tree(blobs, tree) if tree else []
        within = (place.path, f"{place.path}/")
        return [
            entry
            for entry in found
            if not place.path or entry.path == within[0] or entry.path.startswith(within[1])
        ]
    table = run_artifact if place.kind == "run" else stored_file
    query = select(table.c.path, table.c.digest, table.c.size).where(_within(place)).order_by(table.c.path)
    return [TreeEntry(path=row.path, digest=row.digest, size=row.size) for row in tx.execute(query)]


def file(tx: Connection, blobs: BlobStore, place: ProxyPath) -> TreeEntry | None:
    """Return the file at exactly this place; None when there is none."""
    if place.kind == "version":
        return next((entry for entry in files(tx, blobs, place) if entry.path == place.path), None)
    # By the driver's own statements, here and in `put`: a thousand small files go through them.
    where, values = ("run = ? AND path = ?", (place.owner, place.path))
    if place.kind == "stored":
        where, values = "path = ?", (place.path,)  # type: ignore[assignment]
    sql = f"SELECT digest, size FROM {_table(place)} WHERE {where}"  # noqa: S608 - names of ours
    row = RawSql(tx).execute(sql, values).fetchone()
    return TreeEntry(path=place.path, digest=row[0], size=row[1]) if row else None


def file_asked_for(tx: Connection, blobs: BlobStore, place: ProxyPath) -> TreeEntry | None:
    """Return the file that somebody asks for, also one that is kept in another spelling of its name.

    Our own clients keep a name as it is: `a%25b` of theirs is found as it is spelt, and, where there is no
    other, as `a%b`, which is what a client of MLflow makes of it.
    """
    for path in dict.fromkeys((place.asked, place.path)):
        if (
            path
            and "\0" not in path
            and (entry := file(tx, blobs, msgspec.structs.replace(place, path=path)))
        ):
            return entry
    if place.kind != "run":
        return None
    encoded = (run_artifact.c.run == place.owner) & run_artifact.c.path.contains("%", autoescape=True)
    query = select(run_artifact.c.path, run_artifact.c.digest, run_artifact.c.size).where(encoded)
    same = (
        row for row in tx.execute(query.order_by(run_artifact.c.path)) if _is_spelling(row.path, place.path)
    )
    row = next(same, None)
    return TreeEntry(path=row.path, digest=row.digest, size=row.size) if row else None


def _is_spelling(path: str, kept: str) -> bool:
    try:
        return canonical_path(path) == kept
    except Refusal:
        return False


def children(tx: Connection, blobs: BlobStore, place: ProxyPath) -> list[ProxyEntry]:
    """Return what a folder holds directly, by path (which is the owner's); nothing for a file."""
    start = f"{place.path}/" if place.path else ""
    entries: dict[str, ProxyEntry] = {}
    for entry in files(tx, blobs, place):
        if not entry.path.startswith(start):
            continue
        name, deeper, _ = entry.path[len(start) :].partition("/")
        size = 0 if deeper else entry.size
        entries.setdefault(name, ProxyEntry(path=start + name, is_dir=bool(deeper), size=size))
    return [entries[name] for name in sorted(entries)]


def put(tx: Connection, place: ProxyPath, digest: str, size: int) -> None:
    """Keep a file at a place, over the one that was there."""
    owner = {"run": place.owner} if place.kind == "run" else {}
    columns = {**owner, "path": place.path, "digest": digest, "size": size}
    RawSql(tx).execute(
        f"INSERT INTO {_table(place)} ({', '.join(columns)}) VALUES ({marks(len(columns))}) "  # noqa: S608
        f"ON CONFLICT ({', '.join((*owner, 'path'))}) DO UPDATE SET digest = excluded.digest, "
        "size = excluded.size",
        tuple(columns.values()),
    )


def remove(tx: Connection, place: ProxyPath) -> int:
    """Forget the files at and below a place; return how many there were."""
    table = run_artifact if place.kind == "run" else stored_file
    return tx.execute(delete(table).where(_within(place))).rowcount


def _table(place: ProxyPath) -> str:
    return "run_artifact" if place.kind == "run" else "stored_file"


def _owned(place: ProxyPath) -> ColumnElement[bool]:
    if place.kind == "run":
        return run_artifact.c.run == place.owner
    return stored_file.c.path != ""


def _within(place: ProxyPath) -> ColumnElement[bool]:
    table = run_artifact if place.kind == "run" else stored_file
    if not place.path:
        return _owned(place)
    below = table.c.path.startswith(f"{place.path}/", autoescape=True)
    return _owned(place) & ((table.c.path == place.path) | below)
