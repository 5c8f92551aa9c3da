"""Which sources a new version may name: no path of a disk, and nothing that climbs out of its folder."""

from __future__ import annotations

import posixpath
import re
from itertools import pairwise
from urllib.parse import SplitResult, unquote, unquote_plus, urlsplit

from sqlalchemy import Connection

from meguru.mlflow.artifacts.proxy_paths import SCHEME, root_of_run, run_named
from meguru.mlflow.logged_models import store as logged_models_store
from meguru.mlflow.protocol.errors import invalid
from meguru.tracking.run_ids import from_hex

_ROUTE = ("api", "2.0", "mlflow-artifacts", "artifacts")


def check_source(tx: Connection, source: str, *, run: str, model: str, project: str) -> None:
    """Refuse a source that is a path of some disk, or within the folder of another run or model than its own.

    Raises
    ------
    Refusal
        Also for a path with ``..``, however it was encoded, and for a model that is not named whole.
    """
    owner = "model_id" if model else "run_id"
    if is_local(source):
        root = _root(tx, run, model, project)
        if root and is_local(root) and _local(source).startswith(_local(root)):
            return
        raise invalid(
            f"Invalid model version source: '{source[:300]}'. To use a local path as a model version source, "
            f"the {owner} request parameter has to be specified and the local path has to be contained "
            f"within the artifact directory of the run specified by the {owner}."
        )
    _check_plain(source)
    if not _is_its_own(tx, source, run=run, model=model, project=project):
        raise invalid(
            f"Invalid model version source: '{source[:300]}'. The {owner} request parameter must identify "
            "the resource that contains the source."
        )


def _is_its_own(tx: Connection, source: str, *, run: str, model: str, project: str) -> bool:
    parsed = urlsplit(source)
    named = parsed.path.strip("/")
    if parsed.scheme == "runs":
        # It names its run itself: only another one that there is could mislead.
        other = named.split("/")[0]
        is_its_run = not run or from_hex(other) == from_hex(run) or not run_named(tx, other, project)
        return bool(named) and not parsed.netloc and not model and is_its_run
    if parsed.scheme == "models":
        return not parsed.netloc and named.startswith("m-") and named == model
    if (path := _proxied(parsed)) is None:
        return True
    if not _root(tx, run, model, project):
        return False
    # What is in nobody's folder may be anybody's source.
    held = _holder(path)
    return not held or from_hex(held) == from_hex(model or run)


def _proxied(parsed: SplitResult) -> list[str] | None:
    """Return the parts of a path below the artifact proxy; None for any other address."""
    parts = [unquote(part) for part in parsed.path.split("/") if part]
    if parsed.scheme == "mlflow-artifacts":
        return parts
    if parsed.scheme in {"http", "https"}:
        for index in range(len(parts) - len(_ROUTE) + 1):
            if tuple(parts[index : index + len(_ROUTE)]) == _ROUTE:
                return parts[index + len(_ROUTE) :]
    return None


def _holder(parts: list[str]) -> str:
    """Return the id of the run or the logged model in whose folder a path is; empty for nobody's."""
    return next((name for name, next_ in pairwise(parts) if next_ == "artifacts"), "")


def is_local(uri: str) -> bool:
    """Tell whether an address is a path of a disk."""
    parsed = urlsplit(uri)
    return parsed.scheme in {"", "file"} or len(parsed.scheme) == 1


def _root(tx: Connection, run: str, model: str, project: str) -> str:
    if model:
        logged_model = logged_models_store.find(tx, model, project)
        return SCHEME + logged_models_store.folder(logged_model) if logged_model else ""
    return root_of_run(tx, run, project) if run else ""


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
