"""What made a model version, from which source, and in which environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from meguru.base import refs
from meguru.cards.facts.reader import RecordReader
from meguru.cards.facts.types import CardCode
from meguru.pipelines import store as pipelines
from meguru.registry.types import ModelVersion
from meguru.tracking import store as runs
from meguru.tracking.captured import names

MAX_PACKAGES = 300
_PYTHON = "python:"


def code_of(
    reader: RecordReader, version: ModelVersion, made_from: Sequence[str], texts: Mapping[str, str]
) -> CardCode:
    """Return what made a version.

    `texts` are the files of the model folder that name its environment: Python's version and the packages.
    """
    seen = [ref for ref in made_from if reader.sees(ref)]
    run = next((ref for ref in seen if refs.parse(ref).kind in {"pipeline_run", "run"}), version.run_ref)
    pipeline = next((ref for ref in seen if refs.parse(ref).kind == "pipeline"), "")
    entry = commit = digest = ""
    if pipeline:
        pipeline_version = pipelines.resolve(reader.tx, pipeline)
        entry, commit, digest = pipeline_version.entry, pipeline_version.commit, pipeline_version.digest
    tracked = next((ref for ref in seen if refs.parse(ref).kind == "run"), "")
    if tracked and not commit and (one := runs.find(reader.tx, refs.parse(tracked).name, reader.now)):
        commit = one.tags.get(names.COMMIT, "")
        entry = entry or one.tags.get(names.SOURCE, "")
    return CardCode(
        run=run if not run or reader.sees(run) else "",
        pipeline=pipeline,
        entry=entry,
        commit=commit,
        digest=digest,
        python=_python(texts.get("python_env.yaml", "")),
        packages=_packages(texts.get("requirements.txt", "")),
    )


def _python(text: str) -> str:
    lines = (line.strip() for line in text.splitlines())
    return next((line.removeprefix(_PYTHON).strip(" '\"") for line in lines if line.startswith(_PYTHON)), "")


def _packages(text: str) -> list[str]:
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith(("#", "-"))][:MAX_PACKAGES]
