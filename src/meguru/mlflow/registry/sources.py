"""Where a version's files are, and whether Meguru can vouch for them."""

from __future__ import annotations

import re
from urllib.parse import unquote

import msgspec
from sqlalchemy import Connection

from meguru.artifacts import trees
from meguru.artifacts.provenance import proved_sources
from meguru.artifacts.trees import TreeEntry
from meguru.base import refs
from meguru.base.names import check_full_name, normal
from meguru.errors import Busy, IntegrityError, MeguruError
from meguru.kernel.workspace import Workspace
from meguru.mlflow.artifacts import proxy_paths
from meguru.mlflow.artifacts.names import canonical_path
from meguru.mlflow.artifacts.proxy_paths import SCHEME, ProxyPath
from meguru.mlflow.logged_models.store import folder, held
from meguru.mlflow.protocol.errors import invalid
from meguru.mlflow.registry.answers import held_version, number_of
from meguru.mlflow.registry.origins import check_source
from meguru.registry import aliases
from meguru.registry.facts import ModelFacts, facts_of

_OF_LOGGED = re.compile(r"models:/(m-[0-9a-z]+)/?")
_OF_VERSION = re.compile(r"models:/([^/@]+)(?:/(\d+)|@([\w-]+))/?")
_OF_RUN = re.compile(r"runs:/([^/]+)(?:/(.*))?")
_OF_PROXY = re.compile(r"mlflow-artifacts:/(?:/[^/]*/)?/*(.*)")


class VersionSource(msgspec.Struct, frozen=True, kw_only=True):
    """What a client says a version is made from."""

    source: str
    run: str = ""
    logged_model: str = ""


class SourceVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """Where the files can be fetched, and the facts of the folder; without facts, the reason for that."""

    storage: str
    facts: ModelFacts | None = None
    reason: str = ""
    used: list[str] = []
    """References of the run (first) and the logged model that it comes from."""
    claimed: list[str] = []
    """Those of them that the client only said: the files do not come from there."""


def completed(
    tx: Connection, given: VersionSource, *, project: str, is_prompt: bool = False
) -> VersionSource:
    """Return a source that may be used, with the run and the logged model that it comes from.

    A version of another model passes its own on, and what its alias means now is written down.
    """
    if is_prompt:
        if not re.fullmatch(r"[\w-]+", given.source):
            raise invalid(f"Invalid prompt source: '{given.source[:300]}'. Use one of MLflow's placeholders.")
        return given
    found = _OF_VERSION.fullmatch(given.source)
    if found is None or found[1].startswith("m-"):
        identity = given.logged_model or (found[1] if (found := _OF_LOGGED.fullmatch(given.source)) else "")
        check_source(tx, given.source, run=given.run, model=identity, project=project)
        if not identity:
            return given
        model = held(tx, identity, project)
        return msgspec.structs.replace(given, run=given.run or model.run, logged_model=identity)
    name = refs.within(project, normal(unquote(found[1])))
    number = number_of(found[2]) if found[2] else aliases.version_of(tx, name, found[3])
    version = held_version(tx, name, number or 0)
    for said, true in ((given.run, version.run), (given.logged_model, version.logged_model)):
        if said and said != true:
            raise invalid(
                f"Invalid model version source: '{given.source[:300]}'. The run_id and model_id request "
                "parameters must match the referenced model version."
            )
    return VersionSource(
        source=f"models:/{found[1]}/{number}", run=version.run, logged_model=version.logged_model
    )


def verify(ws: Workspace, name: str, given: VersionSource, *, is_prompt: bool = False) -> SourceVerdict:
    """Find the folder of a new version and load it, safely; not within a transaction.

    A folder that is elsewhere, that our policy refuses, or that is no model of ours, has a reason and no
    facts: it is registered for MLflow's clients all the same.
    """
    with ws.read() as tx:
        storage, place = _locate(tx, given.source, ws.home)
        used = _origins(tx, given, ws.home)
        claimed = _claims(tx, given, place, used, ws.home)
        if is_prompt:
            return SourceVerdict(
                storage=storage, reason="it is a prompt, and no model", used=used, claimed=claimed
            )
        files = proxy_paths.files(tx, ws.blobs, place) if place else []
    if not files or place is None:
        why = (
            "its files are not kept in this workspace" if place is None else "its folder holds no files here"
        )
        return SourceVerdict(storage=storage, reason=why, used=used, claimed=claimed)
    try:
        check_full_name("model", name)
        tree = trees.put_entries(ws.blobs, [_relative(entry, place.path) for entry in files])
        return SourceVerdict(storage=storage, facts=facts_of(ws, tree, load=True), used=used, claimed=claimed)
    except (Busy, IntegrityError):
        raise  # a trouble of ours says nothing of the model: the client asks again
    except MeguruError as error:
        return SourceVerdict(
            storage=storage,
            reason="; ".join(filter(None, (error.what, error.why, error.hint and f"try: {error.hint}"))),
            used=used,
            claimed=claimed,
        )


def _locate(tx: Connection, source: str, project: str) -> tuple[str, ProxyPath | None]:
    if found := _OF_LOGGED.fullmatch(source):
        path = folder(held(tx, found[1], project))
        return SCHEME + path, proxy_paths.place_of(tx, path, project)
    if found := _OF_VERSION.fullmatch(source):
        name = refs.within(project, normal(unquote(found[1])))
        number = number_of(found[2]) if found[2] else aliases.version_of(tx, name, found[3])
        version = held_version(tx, name, number or 0)
        return version.storage, _locate(tx, version.storage, project)[1]
    if found := _OF_RUN.fullmatch(source):
        path = (found[2] or "").strip("/")
        return source, ProxyPath(
            kind="run",
            owner=proxy_paths.run_named(tx, found[1], project),
            path=canonical_path(path) if path else "",
        )
    if found := _OF_PROXY.fullmatch(source):
        return source, proxy_paths.place_of(tx, found[1].strip("/"), project)
    return source, None


def _origins(tx: Connection, given: VersionSource, project: str) -> list[str]:
    run = proxy_paths.run_named(tx, given.run, project)
    model = given.logged_model
    return [*([refs.make("run", run)] if run else []), *([refs.make("logged_model", model)] if model else [])]


def _claims(
    tx: Connection, given: VersionSource, place: ProxyPath | None, used: list[str], project: str
) -> list[str]:
    """Return which origins nothing proves: neither the files nor what the source names come from them."""
    proved = {refs.make("run", place.owner)} if place and place.kind == "run" else set()
    through = ""
    if found := _OF_LOGGED.fullmatch(given.source):
        through = refs.make("logged_model", found[1])
    elif (found := _OF_VERSION.fullmatch(given.source)) and found[2]:
        through = refs.make("model", refs.within(project, normal(unquote(found[1]))), number_of(found[2]))
    elif given.logged_model and place and place.kind == "stored":
        own = folder(held(tx, given.logged_model, project))
        is_within = place.path == own or place.path.startswith(f"{own}/")
        through = refs.make("logged_model", given.logged_model) if is_within else ""
    if through:
        proved |= {through, *proved_sources(tx, through)}
    return [ref for ref in used if ref not in proved]


def _relative(entry: TreeEntry, folder: str) -> TreeEntry:
    return msgspec.structs.replace(entry, path=entry.path.removeprefix(f"{folder}/"))
