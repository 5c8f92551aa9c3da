"""Which sources a new version may name: no path of a disk, and nothing that climbs out of its folder."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote, unquote_plus, urlsplit

from sqlalchemy import Connection

from meguru.api.mlflow import logged_models_store
from meguru.api.mlflow.artifacts_places import SCHEME, root_of_run
from meguru.api.mlflow.errors import invalid


def check_source(tx: Connection, source: str, *, run: str, model: str) -> None:
    """Refuse a source that is a path of some disk, unless it is within the folder of its run or model.

    Raises
    ------
    Refusal
        Also for a path with ``..``, however it was encoded, and for a model that is not named whole.
    """
    owner = "model_id" if model else "run_id"
    if is_local(source):
        root = _root(tx, run, model)
        if root and is_local(root) and _local(source).startswith(_local(root)):
            return
        raise invalid(
            f"Invalid model version source: '{source[:300]}'. To use a local path as a model version source, "
            f"the {owner} request parameter has to be specified and the local path has to be contained "
            f"within the artifact directory of the run specified by the {owner}."
        )
    _check_plain(source)
    parsed = urlsplit(source)
    named = parsed.path.strip("/")
    is_whole = named and not parsed.netloc and (parsed.scheme == "runs" or named.startswith("m-"))
    if parsed.scheme in {"runs", "models"} and not is_whole:
        raise invalid(
            f"Invalid model version source: '{source[:300]}'. The {owner} request parameter must identify "
            "the resource that contains the source."
        )


def is_local(uri: str) -> bool:
    """Tell whether an address is a path of a disk."""
    parsed = urlsplit(uri)
    return parsed.scheme in {"", "file"} or len(parsed.scheme) == 1


def _root(tx: Connection, run: str, model: str) -> str:
    if model:
        return SCHEME + logged_models_store.folder(logged_models_store.held(tx, model))
    return root_of_run(tx, run) if run else ""


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
