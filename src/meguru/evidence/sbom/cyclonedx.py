"""The bill of materials as CycloneDX 1.6 writes it, with the model as a component that has a model card.

Source: https://cyclonedx.org/docs/1.6/json/.
"""

from __future__ import annotations

import uuid
from importlib.metadata import version
from typing import Any

import msgspec

from meguru.base import digests
from meguru.evidence.parts.source import GatheredPart, PackSource
from meguru.evidence.sbom.packages import UsedPackage, licences_of, packages_of
from meguru.evidence.types import PackContent
from meguru.flavors.bundle import EVALUATION
from meguru.flavors.evaluation import Evaluation

PATH, MEDIA_TYPE = "parts/sbom.cdx.json", "application/vnd.cyclonedx+json; version=1.6"
_NAMESPACE = uuid.UUID("6f3b1d52-7d1d-4a5e-9a40-3f6d2c1c7a11")
_APPROACH = {"clustering": "unsupervised", "anomaly": "unsupervised", "embedding": "self-supervised"}


def gather(source: PackSource) -> GatheredPart:
    """Return the bill of materials of a release's model."""
    used, model = packages_of(source), _model(source)
    data = [_dataset(each.ref, each.digest) for each in source.release.content.datasets]
    packages = [_package(each) for each in used]
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
    model = source.model
    return {
        "type": "machine-learning-model",
        "bom-ref": model.ref,
        "name": model.name,
        "version": str(model.version),
        "hashes": [{"alg": "SHA-256", "content": model.tree_digest}],
        "modelCard": {
            "bom-ref": f"{model.ref}#card",
            "modelParameters": _parameters(source),
            "quantitativeAnalysis": {"performanceMetrics": _metrics(source)},
            "properties": [
                {"name": f"meguru:parameter:{name}", "value": str(value)[:1000]}
                for name, value in sorted(model.params.items())
            ],
        },
        "properties": [
            {"name": "meguru:release", "value": source.release.ref},
            {"name": "meguru:release-digest", "value": source.release.digest},
        ],
    }


def _parameters(source: PackSource) -> dict[str, Any]:
    model, task = source.model, source.model.task or ""
    types = sorted({each.type.value for each in model.signature.inputs})
    made = sorted({each.type.value for each in model.signature.outputs})
    return {
        "approach": {"type": _APPROACH.get(task, "supervised")},
        "task": task or "unknown",
        "modelArchitecture": model.flavor,
        "datasets": [{"ref": each.ref} for each in source.release.content.datasets],
        "inputs": [{"format": each} for each in types],
        "outputs": [{"format": each} for each in made],
    }


def _metrics(source: PackSource) -> list[dict[str, Any]]:
    raw = source.file(EVALUATION)
    found = msgspec.json.decode(raw, type=Evaluation) if raw else Evaluation(task=source.model.task or "")
    intervals = {each.metric: (each.low, each.high) for each in found.measures}
    said = []
    for name, value in sorted(source.model.metrics.items()):
        one: dict[str, Any] = {"type": name, "value": repr(float(value))}
        low, high = intervals.get(name, (None, None))
        if low is not None and high is not None:
            one["confidenceInterval"] = {"lowerBound": repr(low), "upperBound": repr(high)}
        said.append(one)
    return said
