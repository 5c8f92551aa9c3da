"""What the release was made of, all the way back to raw data, each with the digest of its content."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import select

from meguru.base import digests
from meguru.datasets import store as datasets
from meguru.datasets.manifest import load_manifest
from meguru.datasets.types import DatasetVersion
from meguru.errors import MeguruError
from meguru.evidence.parts.source import GatheredPart, PackSource, json_file, kind_of, stated
from meguru.evidence.types import LINEAGE
from meguru.kernel import events
from meguru.kernel.events.schema import edge
from meguru.pipelines import store as pipelines
from meguru.registry import store as models

_MAX_EDGES, _MAX_FILES, _BATCH = 20_000, 5_000, 500


def gather(source: PackSource) -> GatheredPart:
    """Return the graph upwards, with digests, and the files that datasets were made from."""
    edges, cut = _edges(source)
    things = sorted({source.release.ref, *(each["source"] for each in edges)})
    known = {ref: found for ref in things if (found := _thing(source, ref))}
    value = {"of": source.release.ref, "edges": edges, "cut": cut, "things": known}
    part = json_file(LINEAGE, value)
    said = {"lineage": {"sha256": digests.of_bytes(part.data)}, "edges": len(edges), "cut": cut}
    return GatheredPart(files=[part], statements=[stated("lineage", [source.about_release], said)])


def _edges(source: PackSource) -> tuple[list[dict[str, Any]], bool]:
    tx, seen, frontier = source.ctx.tx, {source.release.ref}, [source.release.ref]
    found: list[dict[str, Any]] = []
    # Breadth first, a batch of targets a query; one more than the most shows that it was cut.
    while frontier and len(found) <= _MAX_EDGES:
        rows = tx.execute(select(edge).where(edge.c.target.in_(frontier[:_BATCH]))).all()
        frontier = frontier[_BATCH:]
        for row in rows:
            # What was live before is compared with, and has evidence of its own.
            if not source.sight.sees(row.source) or _is_other_model(source, row.source):
                continue
            found.append(dict(row._mapping))
            if row.source not in seen:
                seen.add(row.source)
                frontier.append(row.source)
    found.sort(key=lambda each: (each["event_seq"], each["source"], each["target"]))
    return found[:_MAX_EDGES], len(found) > _MAX_EDGES


def _is_other_model(source: PackSource, ref: str) -> bool:
    champion = source.release.champion
    return champion is not None and ref == champion.ref != source.model.ref


def _thing(source: PackSource, ref: str) -> dict[str, Any]:
    """Return the digest of a thing, and of a dataset the files it was read from; nothing when it has none."""
    tx, kind = source.ctx.tx, kind_of(ref)
    try:
        if kind == "dataset":
            return _dataset(source, datasets.resolve(tx, ref))
        if kind == "model":
            return {"digest": models.resolve(tx, ref).tree_digest}
        if kind == "pipeline":
            version = pipelines.resolve(tx, ref)
            return {"digest": version.digest, "commit": version.commit}
    except MeguruError as error:  # it was removed, or its bytes are gone: its lineage stays
        return {"gone": error.what}
    features = source.release.content.features
    return {"digest": features.views[ref]} if features and ref in features.views else {}


def _dataset(source: PackSource, version: DatasetVersion) -> dict[str, Any]:
    files = list(_files(source, version))
    return {
        "digest": version.digest,
        "rows": version.rows,
        "columns": [column.name for column in version.columns],
        "erased": list(_erased(source, version)),
        "files": files[:_MAX_FILES],
        "more_files": max(len(files) - _MAX_FILES, 0),
    }


def _erased(source: PackSource, version: DatasetVersion) -> Iterator[dict[str, Any]]:
    """Yield how persons were erased from a version, oldest first: its digest is another one since."""
    after = 0
    while found := events.read(
        source.ctx.tx, after=after, subject=version.ref, types=("dataset_version.erased",), limit=_BATCH
    ):
        for event in found:
            digests_of = {name: event.data[name] for name in ("before", "after", "rows")}
            yield {"event": event.id, "at": f"{event.at:%Y-%m-%dT%H:%M:%SZ}"} | digests_of
        after = found[-1].seq


def _files(source: PackSource, version: DatasetVersion) -> Iterator[dict[str, Any]]:
    for file in load_manifest(source.ctx.blobs, version).files:
        said: dict[str, Any] = {
            "path": file.path,
            "digest": file.digest,
            "size": file.size,
            "rows": file.rows,
        }
        if file.source is not None:
            raw = file.source
            said["raw"] = [{"path": raw.path, "digest": raw.digest, "size": raw.size}]
        elif file.merged:
            said["raw"] = msgspec.to_builtins(file.merged[:_MAX_FILES])
        yield said
