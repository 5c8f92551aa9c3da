"""Ask a model folder again what it answered when it was saved: ``python -m meguru.registry.recheck FOLDER``.

It runs in the environment that is to be judged, which may be another one than that of the workspace: it needs
Meguru and the model's libraries there, and nothing else.
"""

from __future__ import annotations

import math
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import msgspec

from meguru.errors import MeguruError
from meguru.flavors.bundle import Bundle, load_bundle
from meguru.flavors.plain_answers import TOLERANCE
from meguru.registry.holdout_rows import metrics_of, score_rows

RecheckVerdict = Literal["same", "differs", "fails", "untold"]


class MetricShift(msgspec.Struct, frozen=True, kw_only=True):
    """A metric of the holdout: as it was measured when the model was saved, and as it is here."""

    metric: str
    before: float
    after: float


class Recheck(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a model in an environment.

    ``same``: it answers its example and measures on its holdout as when it was saved. ``differs``: it
    answers otherwise. ``fails``: it can't be loaded or asked. ``untold``: it has neither example nor
    holdout. `shifts` are the metrics that differ, `packages` the releases here of what its
    ``requirements.txt`` pins.
    """

    verdict: RecheckVerdict
    why: str = ""
    example_rows: int = 0
    holdout_rows: int = 0
    shifts: list[MetricShift] = []
    packages: dict[str, str] = {}


def recheck(folder: Path) -> Recheck:
    """Ask the model of a folder its example and its holdout."""
    packages = _packages(folder)
    try:
        loaded = load_bundle(folder, code=True)
    except Exception as error:  # noqa: BLE001 - whatever another release of a library raises is the answer
        return Recheck(verdict="fails", why=_why(error), packages=packages)
    try:
        loaded.check()
        rows, shifts = _measured(loaded)
    except MeguruError as error:
        verdict: RecheckVerdict = "differs" if "otherwise" in error.what else "fails"
        return Recheck(verdict=verdict, why=_why(error), packages=packages)
    asked = len(loaded.example.rows)
    verdict = "differs" if shifts else "same" if asked or rows else "untold"
    why = ", ".join(f"{shift.metric} {shift.before:.6g} -> {shift.after:.6g}" for shift in shifts)
    return Recheck(
        verdict=verdict, why=why, example_rows=asked, holdout_rows=rows, shifts=shifts, packages=packages
    )


def _measured(loaded: Bundle) -> tuple[int, list[MetricShift]]:
    """Return how many rows the holdout has, and the metrics that are not what they were on it."""
    frame, evaluation = loaded.holdout(), loaded.evaluation
    if frame is None or loaded.task.key == "generic":
        return 0, []
    wanted = metrics_of(loaded)
    rows = score_rows(loaded, frame, evaluation.holdout_columns, wanted, "its holdout")
    shifts = []
    for metric in wanted:
        before = evaluation.metrics.get(metric.name)
        if before is None or metric.missing(rows):
            continue
        after = metric.value(rows)
        if not math.isclose(before, after, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
            shifts.append(MetricShift(metric=metric.name, before=before, after=after))
    return frame.height, shifts


def _packages(folder: Path) -> dict[str, str]:
    path = folder / "requirements.txt"
    found: dict[str, str] = {}
    for line in path.read_text("utf-8", "replace").splitlines() if path.is_file() else ():
        name = line.partition("==")[0].strip()
        if name and not name.startswith(("#", "-")):
            try:
                found[name] = version(name)
            except (PackageNotFoundError, ValueError):
                found[name] = "not installed"
    return found


def _why(error: Exception) -> str:
    if isinstance(error, MeguruError):
        return "; ".join(filter(None, (error.what, error.why)))
    return f"{type(error).__name__}: {error}"[:500]


def main(arguments: list[str]) -> int:
    """Print what became of each folder, as a line of JSON."""
    for argument in arguments:
        sys.stdout.write(msgspec.json.encode(recheck(Path(argument))).decode() + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
