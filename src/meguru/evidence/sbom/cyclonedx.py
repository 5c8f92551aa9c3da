"""The bill of materials as CycloneDX 1.6 writes it, with the model as a component that has a model card.

Source: https://cyclonedx.org/docs/1.6/json/.
"""

from __future__ import annotations

import uuid
from importlib.metadata import version
from typing import Any

from meguru.base import digests
from meguru.cards.exports.cyclonedx import model_card
from meguru.cards.facts.types import CardModel
from meguru.evidence.parts.cards import card_of
from meguru.evidence.parts.source import GatheredPart, PackSource
from meguru.evidence.sbom.packages import UsedPackage, licences_of, packages_of
from meguru.evidence.types import PackContent

PATH, MEDIA_TYPE = "parts/sbom.cdx.json", "application/vnd.cyclonedx+json; version=1.6"
_NAMESPACE = uuid.UUID("6f3b1d52-7d1d-4a5e-9a40-3f6d2c1c7a11")


def gather(source: PackSource) -> GatheredPart:
    """Return the bill of materials of a release's model."""
    used, model = packages_of(source), _model(source)
    data = [_dataset(dataset.ref, dataset.digest) for dataset in source.release.content.datasets]
    packages = [_package(package) for package in used]
    needs = sorted({each["bom-ref"] for each in (*packages, *data)})
    found = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, source.release.digest)}",
        "version": 1,
        "metadata": {
            "timestamp": source.release.created_at.isoformat(),
            "tools": {"components": [_ourselves()]},
            "component": model,
        },
        "components": [*packages, *data],
        "dependencies": [
            {"ref": model["bom-ref"], "dependsOn": needs},
            *({"ref": each} for each in needs),
        ],
    }
    return GatheredPart(files=[PackContent(path=PATH, media_type=MEDIA_TYPE, data=digests.canonical(found))])


def _ourselves() -> dict[str, Any]:
    return {"type": "application", "name": "meguru", "version": version("meguru")}


def _package(used: UsedPackage) -> dict[str, Any]:
    url = f"pkg:pypi/{used.name}@{used.version}"
    said = {"type": "library", "bom-ref": url, "name": used.name, "version": used.version, "purl": url}
    licences = licences_of(used.name, used.version)
    used_in = [{"name": "meguru:used-in", "value": each} for each in used.used_in]
    return said | ({"licenses": licences} if licences else {}) | {"properties": used_in}


def _dataset(ref: str, digest: str) -> dict[str, Any]:
    name, _, number = ref.removeprefix("dataset/").rpartition("@")
    return {
        "type": "data",
        "bom-ref": ref,
        "name": name,
        "version": number,
        "hashes": [{"alg": "SHA-256", "content": digest}],
        "data": [{"type": "dataset", "name": ref}],
    }


def _model(source: PackSource) -> dict[str, Any]:
    model, card = source.model, card_of(source)
    return {
        "type": "machine-learning-model",
        "bom-ref": model.ref,
        "name": model.name,
        "version": str(model.version),
        "hashes": [{"alg": "SHA-256", "content": model.tree_digest}],
        "modelCard": model_card(card, card.facts) if isinstance(card.facts, CardModel) else {},
        "properties": [
            {"name": "meguru:release", "value": source.release.ref},
            {"name": "meguru:release-digest", "value": source.release.digest},
        ],
    }
