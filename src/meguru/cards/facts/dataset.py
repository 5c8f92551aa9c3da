"""What the records say of a dataset version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from meguru.artifacts.lineage import made_from
from meguru.base import refs
from meguru.cards.facts.columns import described
from meguru.cards.facts.data import lineage_of, period_of
from meguru.cards.facts.reader import RecordReader
from meguru.cards.facts.types import CardDataset
from meguru.cards.facts.watched import monitors_of
from meguru.datasets import store as datasets
from meguru.datasets.frames import profile_of
from meguru.datasets.kind import DatasetSpec
from meguru.datasets.spec import spec_of
from meguru.datasets.types import DatasetVersion
from meguru.errors import NotFound, masked

MAX_MODELS, MAX_ROWS = 100, 1_000_000


def dataset_facts(reader: RecordReader, ref: str) -> CardDataset:
    """Return what the records say of a dataset version: ``dataset/flights@4``, or the newest."""
    if not reader.sees(ref.partition("@")[0]):
        raise NotFound.of("dataset", refs.parse(ref, kind="dataset").name)
    version = datasets.resolve(reader.tx, ref)
    spec = spec_of(reader.tx, version.name)
    since, until = period_of(reader, version)
    profile = _profile(reader, version)
    made = made_from(reader.tx, version.ref, but=("prediction/", "event/"), most=5_000)
    return CardDataset(
        ref=version.ref,
        name=version.name,
        version=version.version,
        description=spec.description,
        owner=spec.owner,
        format=version.format,
        digest=version.digest,
        rows=version.rows,
        bytes=version.bytes,
        files=version.files,
        created_at=version.created_at,
        created_by=version.created_by,
        note=version.note,
        key=spec.key,
        event_time=version.event_time,
        since=since,
        until=until,
        columns=described(
            {column.name: column.type for column in version.columns},
            profile,
            {name: said.tags for name, said in spec.columns.items()},
        ),
        treated={name: said.treat for name, said in spec.columns.items() if said.treat},
        source=masked(spec.source.address) if spec.source else "",
        keep=_kept(spec),
        hold=spec.hold,
        checks=_checks(spec),
        lineage=lineage_of(reader, version.ref),
        models=sorted(each for each in made if each.startswith("model/") and reader.sees(each))[:MAX_MODELS],
        monitors=monitors_of(reader, dataset=version.name),
    )


def _profile(reader: RecordReader, version: DatasetVersion) -> Mapping[str, Mapping[str, Any]]:
    """Return what the columns look like: the profile of the registration if it saw all rows, else a new one.

    Of a very large version whose registration saw but a part (rows were appended), nothing is told.
    """
    if version.remote_environment:
        return {}
    kept: dict[str, Any] = msgspec.json.decode(reader.blobs.get_bytes(version.profile))
    if kept.get("rows") != version.rows:
        if version.rows > MAX_ROWS:
            return {}
        kept = profile_of(reader.blobs, version).to_dict()
    return dict(kept.get("columns", {})) | dict(kept.get("times", {}))


def _kept(spec: DatasetSpec) -> str:
    """Return which versions are kept, as it is declared; empty: all are."""
    said = [f"last {spec.keep.last}"] if spec.keep.last else []
    return ", ".join([*said, *([f"{spec.keep.days:g} d"] if spec.keep.days else [])])


def _checks(spec: DatasetSpec) -> list[str]:
    """Return what must hold for its rows, as it is declared."""
    plain = msgspec.to_builtins(spec.checks)
    said = [f"{name}: {value}" for name, value in plain.items() if value]
    return [*said, *(str(each.get("expect", each)) for each in spec.expect)]
