"""The model's files, how it was trained and measured, and what was found in its files."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any

import msgspec

from meguru.cards.facts.data import tags_of
from meguru.cards.facts.model import without_values
from meguru.cards.facts.reader import RecordReader
from meguru.evidence.parts.source import JSON, GatheredPart, PackSource, stated
from meguru.evidence.types import FILES, PackContent
from meguru.flavors.bundle import EVALUATION, EVIDENCE
from meguru.flavors.evaluation import Evaluation
from meguru.releases.resolve import ancestors

_SEED = re.compile(r"(^|_)(seed|random_state)$")


def gather(source: PackSource) -> GatheredPart:
    """Return the list of the model's files (not the files), its training, evaluation and scan."""
    # The list is the very blob that the model's digest is of.
    listed = source.ctx.blobs.get_bytes(source.model.tree_digest)
    about = [source.about_model]
    return GatheredPart(
        files=[PackContent(path=FILES, media_type=JSON, data=listed)],
        statements=[
            stated("training", about, _training(source)),
            stated("evaluation", about, _evaluation(source)),
            stated("scan", about, _scan(source)),
        ],
    )


def _training(source: PackSource) -> dict[str, Any]:
    model, pipeline, run = source.model, source.pipeline, source.run
    params = dict(model.params) | (run.params if run else {})
    said: dict[str, Any] = msgspec.to_builtins(
        {
            "run": source.release.content.run,
            "inputs": source.release.content.datasets,
            "pinned": {name: {"ref": each.ref, "digest": each.digest} for name, each in run.pinned.items()}
            if run
            else {},
            "pipeline": source.release.content.pipeline,
            "entry": pipeline.entry if pipeline else "",
            "commit": pipeline.commit if pipeline else "",
            "steps": [
                {
                    "step": name,
                    "code": code.code.digest,
                    "python": code.environment.python,
                    "lock": code.environment.lock,
                    "packages": code.environment.packages,
                }
                for name, code in sorted(pipeline.codes.items())
            ]
            if pipeline
            else [],
            "parameters": params,
            "seeds": {name: value for name, value in params.items() if _SEED.search(name)},
            "flavor": model.flavor,
            "registered_at": model.created_at,
            "registered_by": model.created_by,
            "event": model.event,
            "used": model.used,
        }
    )
    return said


def _evaluation(source: PackSource) -> dict[str, Any]:
    # A model that others made has none: what is stated then is that nothing was measured.
    raw = source.file(EVALUATION)
    evaluation = (
        msgspec.json.decode(raw, type=Evaluation) if raw else Evaluation(task=source.model.task or "")
    )
    tags = tags_of(RecordReader.of(source.ctx), ancestors(source.ctx.tx, source.model.ref))
    said: dict[str, Any] = msgspec.to_builtins(
        {
            "task": evaluation.task,
            "metrics": source.model.metrics,
            "measures": evaluation.measures,
            "slices": list(without_values(evaluation.slices, tags)),
            "rows": evaluation.rows,
            "holdout": source.model.holdout_digest,
            "baseline": source.model.baseline_digest,
        }
    )
    return said


def _scan(source: PackSource) -> dict[str, Any]:
    """Say what the look at its files came to: a version that was found unsafe is unverified, and says why."""
    return {
        "scanner": f"meguru {version('meguru')}",
        "verdict": source.model.state.value,
        "reason": source.model.reason,
        "flavor": source.model.flavor,
        "files": [file.path for file in source.files if file.path not in EVIDENCE],
    }
