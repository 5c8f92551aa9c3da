"""The ``MLmodel`` file of a folder, in MLflow's layout: MLflow can load our models, and we some of its.

Two things differ from what MLflow writes: ``model_uuid`` comes from the content and the time of creation is
left out, so that equal models are equal folders. MLflow reads the list of trusted types from the model
itself; we write one for it (``skops_trusted_types``) and never read it.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import yaml

from meguru.base import digests
from meguru.base.plain_yaml import load_yaml
from meguru.errors import InvalidInput, NotFound, UnsafeModel
from meguru.flavors.base import Takes
from meguru.flavors.input_example import InputExample, read_example
from meguru.flavors.signature import Signature, from_mlflow, outputs_to_mlflow, to_mlflow
from meguru.flavors.trained_frame import TrainedFrame
from meguru.tasks import TASKS, Task, plain, task_of

FILE = "MLmodel"
_FORMAT = 1
_PICKLES = {"pickle", "cloudpickle", "joblib", "dill"}
_MAX_BYTES = 4 << 20


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What an MLmodel file says."""

    flavor: str
    options: dict[str, Any]
    signature: Signature
    task: Task | None = None
    takes: Takes | None = None
    example: InputExample | None = None
    """What MLflow kept beside a model of its own; ours have an example with answers."""


def write(
    folder: Path,
    *,
    flavor: str,
    options: dict[str, Any],
    signature: Signature,
    task: Task,
    takes: Takes,
    file: str,
) -> None:
    """Write MLmodel and the environment files beside a model's own files, which are there already.

    Parameters
    ----------
    folder
        The model's folder.
    flavor, options
        MLflow's name of the flavor, and what stands under it.
    signature, task, takes
        What the model takes and gives.
    file
        The model's own file; MLflow loads it.
    """
    environment = {"virtualenv": "python_env.yaml"}
    generic = {
        "env": environment,
        "loader_module": f"mlflow.{flavor}",
        "model_path": file,
        "predict_fn": "predict",
        "python_version": platform.python_version(),
    }
    nullable = [column.name for column in signature.inputs if column.nullable]
    ours: dict[str, Any] = {
        "format": _FORMAT,
        "flavor": flavor,
        "task": plain(task),
        "takes": takes,
        "nullable": nullable,
    }
    if takes == "frame" and signature.frame is not None:
        ours["frame"] = msgspec.to_builtins(signature.frame)
    if shapes := {column.name: list(column.shape) for column in signature.inputs if column.shape}:
        ours["shapes"] = shapes
    inputs, outputs = to_mlflow(signature.inputs), outputs_to_mlflow(signature.outputs)
    content = {path.name: digests.of_file(path) for path in sorted(folder.iterdir()) if path.is_file()}
    described: dict[str, Any] = {
        "flavors": {"meguru": ours, "python_function": generic, flavor: options},
        # MLflow wants one; made of the content, equal models stay equal folders.
        "model_uuid": digests.of_value([content, inputs, outputs, ours])[:32],
        "signature": {"inputs": inputs, "outputs": outputs, "params": None},
    }
    (folder / FILE).write_text(yaml.safe_dump(described, sort_keys=True, width=10_000), encoding="utf-8")


def write_environment(folder: Path, packages: Iterable[str]) -> None:
    """Write the installed releases of `packages` where MLflow looks for a model's environment."""
    pinned = "".join(f"{package}=={version(package)}\n" for package in sorted(packages))
    (folder / "requirements.txt").write_text(pinned, encoding="utf-8")
    environment = {"python": platform.python_version(), "dependencies": ["-r requirements.txt"]}
    (folder / "python_env.yaml").write_text(yaml.safe_dump(environment), encoding="utf-8")


def read(folder: Path, known: Iterable[str]) -> Description:
    """Read the MLmodel file of a folder, for one of the `known` flavors.

    Raises
    ------
    NotFound
        When there is no MLmodel file.
    UnsafeModel
        When it says that the model is pickled.
    InvalidInput
        When it is broken, or describes no flavor that is known.
    """
    said = _parse(folder / FILE)
    flavors = said["flavors"]
    _refuse_pickles(flavors, folder)
    ours = flavors.get("meguru") if isinstance(flavors.get("meguru"), dict) else {}
    offered = [str(name) for name in flavors if name not in {"meguru", "python_function"}]
    flavor = next((name for name in offered if name in set(known)), None)
    if flavor is None:
        raise InvalidInput(
            f"no flavor of this model can be loaded: {', '.join(offered) or 'python_function only'}",
            where=str(folder / FILE),
            why="a python_function without another flavor is code, not data" if not offered else "",
            hint=f"known flavors: {', '.join(sorted(known))}",
        )
    example = None if ours else read_example(folder, said.get("saved_input_example_info"))
    # The file may be anybody's: whatever stands in the place of a list, a mapping or a text is its fault.
    try:
        shown = said.get("signature") or {}
        nullable = [str(name) for name in ours.get("nullable") or []]
        shapes = dict(ours.get("shapes") or {})
        task = _task(ours, said.get("metadata"))
        inputs = from_mlflow(shown.get("inputs"), nullable, shapes)
        if example is not None and not example.fits(inputs):
            example = None
        return Description(
            flavor=flavor,
            options=dict(flavors[flavor]),
            signature=Signature(
                inputs=example.completed(inputs) if example else inputs,
                outputs=task.outputs() if task else (),
                frame=_frame(ours),
            ),
            example=example,
            task=task,
            takes=ours.get("takes") if ours.get("takes") in {"matrix", "frame"} else None,
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidInput("the MLmodel file is broken", where=str(folder / FILE), why=str(error)) from error


def _frame(ours: dict[str, Any]) -> TrainedFrame | None:
    """Return the frame that is asked with: MLflow's own clients train on pandas, and say nothing of it."""
    if not ours:
        return TrainedFrame(kind="pandas")
    if "frame" not in ours:
        return None
    frame = msgspec.convert(ours["frame"], TrainedFrame)
    frame.check()
    return frame


def _task(ours: Mapping[str, Any], metadata: Any) -> Task | None:
    """Return the task that is said: by us, or in MLflow by ``log_model(…, metadata={"task": …})``.

    A text there that is none of our tasks is a word of somebody else's.
    """
    if "task" in ours:
        return task_of(ours["task"])
    said = metadata.get("task") if isinstance(metadata, Mapping) and not ours else None
    if isinstance(said, dict) or (isinstance(said, str) and said in TASKS.names()):
        return task_of(said)
    return None


def _parse(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise NotFound(
            f"{path.parent.name!r} is no model folder", where=str(path.parent), why=f"it holds no {FILE} file"
        )
    if path.stat().st_size > _MAX_BYTES:
        why = f"{_MAX_BYTES:,} bytes are allowed"
        raise InvalidInput("the MLmodel file is too large", where=str(path), why=why)
    try:
        said = load_yaml(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidInput("the MLmodel file is not YAML", where=str(path), why=str(error)[:300]) from error
    if not isinstance(said, dict) or not isinstance(said.get("flavors"), dict):
        raise InvalidInput("the MLmodel file names no flavors", where=str(path))
    return said


def _refuse_pickles(flavors: dict[str, Any], folder: Path) -> None:
    for name, options in flavors.items():
        said = options.get("serialization_format") if isinstance(options, dict) else None
        said = said if isinstance(said, str) else None
        if said in _PICKLES or (name == "sklearn" and said != "skops"):
            raise UnsafeModel(
                f"the model is saved with {said or 'pickle'}",
                where=str(folder / FILE),
                why="loading a pickle runs whatever code its writer put into it",
                hint="log it again with serialization_format='skops', or hand the file over to be looked at: "
                "meguru model add NAME FILE",
                field=f"flavors.{name}.serialization_format",
            )
