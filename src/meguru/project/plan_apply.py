"""Plan and apply a project file, through the operations of each kind."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from meguru.app import calls
from meguru.applies.types import Apply, ApplyPlan, PlanFault, PlannedAction
from meguru.base import refs
from meguru.errors import Conflict, InvalidInput, MeguruError
from meguru.kernel.declarations import Change
from meguru.project.prepare import carry_files, placed, prepared
from meguru.project.read import where_of
from meguru.project.types import ProjectFile

OnStep = Callable[[PlannedAction], None]


def plan_project(ws: Any, project: ProjectFile) -> ApplyPlan:
    """Return what has to be done so that everything is as the file says; nothing is changed.

    Raises
    ------
    InvalidInput
        When something of the file can't be declared; `where` is the first place, `why` has the others.
    """
    plan: ApplyPlan = calls.apply_plan(ws, owner=project.head.name, wanted=prepared(project))
    if plan.faults:
        first, *others = plan.faults
        also = [f"{where_of(project, each.kind, each.name, each.field)}: {each.what}" for each in others]
        raise InvalidInput(
            first.what,
            where=where_of(project, first.kind, first.name, first.field),
            why="; ".join(filter(None, (first.why, *also[:9]))),
            hint=first.hint,
            field=_field(first),
        )
    return plan


def apply_plan(ws: Any, plan: ApplyPlan, project: ProjectFile, on_step: OnStep | None = None) -> Apply:
    """Carry out a plan, step by step; a declaration refuses when the thing is no longer as the plan saw it.

    Killed in between, what was done holds: a new plan has what is left.

    Parameters
    ----------
    ws
        A workspace, here or on a server.
    plan
        What `plan_project` returned.
    project
        The file that was planned: what it declares may need files beside it.
    on_step
        Called after each step.
    """
    steps = [f"{planned_action.change.value} {planned_action.ref}" for planned_action in plan.actions]
    begun: Apply = calls.apply_start(ws, owner=plan.owner, digest=plan.digest, actions=steps, seen=plan.seen)
    acting = ws.with_(cause=begun.event)
    # What the project owns after each step: an apply that is cut off must not disown what it did not reach.
    held = [ref for ref in plan.owned if ref not in {planned_action.ref for planned_action in plan.actions}]
    try:
        for action in plan.actions:
            _carry_out(acting, begun, project, action)
            if action.change is not Change.RETIRED:
                held.append(action.ref)
            if on_step:
                on_step(action)
    except (Exception, KeyboardInterrupt) as error:  # else it would be shown as running until the next apply
        reason = str(error)[:500] or type(error).__name__
        # A later apply ended it, or the server is away: the first error tells why.
        with suppress(MeguruError):
            calls.apply_finish(acting, apply=begun.ref, owned=held, reason=reason)
        raise
    return calls.apply_finish(acting, apply=begun.ref, owned=held)


def check_same(saved: ApplyPlan, now: ApplyPlan) -> None:
    """Refuse a saved plan when the world moved, and say what did."""
    if saved.digest == now.digest:
        return
    before, after = ({action.ref: action for action in plan.actions} for plan in (saved, now))
    moved = sorted(ref for ref in {*before, *after} if before.get(ref) != after.get(ref))
    raise Conflict(
        "the saved plan is not what would be done now",
        why=f"since then {', '.join(_who(after.get(ref), ref) for ref in moved[:6]) or 'the file'} changed",
        hint="meguru plan --out FILE, look at it, and apply that one",
    )


def _who(action: PlannedAction | None, ref: str) -> str:
    moved = action.out_of_sync if action else None
    return f"{ref} ({moved.by}, {moved.at:%Y-%m-%d %H:%M:%S})" if moved else ref


def _carry_out(ws: Any, begun: Apply, project: ProjectFile, action: PlannedAction) -> None:
    if action.change is Change.RETIRED:
        calls.apply_step(ws, apply=begun.ref, ref=action.ref, expect=action.before)
        return
    carry_files(ws, project, action)
    expect = {} if action.before is None else action.before
    try:
        calls.apply_step(ws, apply=begun.ref, ref=action.ref, spec=action.spec, expect=expect)
    except InvalidInput as error:  # what could be told only when what it needs was there
        parsed = refs.parse(action.ref)
        raise placed(project, parsed.kind, parsed.name, error) from error


def _field(fault: PlanFault) -> str:
    return ".".join(filter(None, (fault.kind, fault.name, fault.field)))
