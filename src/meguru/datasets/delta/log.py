"""What stands in a table's log: pure functions from lists of files to Delta's actions.

References
----------
Delta Transaction Log Protocol: "Actions", "Deletion Vectors", "Table Features".
"""

from __future__ import annotations

import base64
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import polars as pl

from meguru.datasets.delta.types import has_local_times, schema_of
from meguru.datasets.versions.deleted import OFFSET, vector_bytes, vector_uuid

_B85 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_LETTERS = str.maketrans(_B85, _Z85)
MARK = "meguru"


class TableFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a table: its name there, and the blob with its deleted rows (empty: it lost none)."""

    name: str
    size: int
    rows: int
    deleted: str = ""
    deleted_bytes: int = 0
    deleted_rows: int = 0


class TableState(msgspec.Struct, frozen=True, kw_only=True):
    """What a table is at one version; it stands in the log, so that the next version goes on from there."""

    version: int
    digest: str
    schema: str
    features: list[str]
    files: list[TableFile]


def log_name(version: int) -> str:
    """Return the name of a version's file in the log."""
    return f"_delta_log/{version:020d}.json"


def empty(at: datetime, version: int) -> bytes:
    """Return the log of a version that changes nothing."""
    return _lines([_commit_info(at, version, None)])


def commit(
    before: TableState | None, after: TableState, columns: Mapping[str, pl.DataType], at: datetime, name: str
) -> bytes:
    """Return the log of a version: what came, what went, and what its readers must know."""
    actions = [_commit_info(at, after.version, after)]
    if before is None or before.features != after.features:
        actions.append(_protocol(after.features))
    if before is None or before.schema != after.schema:
        actions.append({"metaData": _meta(name, columns, after.features, at)})
    moment = _milliseconds(at)
    old, new = (Counter(map(_key, each.files)) if each else Counter() for each in (before, after))
    gone = [file for file in (before.files if before else ()) if _key(file) not in new]
    come = [file for file in after.files if _key(file) not in old]
    actions += [{"remove": _remove(file, moment)} for file in gone]
    actions += [{"add": _add(file, moment)} for file in come]
    return _lines(actions)


def features_of(
    columns: Mapping[str, pl.DataType], files: Sequence[TableFile], before: Sequence[str]
) -> list[str]:
    """Return the features that a reader must know; those that were needed once stay."""
    needed = set(before)
    if any(file.deleted for file in files):
        needed.add("deletionVectors")
    if any(map(has_local_times, columns.values())):
        needed.add("timestampNtz")
    return sorted(needed)


def state_in(log: bytes) -> TableState | None:
    """Return what the table is after a version, if we wrote it; None if nothing changed in it.

    Raises
    ------
    ValueError
        If somebody else wrote it.
    """
    said = msgspec.json.decode(log.partition(b"\n")[0]).get("commitInfo", {})
    if MARK not in said:
        what = "this version of the table was written by somebody else"
        raise ValueError(what)
    return msgspec.convert(said[MARK], TableState) if said[MARK] else None


def _commit_info(at: datetime, version: int, state: TableState | None) -> dict[str, Any]:
    return {
        "commitInfo": {
            "timestamp": _milliseconds(at),
            "operation": "WRITE",
            "operationParameters": {"datasetVersion": str(version)},
            "engineInfo": MARK,
            MARK: msgspec.to_builtins(state) if state else None,
        }
    }


def _protocol(features: Sequence[str]) -> dict[str, Any]:
    if not features:
        return {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}
    return {
        "protocol": {
            "minReaderVersion": 3,
            "minWriterVersion": 7,
            "readerFeatures": list(features),
            "writerFeatures": list(features),
        }
    }


def _meta(
    name: str, columns: Mapping[str, pl.DataType], features: Sequence[str], at: datetime
) -> dict[str, Any]:
    on = {"delta.enableDeletionVectors": "true"} if "deletionVectors" in features else {}
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"meguru:dataset/{name}")),
        "name": name,
        "format": {"provider": "parquet", "options": {}},
        "schemaString": schema_of(columns),
        "partitionColumns": [],
        "configuration": on,
        "createdTime": _milliseconds(at),
    }


def _key(file: TableFile) -> tuple[str, str]:
    return (file.name, file.deleted)


def _add(file: TableFile, at: int) -> dict[str, Any]:
    stats: dict[str, Any] = {"numRecords": file.rows}
    if file.deleted:
        # With deletion vectors the counts are of the file, not of the rows that are left.
        stats["tightBounds"] = False
    made = {
        "path": file.name,
        "partitionValues": {},
        "size": file.size,
        "modificationTime": at,
        "dataChange": True,
        "stats": msgspec.json.encode(stats).decode(),
    }
    return made | ({"deletionVector": _vector(file)} if file.deleted else {})


def _remove(file: TableFile, at: int) -> dict[str, Any]:
    made = {
        "path": file.name,
        "deletionTimestamp": at,
        "dataChange": True,
        "extendedFileMetadata": True,
        "partitionValues": {},
        "size": file.size,
    }
    return made | ({"deletionVector": _vector(file)} if file.deleted else {})


def _vector(file: TableFile) -> dict[str, Any]:
    encoded = base64.b85encode(vector_uuid(file.deleted).bytes).decode().translate(_LETTERS)
    return {
        "storageType": "u",
        "pathOrInlineDv": encoded,
        "offset": OFFSET,
        "sizeInBytes": vector_bytes(file.deleted_bytes),
        "cardinality": file.deleted_rows,
    }


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _lines(actions: Sequence[dict[str, Any]]) -> bytes:
    return b"\n".join(msgspec.json.encode(action) for action in actions) + b"\n"
