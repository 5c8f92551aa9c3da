"""One training that is followed: where its params, curves and model go."""

from __future__ import annotations

import logging
import math
import multiprocessing.dummy
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from numbers import Number
from pathlib import Path
from typing import Any

import msgspec

from meguru.app.run_api import run as begin_run
from meguru.app.tracked_run import FOLDER, TrackedRun, keep_folder, register_model
from meguru.base import parents
from meguru.compute import step_metrics
from meguru.flavors.model import Model, save_bundle
from meguru.tracking import active
from meguru.tracking.session import RunSession

log = logging.getLogger("meguru.autolog")
_MAX_PARAMS = 200
_MAX_LENGTH = 500


class AutologSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What `meguru.autolog` was told."""

    register: str = ""
    models: bool = True


class Training:
    """A training under way. Nothing here raises: what can't be kept is a warning of the log.

    Attributes
    ----------
    depth
        How many trainings this one is within: a search trains many; only what the user trained is told.
    subject
        What is trained.
    """

    def __init__(self, settings: AutologSettings, title: str, subject: Any, outer: Training | None) -> None:
        self._settings, self.title, self.subject = settings, title, subject
        self.depth: int = 0 if outer is None else outer.depth + 1
        self.session: RunSession | None = None if outer is None else outer.session
        self._own: TrackedRun | None = None

    @property
    def has_curves(self) -> bool:
        """Whether the curves of this training are told: only of the user's own."""
        return self.depth == 0

    def begin(self) -> None:
        """Find the run that it belongs to, or begin one."""
        found, _ = active.innermost()
        if isinstance(found, RunSession):
            self.session = found
        elif not _in_step():
            self._own = begin_run(self.title)
            self.session = self._own.session

    def end(self, error: BaseException | None) -> None:
        """End the run if it was begun here."""
        if self._own is not None:
            with _lock:  # else a process that trains for weeks would hold the names of every run's params
                _params_of.pop(self._own.id, None)
            self._own.end("succeeded" if error is None else "failed", error=repr(error) if error else "")

    def params(self, given: Mapping[str, Any]) -> None:
        """Keep settings, each as text; the first 200, and of each the first 500 characters."""
        texts = {str(key)[:250]: _text(value) for key, value in list(given.items())[:_MAX_PARAMS]}
        if self.session is not None:
            self.session.texts("param", _not_yet(self.session.id, texts))

    def metrics(self, given: Mapping[str, Any], *, step: int | None = None) -> None:
        """Keep values of metrics at a step; what is no number is left out."""
        values = {
            str(key): float(value)
            for key, value in given.items()
            if isinstance(value, Number) or getattr(value, "ndim", None) == 0
        }
        if not values:
            return
        if self.session is not None:
            self.session.log(values, step)
        elif _in_step():
            step_metrics.log(values, step=step)

    def curve(self, name: str, values: Any) -> None:
        """Keep a whole curve that the library hands over at the end."""
        for step, value in enumerate(values):
            if math.isfinite(float(value)):
                self.metrics({name: value}, step=step)

    def model(self, estimator: Any, example: Any, *, baseline: Any = None) -> None:
        """Keep the model with the run, and register it if that was wanted."""
        if self.session is None or not self._settings.models:
            return
        model = Model(estimator=estimator, example=example, baseline=baseline)
        if self._settings.register:
            register_model(self.session, model, self._settings.register, note="autolog")
            return
        with tempfile.TemporaryDirectory(prefix="meguru-model-") as scratch:
            folder = Path(scratch) / "model"
            save_bundle(model, folder)
            keep_folder(self.session, folder, f"{FOLDER}/{self.title}")


_params_of: dict[str, set[str]] = {}
_current: ContextVar[Training | None] = ContextVar("meguru_training", default=None)
_under_way: set[Training] = set()
_lock = threading.Lock()


@contextmanager
def training(settings: AutologSettings, title: str, subject: Any = None) -> Iterator[Training]:
    """Follow what is trained in this block; one within another one belongs to that.

    A worker thread of a pool trains for whoever is training just now: its trainings are never the user's own.
    """
    outer = _current.get()
    if outer is None and isinstance(threading.current_thread(), multiprocessing.dummy.DummyProcess):
        with _lock:
            outer = next(iter(_under_way), None)
    found = Training(settings, title, subject, outer)
    if outer is None:
        quietly(found.begin)
    token = _current.set(found)
    with _lock:
        _under_way.add(found)
    failed: BaseException | None = None
    try:
        yield found
    except BaseException as error:
        failed = error
        raise
    finally:
        _current.reset(token)
        with _lock:
            _under_way.discard(found)
        if outer is None:
            quietly(found.end, failed)


def _not_yet(run: str, texts: dict[str, str]) -> dict[str, str]:
    """Return the params that no training of this run told before: a param can't change."""
    with _lock:
        seen = _params_of.setdefault(run, set())
        new = {key: value for key, value in texts.items() if key not in seen}
        seen |= new.keys()
    return new


def current() -> Training | None:
    """Return the innermost training that is followed here."""
    return _current.get()


def quietly(function: Any, *arguments: Any, **named: Any) -> None:
    """Call a function; what it raises is a warning: no training fails because it is followed."""
    try:
        function(*arguments, **named)
    except Exception as error:  # noqa: BLE001 - see above
        why = getattr(error, "why", "")
        hint = getattr(error, "hint", "")
        parts = [str(error), *filter(None, (why, hint and f"try: {hint}"))]
        log.warning("not tracked: %s: %s", type(error).__name__, "; ".join(parts)[:1000])


def _in_step() -> bool:
    return step_metrics.is_in_step() and not parents.current().startswith("run/run-")


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _MAX_LENGTH else text[: _MAX_LENGTH - 1] + "…"
