"""With which packages it was trained, and the lock files that say so."""

from __future__ import annotations

from meguru.artifacts.trees import read_tree
from meguru.base import digests
from meguru.evidence.parts.source import TEXT, GatheredPart, PackSource, stated
from meguru.evidence.types import PackContent
from meguru.pipelines import lockfiles

_OF_MODEL = ("requirements.txt", "python_env.yaml", "conda.yaml", "MLmodel")


def gather(source: PackSource) -> GatheredPart:
    """Return the files that tell how to load the model, and the lock files of the steps."""
    files = [
        PackContent(path=f"parts/environment/model/{name}", media_type=TEXT, data=found)
        for name in _OF_MODEL
        if (found := source.file(name))
    ]
    for tree in _locks(source):
        for entry in read_tree(source.ctx.blobs, tree):
            if entry.size <= lockfiles.MAX_BYTES and entry.path.isascii():
                data = source.ctx.blobs.get_bytes(entry.digest)
                path = f"parts/environment/locks/{tree[:12]}/{entry.path}"
                files.append(PackContent(path=path, media_type=TEXT, data=data))
    said = {
        "files": {file.path: {"sha256": digests.of_bytes(file.data)} for file in files},
        "locks": {name: {"sha256": tree} for tree, name in _locks(source).items()},
    }
    return GatheredPart(files=files, statements=[stated("environment", [source.about_model], said)])


def _locks(source: PackSource) -> dict[str, str]:
    """Return the trees of the steps' own lock files, with the author's paths."""
    steps = source.pipeline.graph.steps if source.pipeline else []
    found = (lockfiles.split(step.env) for step in steps)
    return {tree: path for path, tree in found if tree}
