"""The flavor of Python functions: code, files, state and lock file in a folder, run by a model host only."""

from __future__ import annotations

import platform
import shutil
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from meguru.errors import InvalidInput, NotFound
from meguru.flavors import mlmodel, pickles
from meguru.flavors.base import Matrix
from meguru.flavors.signature import Signature
from meguru.modelhost import manifest, sources
from meguru.modelhost.function_model import FunctionModel
from meguru.modelhost.host import ModelHost
from meguru.tasks import RawAnswer, Task

if TYPE_CHECKING:
    import polars as pl


class FunctionFlavor:
    """Functions, classes and objects of the project. What is in their folder is code: see `runs_code`."""

    name = "function"
    opaque = manifest.OPAQUE
    """Folders of a model's folder that the server looks at as bytes only."""
    runs_code = True
    """Asking such a model runs code of its author's, in a process of its own."""

    def can_save(self, model: Any) -> bool:
        """Say whether `model` is code of the project, or holds some."""
        if isinstance(model, FunctionModel | HostedPredictor):
            return True
        if isinstance(model, types.FunctionType) or (isinstance(model, type) and hasattr(model, "predict")):
            return True
        return (hasattr(model, "predict") or callable(model)) and bool(sources.own_types(model))

    def task(self, model: Any, said: Task | None) -> Task:
        """Return what is said; an estimator of scikit-learn's is asked."""
        from meguru.flavors.sklearn import SklearnFlavor

        if isinstance(model, HostedPredictor):
            return said or model.task
        inner = model.target if isinstance(model, FunctionModel) else model
        if SklearnFlavor().can_save(inner):
            return SklearnFlavor().task(inner, said)
        if said is None:
            hint = "Model(estimator=…, task='regression')"
            raise InvalidInput("what a function answers can't be told from it", field="task", hint=hint)
        return said

    def save(self, model: Any, folder: Path, *, signature: Signature, task: Task) -> None:
        """Write the code with all that it needs, and its MLmodel file."""
        if isinstance(model, HostedPredictor):
            function_manifest = _copy(model.host.folder, folder)
        else:
            whole = model if isinstance(model, FunctionModel) else FunctionModel(target=model)
            function_manifest = sources.write(whole, folder)
            _copy_files(whole, folder)
        manifest.write(folder, function_manifest)
        options = {
            "data": manifest.FILE,
            "kind": function_manifest.kind,
            "module": function_manifest.module,
            "name": function_manifest.name,
        }
        mlmodel.write(
            folder,
            flavor=self.name,
            options=options,
            signature=signature,
            task=task,
            takes="frame",
            file=manifest.FILE,
        )

    def load(self, folder: Path) -> HostedPredictor:
        """Read what the folder says; its host is started when it is first asked."""
        # Its state is a pickle, which only the host reads; a pickle anywhere else in the folder is refused.
        pickles.refuse_pickles(folder, but_in=self.opaque)
        description = mlmodel.read(folder, [self.name])
        if description.task is None:
            raise InvalidInput("the model has no task", where=str(folder / mlmodel.FILE))
        function_manifest = manifest.read(folder)
        # Bytecode, pickles and what is installed differ by minor version; a lock file brings a Python of its
        # own.
        if function_manifest.python != _python() and not function_manifest.lock:
            raise InvalidInput(
                f"the function was saved with Python {function_manifest.python}",
                where=str(folder / manifest.FILE),
                why=f"this is Python {_python()}, and it has no environment of its own",
                hint="save it with a lock file: FunctionModel(target=…, env='requirements.txt')",
            )
        signature = msgspec.structs.replace(description.signature, outputs=description.task.outputs())
        return HostedPredictor(ModelHost(folder), signature, description.task)


class HostedPredictor:
    """A model that answers from a process of its own; here is only who asks it."""

    takes = "frame"

    def __init__(self, host: ModelHost, signature: Signature, task: Task) -> None:
        self.host, self.signature, self.task = host, signature, task

    def predict(self, data: Matrix | pl.DataFrame) -> RawAnswer:
        """Return the raw answer for rows; see `ModelHost.ask` for what may be raised."""
        import numpy as np

        from meguru.flavors import columns

        if isinstance(data, np.ndarray):
            rows = columns.frame_of(self.signature, data)
        else:
            rows = columns.select(self.signature, data)
        answer: RawAnswer = self.host.ask(rows)
        return answer

    def close(self) -> None:
        """End the process."""
        self.host.close()


def _copy(source: Path, folder: Path) -> manifest.FunctionManifest:
    """Take over what a loaded model was made of: one that a step was given, and returns."""
    for name in manifest.OPAQUE:
        if (source / name).is_dir():
            shutil.copytree(source / name, folder / name)
    return manifest.read(source)


def _copy_files(model: FunctionModel, folder: Path) -> None:
    for name, path in model.named_files.items():
        if not path.exists():
            raise NotFound(f"there is no file {str(path)!r}", where=str(path), why="the function needs it")
        target = folder / manifest.FILES / name
        # The name may be "../x"; resolve() follows links that stand there already.
        if not target.resolve().is_relative_to((folder / manifest.FILES).resolve()):
            raise InvalidInput(f"{name!r} leads out of the model's folder", field="files")
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, target)
        else:
            shutil.copyfile(path, target)


def _python() -> str:
    return ".".join(platform.python_version_tuple()[:2])
