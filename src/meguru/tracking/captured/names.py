"""The tags under which it is kept: MLflow's where MLflow has one."""

from __future__ import annotations

OURS = "meguru."
COMMIT, BRANCH, REPOSITORY = (
    "mlflow.source.git.commit",
    "mlflow.source.git.branch",
    "mlflow.source.git.repoURL",
)
SOURCE, SOURCE_TYPE, USER = "mlflow.source.name", "mlflow.source.type", "mlflow.user"
_MLFLOW = {COMMIT, BRANCH, REPOSITORY, SOURCE, SOURCE_TYPE, USER}


def is_captured(tag: str) -> bool:
    """Tell whether a tag is one that was captured."""
    return tag.startswith(OURS) or tag in _MLFLOW
