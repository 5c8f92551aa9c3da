"""A tracked run that registers what it trained: `TrackedRun.log_model`."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meguru.app import calls
from meguru.artifacts import trees
from meguru.errors import InvalidInput
from meguru.flavors.model import Model, save_bundle
from meguru.quarantine.rescue import rescued
from meguru.tracking.sdk import ActiveRun

if TYPE_CHECKING:
    from meguru.registry.types import ModelVersion
    from meguru.tracking.session import RunSession

FOLDER = "models"
"""The models of a run are among its artifacts, each in a folder of its name below this one."""


class TrackedRun(ActiveRun):
    """A run under way, which can register models too."""

    @property
    def session(self) -> RunSession:
        """The inside of the run, for what logs on behalf of a library."""
        return self._session

    def log_model(self, model: Any, name: str, *, note: str = "", **evidence: Any) -> ModelVersion:
        """Register what this run trained as the next version of a model; return the version.

        The model's files are artifacts of the run (``models/NAME``), and the run is the version's origin. The
        newest values that the run logged are the version's metrics, unless it brings its own.

        Parameters
        ----------
        model
            A fitted estimator, or a `Model`.
        name
            The name of the registered model.
        note
            Why this version was made.
        evidence
            Fields of `Model` that go with the estimator: `example` (needed), `holdout`, `label`, `task`, …

        Raises
        ------
        InvalidInput
            When there is no example, or it does not fit the estimator.
        UnsafeModel
            When a part of the estimator can't be stored without pickle.

        What was trained is kept in quarantine then, and the error says where.
        """
        if isinstance(model, str) or not isinstance(name, str):
            raise InvalidInput(
                "the model comes first, then its name",
                field="model",
                hint="run.log_model(estimator, 'delay')",
            )
        session = self._session
        with rescued(session.ws, model, name, run=session.info.ref):
            return register_model(session, _with_evidence(model, evidence), name, note=note)


def register_model(session: RunSession, model: Model, name: str, *, note: str = "") -> ModelVersion:
    """Register a model that an open run of this process trained."""
    with tempfile.TemporaryDirectory(prefix="meguru-model-") as scratch:
        folder = Path(scratch) / "model"
        metrics = save_bundle(model, folder).metrics
        keep_folder(session, folder, f"{FOLDER}/{name}")
        session.flush()
        tree = trees.put_folder(session.ws.blobs, folder)
        logged = {key: value for key, value in session.values.items() if value is not None}
        return calls.model_register(
            session.ws,
            name=name,
            tree=tree,
            metrics=metrics or logged,
            run=session.info.ref,
            used=[],
            note=note,
        )


def keep_folder(session: RunSession, folder: Path, name: str) -> None:
    """Keep all files of a folder as artifacts of a run, below a name."""
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            session.keep(file, f"{name}/{file.relative_to(folder).as_posix()}")


def _with_evidence(model: Any, evidence: dict[str, Any]) -> Model:
    known = set(Model.__dataclass_fields__)
    if unknown := sorted(set(evidence) - known):
        raise InvalidInput(
            f"a model has no field {unknown[0]!r}",
            field=unknown[0],
            hint=f"it has {', '.join(sorted(known))}",
        )
    if isinstance(model, Model):
        return replace(model, **evidence)
    if evidence.get("example") is None:
        raise InvalidInput(
            "a model needs an example",
            field="example",
            why="its columns and types are read off it, and each copy of the model must answer it alike",
            hint="run.log_model(estimator, 'delay', example=X.head())",
        )
    return Model(estimator=model, **evidence)
