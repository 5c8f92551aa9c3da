"""Answer the questions of runs, and list them."""

from __future__ import annotations

from meguru.base import refs
from meguru.base.paging import Page, check_limit
from meguru.errors import Conflict, Forbidden, NotFound
from meguru.kernel import jobs
from meguru.kernel.operations import Context, operation
from meguru.pipelines import runs, step_refs
from meguru.pipelines.approvals import store
from meguru.pipelines.approvals.types import ApprovalState, PipelineApproval
from meguru.pipelines.types import FINAL


@operation("approval.decide", permission="approval:write", on="step", refers={"step": "step_run"})
def decide(ctx: Context, *, step: str, approve: bool, note: str = "") -> PipelineApproval:
    """Answer the question of a waiting step, RUN.STEP: approve or refuse.

    Raises
    ------
    NotFound
        If the step asked nothing.
    Forbidden
        If the question is for somebody else.
    Conflict
        If it was answered already, or the run has ended.
    """
    run_id, key = step_refs.split(step)
    run = runs.get(ctx.tx, run_id)
    # Whoever works on the run looks for answers before it lets go of this row: no answer is missed.
    jobs.hold(ctx.tx, "pipeline_run", run.id)
    approval = store.of_run(ctx.tx, run.id).get(key)
    if approval is None:
        raise NotFound.of("question of this run", key, store.of_run(ctx.tx, run.id))
    if approval.state is not ApprovalState.OPEN or run.state in FINAL:
        why = (
            f"{approval.decided_by or 'nobody'}: {approval.state}"
            if approval.state is not ApprovalState.OPEN
            else run.state
        )
        raise Conflict(f"{run.id}.{key} can't be answered any more", why=why, where=run.ref)
    _check_who(ctx, approval, run.created_by)
    answer = ApprovalState.APPROVED if approve else ApprovalState.REFUSED
    answered = store.answer(ctx.tx, approval, answer, by=ctx.principal.name, at=ctx.now(), note=note[:4000])
    ctx.emit(
        "approval.approved" if approve else "approval.refused",
        f"step_run/{run.id}.{key}",
        data={
            "run": run.id,
            "step": key,
            "question": approval.question,
            "digest": approval.digest,
            "note": answered.note,
        },
        used=[run.ref],
        cause=run.event,
    )
    jobs.wake(ctx, "pipeline_run", run.id)
    return answered


@operation("approval.list", permission="pipeline:read", query=True)
def list_approvals(
    ctx: Context,
    *,
    state: ApprovalState | None = ApprovalState.OPEN,
    run: str = "",
    cursor: str = "",
    limit: int = 100,
) -> Page[PipelineApproval]:
    """List the questions of runs, oldest first; those that are open unless another state is asked for."""
    check_limit(limit)
    if run:
        ctx.check_readable("pipeline_run", run, "pipeline:read")
    mine = runs.get(ctx.tx, run).id if run else ""
    projects = ctx.readable if run else ctx.visible
    approvals = list(
        store.page(ctx.tx, state=state, run=mine, after=cursor, limit=limit + 1, projects=projects)
    )
    more = f"{approvals[limit - 1].run}.{approvals[limit - 1].step}" if len(approvals) > limit else ""
    return Page(items=approvals[:limit], next_cursor=more)


def _check_who(ctx: Context, question: PipelineApproval, starter: str) -> None:
    principal, by = ctx.principal, question.by
    project = refs.project_of(question.pipeline)
    if by is not None and principal.name != by and not principal.allows(f"approval:{by}", project):
        raise Forbidden(
            f"{principal.name} may not answer this question",
            why=f"it is for {by}, or for who holds the permission 'approval:{by}'",
        )
    if question.four_eyes and principal.name == starter:
        raise Forbidden(
            f"{principal.name} may not answer this question",
            why="who started the run may not approve it: it asks for a second pair of eyes",
        )
