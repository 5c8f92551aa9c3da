"""What is searched but in no column: the MLflow id of a run, and where its artifacts are."""

from __future__ import annotations

from collections.abc import Callable

from meguru.api.mlflow.runs_shown import artifact_root
from meguru.storage.db.raw import Raw, marks
from meguru.tracking.mlflow.ids import to_hex


def named_runs(raw: Raw, experiments: list[str], name: str, wanted: Callable[[str], bool]) -> list[str]:
    """Return the ids of the runs of some experiments whose `run_id` or `artifact_uri` is wanted."""
    sql = (
        "SELECT r.id, e.id, e.artifact_location FROM run r "  # noqa: S608 - a row of question marks
        "JOIN mlflow_experiment e ON e.experiment = r.experiment "
        f"WHERE r.experiment IN ({marks(len(experiments))})"
    )
    found = []
    for run, number, location in raw.execute(sql, experiments):
        identity = to_hex(run)
        text = identity if name == "run_id" else artifact_root(location, number, identity)
        if wanted(text):
            found.append(run)
    return found
