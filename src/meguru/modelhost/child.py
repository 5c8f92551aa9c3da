"""The process that hosts one model version: sandboxed, it loads the predictor once, then answers requests.

Requests and answers have a socket of their own; what the code prints goes to the server's log, and can't get
into an answer.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import shutil
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from meguru.base.sandbox import confine
from meguru.compute.inherited.finders import Finder

_MAX_TRACE = 4000
_POLL_SECONDS = 0.5


def main(borrowed: Sequence[str] = ()) -> None:
    """Serve one model; the first argument of the command line is JSON with the settings."""
    said = json.loads(sys.argv[1])
    wire = socket.socket(fileno=said["wire"])
    # Code that asks for input would wait for ever.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    model = Path(said["model"])
    readable = [*confine.python_folders(), *borrowed, str(model)]
    if said["network"]:
        readable += confine.NETWORK_FILES
    # Before any code of the model is imported: what it imports runs at once.
    kept_from = confine.isolate(Path(said["folder"]), readable, network=said["network"])
    # In a namespace of its own the process ends with its parent anyway; else the kernel is asked to see to
    # that.
    if "processes" not in kept_from:
        confine.end_with(said["parent"])
    confine.limit(memory=said["memory"], seconds=0, file=said["file"])
    os.environ["TMPDIR"] = said["folder"]
    # The death signal is tied to the parent's thread and can be missed between fork and request: so the
    # parent is looked at too.
    alone = threading.Thread(target=_exit_with_parent, args=(os.getppid(), said["folder"]), daemon=True)
    alone.start()
    _serve(wire, model, kept_from, said["answer"])


def _exit_with_parent(parent: int, folder: str) -> None:
    """End this process with the server, also while it is in the middle of an answer."""
    while os.getppid() == parent:
        time.sleep(_POLL_SECONDS)
    shutil.rmtree(folder, ignore_errors=True)
    # Not sys.exit: that would end only this thread, and run handlers of the model's code.
    os._exit(0)


def _serve(wire: socket.socket, model: Path, kept_from: list[str], most: int) -> None:
    from meguru.modelhost import wire as messages

    try:
        answer = _load_predictor(model)
    except BaseException as error:  # noqa: BLE001 - whatever the code raises, the server is told
        messages.send(wire, _error_head(error))
        return
    messages.send(wire, messages.Head(kind="ready", kept_from=kept_from))
    while True:
        try:
            head, body = messages.receive(wire)
        except (messages.BrokenWire, OSError):
            return
        try:
            reply = messages.pack_answer(answer(messages.unpack_rows(head, body)))
            # Said here, so that the process is well and goes on; the server does not rely on it.
            if len(reply[1]) > most:
                reply = messages.Head(kind="error", error=messages.too_long(len(reply[1]), most)), b""
        except MemoryError:
            reply = messages.Head(kind="error", error="MemoryError: it used more memory than it may"), b""
        except BaseException as error:  # noqa: BLE001 - sys.exit() of the code is a failure too
            reply = _error_head(error), b""
        messages.send(wire, *reply)


def _error_head(error: BaseException) -> Any:
    from meguru.modelhost import wire as messages

    with contextlib.suppress(Exception):
        text = f"{type(error).__name__}: {error}"[:1000]
        trace = "".join(traceback.format_exception(error))[-_MAX_TRACE:]
        return messages.Head(kind="error", error=text, trace=trace)
    return messages.Head(kind="error", error=type(error).__name__)


def _load_predictor(folder: Path) -> Callable[[Any], Any]:
    """Load the model's code, and return the function from rows to a raw answer."""
    from meguru.flavors import mlmodel
    from meguru.modelhost import manifest
    from meguru.modelhost.row_forms import as_form

    said = manifest.read(folder)
    described = None if said.takes == "columns" else mlmodel.read(folder, ["function"])
    code = folder / manifest.CODE
    files = {name: str(code / path) for name, path in said.modules.items()}
    sys.meta_path.insert(0, Finder(files, str(code)))
    given = {"files": folder / manifest.FILES} if said.files else {}
    if said.kind == "object":
        predict = _object_predictor(_unpickled(folder, said.main), described.task if described else None)
    else:
        target: Any = import_module(said.module)
        for part in said.name.split("."):
            target = getattr(target, part)
        is_class = said.kind == "class"
        predict = target(**given, **said.arguments).predict if is_class else partial(target, **given)
    trained = described.signature.frame if described else None
    return lambda rows: predict(as_form(rows, said.takes, trained))


def _object_predictor(made: Any, task: Any) -> Callable[[Any], Any]:
    """Return how an object answers: an estimator of scikit-learn's as its task asks it."""
    base = sys.modules.get("sklearn.base")
    if base is not None and isinstance(made, base.BaseEstimator):
        from meguru.flavors.sklearn_tasks import scorer

        ask: Callable[[Any], Any] = scorer(made, task)
        return ask
    predict: Callable[[Any], Any] = made.predict if hasattr(made, "predict") else made
    return predict


class _Unpickler(pickle.Unpickler):
    """Finds what a script defined in the module that the script is here."""

    main = ""

    def find_class(self, module: str, name: str) -> Any:
        """Return what a name means; ``__main__`` is the script."""
        # A pickle made by a script names __main__, which is the bootstrap in this process.
        return super().find_class(self.main if module == "__main__" and self.main else module, name)


def _unpickled(folder: Path, main: str) -> Any:
    from meguru.modelhost import manifest

    with (folder / manifest.STATE / manifest.STATE_FILE).open("rb") as file:
        reader = _Unpickler(file)
        reader.main = main
        return reader.load()
