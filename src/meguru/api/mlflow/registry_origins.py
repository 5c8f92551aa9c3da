"""Which sources a new version may name: only files of the run or the logged model that it says it is from."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote, unquote_plus, urlsplit

from sqlalchemy import Connection

from meguru.api.mlflow import logged_models_store
from meguru.api.mlflow.artifacts_places import SCHEME, place_of, root_of_run, run_named
from meguru.api.mlflow.errors import Refusal, invalid
from meguru.tracking.mlflow.ids import from_hex

_PROXIED = ("api", "2.0", "mlflow-artifacts", "artifacts")


def check_source(tx: Connection, source: str, *, run: str, model: str) -> None:
    """Refuse a source outside of what the version says it comes from.

    Raises
    ------
    Refusal
        For a path of some disk, a path with ``..`` however it was encoded, and files of another run or model.
    """
    owner = "model_id" if model else "run_id"
    if is_local(source):
        root = _root(tx, run, model)
        if root and is_local(root) and _local(source).startswith(f"{_local(root)}/"):
            return
        raise invalid(
            f"Invalid model version source: '{source[:300]}'. To use a local path as a model version source, "
            f"the {owner} request parameter has to be specified and the local path has to be contained "
            f"within the artifact directory of the run specified by the {owner}."
        )
    _check_plain(source)
    scheme, parts = urlsplit(source).scheme, _parts(source)
    if scheme in {"runs", "models"} and urlsplit(source).netloc:
        raise _foreign(source, owner)
    if scheme == "runs" and (model or not parts or from_hex(parts[0]) != from_hex(run)):
        raise _foreign(source, owner)
    if scheme == "models":
        if parts != (model,) or not model.startswith("m-"):
            raise _foreign(source, "model_id")
    elif _is_proxied(source) and not _is_of(tx, source, run, model):
        raise _foreign(source, owner)


def is_local(uri: str) -> bool:
    """Tell whether an address is a path of a disk."""
    parsed = urlsplit(uri)
    return parsed.scheme in {"", "file"} or len(parsed.scheme) == 1


def _root(tx: Connection, run: str, model: str) -> str:
    if model:
        return SCHEME + logged_models_store.folder(logged_models_store.held(tx, model))
    return root_of_run(tx, run) if run else ""


def _is_of(tx: Connection, source: str, run: str, model: str) -> bool:
    root = _root(tx, run, model)
    if root and _is_within(source, root):
        return True
    place = place_of(tx, "/".join(_parts(source)))
    return bool(run and not model) and place.kind == "run" and place.owner == run_named(tx, run)


def _local(uri: str) -> str:
    """Return a path with a slash at its end, without its dots: what is there is not looked at."""
    return posixpath.normpath("/" + unquote(urlsplit(uri).path).lstrip("/")) + "/"


def _check_plain(source: str) -> None:
    plain, before = source, ""
    while plain != before:
        plain, before = unquote_plus(plain), plain
    path = re.sub(r"/+", "/", urlsplit(plain).path.rstrip("/"))
    is_absolute = bool(path) and (posixpath.normpath(path) == path and path.startswith("/"))
    if "\0" in plain or "\\" in plain or ".." in plain.split("/") or not is_absolute:
        raise invalid(
            f"Invalid model version source: '{source[:300]}'. If supplying a source as an http, https, local "
            "file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided "
            "without relative path references present. Please provide an absolute path."
        )


def _is_proxied(source: str) -> bool:
    parsed, parts = urlsplit(source), _parts(source)
    if parsed.scheme == "mlflow-artifacts":
        return True
    starts = range(len(parts) - len(_PROXIED) + 1)
    return parsed.scheme in {"http", "https"} and any(parts[at : at + 4] == _PROXIED for at in starts)


def _is_within(source: str, root: str) -> bool:
    same = urlsplit(source)[:2] == urlsplit(root)[:2]
    parts = _parts(root)
    return same and bool(parts) and _parts(source)[: len(parts)] == parts


def _parts(uri: str) -> tuple[str, ...]:
    return tuple(part for part in unquote(urlsplit(uri).path).split("/") if part)


def _foreign(source: str, owner: str) -> Refusal:
    return invalid(
        f"Invalid model version source: '{source[:300]}'. The {owner} request parameter must identify the "
        "resource that contains the source."
    )
