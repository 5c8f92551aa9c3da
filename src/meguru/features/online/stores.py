"""Open the online store of a workspace, by its setting."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from meguru.base.plugins import PluginFamily
from meguru.errors import UsageError, masked
from meguru.features.online.base import OnlineStore

if TYPE_CHECKING:
    from meguru.kernel.workspace import Workspace

STORES = PluginFamily(
    "online store",
    {
        "sqlite": "meguru.features.online.sqlite:SqliteStore",
        "redis": "meguru.features.online.redis:RedisStore",
        "postgresql": "meguru.features.online.postgres:PostgresStore",
    },
)
FILE = "online.db"
_PART = "online store"
_SCHEMES = {"rediss": "redis", "unix": "redis", "valkey": "redis", "postgres": "postgresql"}
_opening = threading.Lock()


def online_of(ws: Workspace) -> OnlineStore:
    """Return the online store of a workspace, opened once; it is closed with the workspace."""
    # Double-checked: of two threads that come first one opens the store, and neither leaks a connection pool.
    found = ws.parts.get(_PART)
    if found is None:
        with _opening:
            found = ws.parts.get(_PART)
            if found is None:
                found = ws.parts[_PART] = open_online(ws)
    return cast("OnlineStore", found)


def open_online(ws: Workspace) -> OnlineStore:
    """Open the store that ``MEGURU_ONLINE_STORE`` names: a file, ``redis://…`` or ``postgresql://…``.

    By default it is a file beside the workspace's database, or a schema in that, if it is PostgreSQL.

    Raises
    ------
    UsageError
        If the setting names nothing that there is.
    """
    store: OnlineStore = _opened(ws)
    return store


def _opened(ws: Workspace) -> Any:
    place = ws.settings.online_store
    if not place:
        if not ws.db.is_sqlite:
            return _load("postgresql")(ws.db.url.replace("postgresql+psycopg", "postgresql", 1))
        folder = ws.root or Path(urlsplit(ws.db.url).path).parent
        return _load("sqlite")(folder / FILE, synchronous=ws.settings.sqlite_synchronous)
    scheme, separator, rest = place.partition("://")
    if not separator:
        path = Path(place)
        file = path / FILE if path.is_dir() or not path.suffix else path
        return _load("sqlite")(file, synchronous=ws.settings.sqlite_synchronous)
    if scheme == "sqlite":
        return _load("sqlite")(Path(rest.removeprefix("/")), synchronous=ws.settings.sqlite_synchronous)
    kind = _SCHEMES.get(scheme, scheme)
    if kind not in STORES.names():
        raise UsageError(
            f"there is no online store {scheme!r}",
            where="MEGURU_ONLINE_STORE",
            why=masked(place),
            hint="a file, redis://HOST:6379/0 or postgresql://HOST/DB",
        )
    return _load(kind)(place.replace("valkey://", "redis://", 1))


def _load(kind: str) -> Any:
    return STORES.load(kind)
