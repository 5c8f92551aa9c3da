"""The questions of one run: asked once, looked up until people have answered or time is up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection

from meguru.base import digests
from meguru.compute.graph import Approval, Constant, FromParameter, FromStep, Input, Step
from meguru.kernel.operations import Context
from meguru.pipelines.approvals import store
from meguru.pipelines.approvals.types import ApprovalState, PipelineApproval
from meguru.pipelines.engine.record import RunRecord
from meguru.pipelines.outputs import Outputs

_SHOWN = 500


class Questions:
    """The open questions of a run, by step."""

    def __init__(self, record: RunRecord) -> None:
        self.record, self.ws = record, record.ws
        self.open: dict[str, PipelineApproval] = {}

    def ask(self, tx: Connection, step: Step, outputs: Outputs) -> None:
        """Ask a step's question, unless an earlier attempt at this run did."""
        run = self.record.run
        approval = store.of_run(tx, run.id).get(step.key)
        if approval is not None:
            self.open[step.key] = approval
            return
        about, now = step.approval or Approval(question=step.key), self.ws.clock.now()
        question = PipelineApproval(
            run=run.id,
            step=step.key,
            pipeline=run.pipeline,
            question=about.question,
            by=about.by,
            four_eyes=about.four_eyes,
            shown={name: self._text(given, outputs) for name, given in step.inputs.items()},
            digest=digests.of_value([about.question, self.record.steps[step.key].key]),
            asked_at=now,
            deadline=now + timedelta(seconds=about.timeout) if about.timeout else None,
        )
        self.open[step.key] = question
        self.record.change(self.record.steps[step.key], started_at=now)
        self.record.on_commit(lambda ctx: store.ask(ctx.tx, question))
        data = {"question": question.question, "by": question.by, "digest": question.digest}
        self.record.add_event("approval.requested", step.key, data)

    def answered(self, tx: Connection) -> Iterator[tuple[str, bool]]:
        """Yield each question that was answered, or whose time is up, with the answer."""
        if not self.open:
            return
        approvals, now = store.of_run(tx, self.record.run.id), self.ws.clock.now()
        for key in list(self.open):
            question = approvals.get(key)
            if question is None:  # it is asked in the next commit
                continue
            if question.state is ApprovalState.OPEN:
                if question.deadline is None or question.deadline > now:
                    continue
                self._expire(question, now)
            del self.open[key]
            yield key, question.state is ApprovalState.APPROVED

    def is_answered(self, tx: Connection) -> bool:
        """Tell whether an answer to an open question is there."""
        approvals = store.of_run(tx, self.record.run.id)
        return any(approvals[key].state is not ApprovalState.OPEN for key in self.open if key in approvals)

    def deadline(self) -> datetime | None:
        """Return when the first open question closes by itself."""
        return min((approval.deadline for approval in self.open.values() if approval.deadline), default=None)

    def _expire(self, question: PipelineApproval, now: datetime) -> None:

        def expire(ctx: Context) -> None:
            store.answer(
                ctx.tx, question, ApprovalState.EXPIRED, by=None, at=now, note="nobody answered in time"
            )

        self.record.on_commit(expire)
        self.record.add_event("approval.expired", question.step, {"question": question.question})

    def _text(self, given: Input, outputs: Outputs) -> str:
        """Say in a few words what is shown with a question."""
        if isinstance(given, Constant):
            return repr(given.value)[:_SHOWN]
        if isinstance(given, FromParameter):
            return repr(self.record.run.params[given.name])[:_SHOWN]
        if isinstance(given, FromStep):
            values = outputs.of(given)
            if len(values) == 1 and values[0].kind == "plain" and values[0].size < 4 * _SHOWN:
                return outputs.blobs.get_bytes(values[0].digest).decode()[:_SHOWN]
            return ", ".join(f"{value.kind} {value.digest[:12]}" for value in values)[:_SHOWN]
        return ", ".join(self._text(item, outputs) for item in given.items)[:_SHOWN]
