"""The places that steps take while they run: of this process's cores and memory, and of named pools."""

from __future__ import annotations

from collections.abc import Callable

from meguru.compute import executors
from meguru.compute.executors import capacity
from meguru.compute.graph import Resources, Step
from meguru.kernel.jobs import Job
from meguru.kernel.operations import Context
from meguru.pipelines.engine.record import RunRecord
from meguru.pipelines.pools import store as pools


class RunCapacity:
    """What the steps of one run hold. `call` is called when it is worth to ask again."""

    def __init__(self, record: RunRecord, job: Job, call: Callable[[], None]) -> None:
        self.record, self.job, self.call = record, job, call
        self.capacity = capacity.shared(record.ws.settings)
        self._asked: set[str] = set()
        self._refused: set[tuple[str, Resources | None]] = set()

    def retry_refused(self) -> None:
        """Forget what was refused: there may be room by now."""
        self._refused.clear()

    def take(self, step: Step) -> bool:
        """Take what a step needs; False if it must wait.

        Raises
        ------
        InvalidInput
            If it needs more than there is.
        """
        if (step.isolation, step.resources) in self._refused:
            return False  # one asks for all that need the same: a mapped step has thousands
        name = self._name(step)
        remote = executors.of(step.isolation).remote
        self.capacity.check(step, remote=remote)
        self._asked.add(name)
        if not self.capacity.take(name, step.resources, self.call, remote=remote):
            self._refused.add((step.isolation, step.resources))
            return False
        # The pool last: its place is a row, and the next step in line may be another machine's.
        if step.pool is None or self._take_place(step, step.pool):
            return True
        self.capacity.give(name)
        return False

    def devices(self, step: Step) -> list[int]:
        """Return the numbers of the accelerators that a step was given."""
        return self.capacity.devices(self._name(step))

    def give(self, step: Step) -> None:
        """Give back what a step held."""
        name = self._name(step)
        self.capacity.give(name)
        self._asked.discard(name)
        if step.pool is not None:
            self.record.on_commit(lambda ctx: pools.release(ctx.tx, name))

    def close(self) -> None:
        """Give back everything; places in pools go with the lease."""
        for name in self._asked:
            self.capacity.give(name)
        self._asked.clear()

    def _take_place(self, step: Step, pool: str) -> bool:
        # Before the step starts, in its own transaction: if we die in between, the lease frees the place.
        taken = []

        def take(ctx: Context) -> None:
            taken.append(pools.take(ctx.tx, pool, self._name(step), self.job, ctx.now()))

        self.record.commit(take)
        return taken[0]

    def _name(self, step: Step) -> str:
        return f"{self.record.run.id}.{step.key}"
