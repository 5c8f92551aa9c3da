"""The data plane without its transport: bodies in, answers out."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from enum import StrEnum
from typing import Any

import msgspec

from meguru.base import refs
from meguru.errors import Busy, NotFound
from meguru.flavors import Signature, SignatureColumn
from meguru.kernel.workspace import Workspace
from meguru.predictions.writer import Writer
from meguru.serving import answers, metrics, store
from meguru.serving.answers import PredictionResponse
from meguru.serving.contracts.reporter import ConsumerReporter
from meguru.serving.deployments import Deployments, EndpointSlot
from meguru.serving.loading import Load, from_registry
from meguru.serving.prediction_call import OnAnswered, PredictionCall
from meguru.serving.traffic.reporter import TrafficReporter
from meguru.tasks import ModelOutput

PENDING_RETRY = 5


class State(StrEnum):
    """Whether this process answers for an endpoint.

    ``pending``: nothing was released yet; ``loading``: soon; ``failed``: what is live may not be loaded;
    ``ready``: it answers.
    """

    PENDING = "pending"
    LOADING = "loading"
    FAILED = "failed"
    READY = "ready"


class EndpointStatus(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint as one server process serves it.

    `model` and `release` answer now; `live` is the model that should, and `current` says whether they are
    the same. `outputs` are those of a prediction, `outcome` is the JSON schema of the outcomes that its task
    takes. `fault` tells why what is live was refused. `signature` is what clients send in the version
    `contract`, and what they get; `contracts` are the versions that are answered. `features` are the versions
    of views that give what clients need not send, and `given` their columns, which may be sent all the same.
    """

    name: str
    state: State
    current: bool
    model: str | None = None
    release: str | None = None
    live: str | None = None
    shadow: list[str] = []
    task: str | None = None
    outputs: list[ModelOutput] = []
    outcome: dict[str, Any] | None = None
    signature: Signature | None = None
    contract: int | None = None
    contracts: list[int] = []
    features: list[str] = []
    given: tuple[SignatureColumn, ...] = ()
    fault: dict[str, str] | None = None


class PredictionService:
    """Answers prediction requests of one workspace's endpoints, in this process.

    Safe for many threads. `load` gives the bundle of a model version; the registry's by default.
    """

    def __init__(self, ws: Workspace, *, load: Load = from_registry) -> None:
        self.ws = ws
        self._deployments = Deployments(ws, load)
        self._writer: Writer | None = None
        self._stopping = threading.Event()
        reporter = ConsumerReporter(ws, self._deployments.consumers)
        self._consumers = threading.Thread(
            target=reporter.run, args=(self._stopping,), name="consumers", daemon=True
        )
        traffic = TrafficReporter(ws, self._deployments.server, self._deployments.traffic)
        self._traffic = threading.Thread(
            target=traffic.run, args=(self._stopping,), name="traffic", daemon=True
        )

    def start(self) -> None:
        """Load what is live in the background, and follow every later switch."""
        self._writer = Writer(self.ws.db)
        self._deployments.start(self._writer)
        self._consumers.start()
        self._traffic.start()

    def stop(self) -> None:
        """Answer what is under way, then stop."""
        if self._writer is None:
            return
        # In the order of the flow: first nothing new is loaded, then what waits is scored, then it is
        # recorded (and with that answered); the last counts can only be written after the last answer.
        self._deployments.stop()
        for slot in list(self._deployments.slots.values()):
            if slot.batcher is not None:
                slot.batcher.close()
        self._writer.close()
        self._stopping.set()
        self._consumers.join()
        self._traffic.join()

    def knows(self, name: str) -> bool:
        """Tell whether this process has heard of an endpoint; if not, `look_up` asks the database."""
        return name in self._deployments.slots

    def look_up(self, name: str) -> bool:
        """Tell whether there is an endpoint of this name."""
        return self._deployments.look_up(name) is not None

    def submit(
        self,
        name: str,
        body: bytes,
        done: OnAnswered,
        *,
        key: str = "",
        contract: int | None = None,
        consumer: str = "",
        explain: bool = False,
    ) -> None:
        """Have a request answered: `done` is called once, in whatever thread, with the answer.

        A request that repeats the idempotency key of an earlier one gets the earlier one's predictions.
        `contract` is the version that it speaks (None: the default one), `consumer` the principal who asks.
        """
        # No database here: this runs on the event loop. `look_up` was called before for a name that was
        # unknown.
        slot = self._deployments.slots.get(name)
        if slot is None:
            metrics.REQUESTS.labels(metrics.UNKNOWN, 404).inc()
            done(answers.of_error(self.unknown(name)))
            return
        batcher = slot.batcher
        call = PredictionCall(
            name,
            body,
            key,
            self.ws.clock.now(),
            done,
            contract=contract,
            consumer=consumer,
            explain=explain,
            log=slot.traffic,
        )
        if batcher is None:
            call.answer(_not_yet(slot))
        else:
            batcher.submit(call)

    def predict(
        self,
        name: str,
        body: bytes,
        *,
        key: str = "",
        contract: int | None = None,
        consumer: str = "",
        explain: bool = False,
    ) -> PredictionResponse:
        """Answer a request; blocks."""
        self.look_up(name)
        answer: Future[PredictionResponse] = Future()
        self.submit(
            name, body, answer.set_result, key=key, contract=contract, consumer=consumer, explain=explain
        )
        return answer.result()

    def status(self, name: str, contract: int | None = None) -> EndpointStatus:
        """Tell what this process serves at an endpoint, to who speaks a version of its contract.

        Raises
        ------
        NotFound
            If there is no such endpoint, or it does not answer this version.
        """
        slot = self._deployments.look_up(name)
        if slot is None:
            raise self.unknown(name)
        served, live = slot.served, slot.endpoint.live
        found: dict[str, Any] = {}
        if served is not None:
            view = served.view(contract)
            found = {
                "model": served.model_ref,
                "release": served.release_ref,
                "shadow": list(served.shadows),
                "task": served.task.key,
                "outputs": list(served.task.outputs()),
                "outcome": served.task.outcome_schema(),
                "signature": Signature(inputs=view.sent, outputs=served.signature.outputs),
                "contract": view.version or None,
                "contracts": list(served.contracts),
                "features": view.features.plan.refs if view.features else [],
                "given": view.known[len(view.sent) :],
            }
        return EndpointStatus(
            name=name,
            state=_state(slot),
            current=slot.is_current,
            live=live.model_ref if live else None,
            fault=slot.fault.as_dict() if slot.fault else None,
            **found,
        )

    def wait_until_current(self, name: str, *, timeout: float) -> bool:
        """Block until an endpoint answers with what is live; False if it does not in `timeout` seconds."""
        changed: threading.Condition = self._deployments.changed
        with changed:
            return changed.wait_for(lambda: self._is_current(name), timeout)

    def unknown(self, name: str) -> NotFound:
        """Return the error for an endpoint that is not there; it offers names of the same project."""
        project = refs.project_of(name)
        # A copy: the thread that follows the log puts endpoints in and takes them out meanwhile.
        known = [slot for slot in list(self._deployments.slots) if refs.project_of(slot) == project]
        return NotFound.of("endpoint", name[:200], known)

    def _is_current(self, name: str) -> bool:
        with self.ws.read() as tx:
            live = store.live(tx, name)
        slot = self._deployments.slots.get(name)
        served = slot.served if slot else None
        return bool(live and served and served.model_ref == live.model_ref)


def _state(slot: EndpointSlot) -> State:
    if slot.served is not None:
        return State.READY
    if slot.endpoint.live is None:
        return State.PENDING
    return State.FAILED if slot.fault else State.LOADING


def _not_yet(slot: EndpointSlot) -> PredictionResponse:
    name, state = slot.endpoint.name, _state(slot)
    if state is State.PENDING:
        why = f"no release of model/{slot.endpoint.model} was promoted to it"
        error = Busy(f"endpoint {name!r} has no model yet", why=why)
        return answers.of_error(error, retry_after=PENDING_RETRY)
    if slot.fault is None:
        return answers.of_error(Busy(f"endpoint {name!r} is loading its model"))
    why = f"{slot.fault.what} ({slot.fault.code})"
    error = Busy(f"endpoint {name!r} can't load its model", why=why)
    return answers.of_error(error, retry_after=PENDING_RETRY)
