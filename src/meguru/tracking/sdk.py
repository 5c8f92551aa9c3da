"""Track a run from a script or a notebook: ``with run("train") as r: r.log(auc=0.84)``, or without block."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Callable, Mapping
from contextvars import Token
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from meguru.base import parents
from meguru.errors import Conflict, InvalidInput, MeguruError
from meguru.tracking import active, display, exits
from meguru.tracking.captured import Captured
from meguru.tracking.run_ids import to_hex
from meguru.tracking.sender import TrackingDoor
from meguru.tracking.session import RunSession
from meguru.tracking.types import EndState, Run

PARENT = "mlflow.parentRunId"
"""The tag that tells in the block of which run another one was begun."""


class ActiveRun:
    """A run under way, from when it is made until `end`, or until its ``with`` block is left.

    An exception that leaves the block makes it failed. A run without a block, as in a notebook, that nobody
    ends is ended when the interpreter ends: succeeded, or failed if an exception ended it (in IPython: if the
    cell that ran last raised). One that no name leads to any more ends when another one is begun.

    Parameters
    ----------
    open_place
        Opens the workspace.
    name
        What the run is called.
    experiment
        The experiment it belongs to, by any name; created if need be.
    params
        What it starts from; values are written as text.
    tags
        Labels; they can be set again later.
    used
        References of what it starts from, as in ``dataset/flights@3``.
    strict
        Whether what can't be kept raises; else it is told as a warning of the log, and the block goes on.
    spool
        The folder for what is not sent yet.
    place
        What the workspace is called there.
    surroundings
        Looks at what surrounds the run, quickly, and returns what looks at the rest, on another thread.
    address
        Returns where the console of an open workspace is; empty when nobody serves it.
    """

    def __init__(
        self,
        open_place: Callable[[], TrackingDoor],
        name: str = "",
        *,
        experiment: str = "default",
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        used: list[str] | None = None,
        strict: bool = False,
        spool: Path | None = None,
        place: str = "",
        surroundings: Callable[[], Callable[[], Captured]] | None = None,
        address: Callable[[TrackingDoor], str] = lambda _: "",
    ) -> None:
        self._token: Token[Any] | None = None
        self._address = address
        outer = active.enclosing()
        above = outer.id if isinstance(outer, RunSession) else _run_of_program()
        parent = {PARENT: to_hex(above)} if above else {}
        start: dict[str, Any] = {"experiment": experiment, "name": name, "used": used or []}
        start |= {"params": _texts(params), "tags": parent | _texts(tags)}
        self._session = RunSession(
            open_place, start, strict=strict, spool=spool, place=place, surroundings=surroundings
        )
        weakref.finalize(self, self._session.forsake).atexit = False

    @property
    def info(self) -> Run:
        """The run as it was when it began, or when it ended."""
        return self._session.info

    @property
    def id(self) -> str:
        """The run's id."""
        return self.info.id

    @property
    def ref(self) -> str:
        """The run's reference, ``run/ID``."""
        return self.info.ref

    @property
    def name(self) -> str:
        """What the run is called."""
        return self.info.name

    @property
    def experiment(self) -> str:
        """The experiment it belongs to."""
        return self.info.experiment

    @property
    def state(self) -> str:
        """Running, or the state in which it ended here."""
        return self.info.state

    @property
    def metrics(self) -> dict[str, float | None]:
        """The newest value (of the highest step) of each metric that was logged here; None is no number."""
        return dict(self._session.values)

    @property
    def url(self) -> str:
        """The run's page in the console; empty while no server holds its workspace."""
        base = self._address(self._session.ws)
        return f"{base}/ui/runs/{self.id}" if base else ""

    def log(
        self, metrics: Mapping[str, float] | None = None, /, *, step: int | None = None, **more: float
    ) -> None:
        """Log metric values at a step; without one, each metric's own next step."""
        self._session.log(more if metrics is None else {**metrics, **more}, step)

    def param(self, **params: Any) -> None:
        """Write params; a param can't change once it is there."""
        self._session.texts("param", _texts(params))

    def tag(self, **tags: Any) -> None:
        """Write tags, over those of the same name."""
        self._session.texts("tag", _texts(tags))

    def artifact(self, path: str | Path, name: str = "") -> None:
        """Keep a file, or all files of a folder, under `name` (default: its own)."""
        source = Path(path)
        try:
            if not source.exists():
                raise InvalidInput(f"there is no file {str(source)!r}", where=str(source), field="path")
            base = name or source.name
            found = (
                sorted(file for file in source.rglob("*") if file.is_file()) if source.is_dir() else [source]
            )
            for file in found:
                below = f"{base}/{file.relative_to(source).as_posix()}" if source.is_dir() else base
                self._session.keep(file, below)
        except (MeguruError, OSError) as error:
            self._session.tell(error)

    def figure(self, figure: Any, name: str) -> None:
        """Keep a figure as an artifact; `name` tells the format, as in ``roc.png``.

        The figure is Matplotlib's (anything that has ``savefig``), or Plotly's.
        """
        with tempfile.TemporaryDirectory(prefix="meguru-figure-") as folder:
            draft = Path(folder) / f"figure{Path(name).suffix}"
            if hasattr(figure, "savefig"):
                figure.savefig(draft)
            elif draft.suffix == ".html":
                figure.write_html(draft)
            else:
                figure.write_image(draft)
            self.artifact(draft, name)

    def flush(self) -> None:
        """Send what is not sent yet; raise what stops it."""
        self._session.flush()

    def end(self, state: EndState = "succeeded", *, error: str = "") -> None:
        """End the run; what is over stays as it is."""
        if state not in {"succeeded", "failed", "cancelled"}:
            raise InvalidInput(
                f"a run can't end as {state!r}", field="state", hint="succeeded, failed or cancelled"
            )
        self._session.end(state, error)

    def __enter__(self) -> Self:
        if self._session.is_over:
            raise Conflict(f"run {self.id} is over", where=self.ref, hint="start another run: meguru.run()")
        self._token = active.enter(self._session)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        active.leave(self._token)
        state, told = exits.outcome_of(error)
        try:
            self._session.end(state, told)
        except Exception as late:
            if error is None:
                raise
            error.add_note(f"the run {self.id} could not be ended: {late}")

    def __reduce__(self) -> NoReturn:
        message = (
            "a run can't be sent to another process: return values from there and log them here, "
            "or begin a run of its own there"
        )
        raise TypeError(message)

    def __repr__(self) -> str:
        return display.line(self.info, self.metrics, self.url)

    def _repr_html_(self) -> str:
        return display.card(self.info, self.metrics, self.url)


def _run_of_program() -> str:
    """Return the id of the tracked run that this program is: `meguru run script.py` began it."""
    kind, _, name = parents.current().partition("/")
    return name if kind == "run" else ""


def _texts(values: Mapping[str, Any] | None) -> dict[str, str]:
    return {key: value if isinstance(value, str) else repr(value) for key, value in (values or {}).items()}
