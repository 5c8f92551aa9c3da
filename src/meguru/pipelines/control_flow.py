"""Words of a pipeline's body beside steps, and what they do in a plain call: gate, approve, each, collect."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from datetime import timedelta
from typing import Any, Literal

from meguru.base import durations
from meguru.base.names import check_name
from meguru.compute.graph import Approval
from meguru.compute.matching import output_types
from meguru.errors import InvalidInput
from meguru.pipelines import tracing

_closed: ContextVar[bool] = ContextVar("meguru_gate_closed", default=False)
MAX_QUESTION = 1000


@contextlib.contextmanager
def gate(verdict: Any, *, when: bool = True) -> Iterator[None]:
    """Run the steps that are called in the block only if a verdict says so; else they are skipped.

    Parameters
    ----------
    verdict
        What a step returned, or a parameter: a bool, or a dict with ``"passed"`` (and ``"reason"``).
    when
        The verdict that opens the gate; False for what is to be done after a refusal.

    Notes
    -----
    Whatever needs a skipped step is skipped too, and the run succeeds. In a plain call of the pipeline,
    steps behind a closed gate return None.

    Examples
    --------
    >>> with gate(True):
    ...     pass
    """
    tracer = tracing.current()
    if tracer is not None:
        if isinstance(verdict, tracing.Placeholder):
            with tracer.gate(verdict, when):
                yield
            return
        raise InvalidInput(
            f"a gate in a pipeline's body needs a step's output or a parameter, not {verdict!r}",
            hint="with gate(good_enough(model)): …",
        )
    token = _closed.set(_closed.get() or is_yes(verdict) is not when)
    try:
        yield
    finally:
        _closed.reset(token)


def approve(
    question: str,
    *,
    by: str | None = None,
    timeout: str | float | timedelta | None = None,
    four_eyes: bool = False,
    **shown: Any,
) -> Any:
    """Ask people; what the body calls after it (or in ``with gate(approve(…)):``) waits for the answer.

    While it waits, no process is held. A refusal, or no answer in time, skips what waits.

    Parameters
    ----------
    question
        What is asked, 1 to 1,000 characters.
    by
        Who may answer: a principal's name, or NAME of the permission ``approval:NAME``; default: whoever
        holds ``approval:write``.
    timeout
        How long the question stays open; default: until it is answered.
    four_eyes
        True if whoever started the run may not answer it.
    shown
        Outputs of steps that are shown with the question, by name.

    Returns
    -------
    The answer, as a verdict for `gate`. In a plain call of the pipeline nobody is asked: True.
    """
    if not 0 < len(question) <= MAX_QUESTION:
        raise InvalidInput("a question has 1 to 1,000 characters", field="question")
    approval = Approval(
        question=question,
        by=None if by is None else check_name("approver", by, field="by"),
        timeout=durations.seconds(timeout, field="timeout"),
        four_eyes=four_eyes,
    )
    tracer = tracing.current()
    return True if tracer is None else tracer.approve(question, shown, approval)


def each(items: Any) -> Any:
    """Mark a keyword argument of ``step.map(…)`` as a list that gives one item to each call."""
    return tracing.Each(items)


def collect(mapped: Any, *, failed: Literal["fail", "skip"] = "fail") -> Any:
    """Return the outputs of a mapped step as one list, in the order of its items.

    Parameters
    ----------
    mapped
        What ``step.map(…)`` returned.
    failed
        ``"skip"`` leaves out calls that failed and lets the run go on; ``"fail"`` fails the run.
    """
    if failed not in {"fail", "skip"}:
        raise InvalidInput(f"failed={failed!r} can't be", field="failed", hint="give 'fail' or 'skip'")
    tracer = tracing.current()
    if tracer is not None and isinstance(mapped, tracing.Placeholder) and failed == "skip":
        tracer.lenient(mapped)
    return mapped


def is_yes(verdict: Any) -> bool:
    """Read a verdict.

    Raises
    ------
    InvalidInput
        If it is neither a bool nor a dict whose ``passed`` is one.
    """
    found = verdict.get("passed") if isinstance(verdict, Mapping) else verdict
    if isinstance(found, bool):
        return found
    raise InvalidInput(
        f"a gate's verdict is {str(verdict)[:200]!r}",
        why="only True and False, or a dict with 'passed', are verdicts",
        hint="compare in the step: return bool(auc > 0.8)",
    )


def is_closed() -> bool:
    """Tell whether a plain call stands in the block of a closed gate."""
    return _closed.get()


def map_plainly(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], returned: Any
) -> Any:
    """Do what ``step.map(…)`` means, here and now; `returned` is what the function is annotated to return."""
    varied = {name: value.items for name, value in kwargs.items() if isinstance(value, tracing.Each)}
    whole = {name: value for name, value in kwargs.items() if name not in varied}
    tracing.check_mapped(getattr(function, "__name__", "step"), args, varied)
    found = [
        function(*items[: len(args)], **dict(zip(varied, items[len(args) :], strict=True)), **whole)
        for items in zip(*args, *varied.values(), strict=True)
    ]
    kinds = output_types(returned)
    if kinds is None:
        return found
    return tuple(list(part) for part in zip(*found, strict=True)) if found else tuple([] for _ in kinds)
