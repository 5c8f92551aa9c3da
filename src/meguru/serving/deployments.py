"""Follow the event log, so that what answers is what is live.

Every server process follows by itself. A model is loaded and warmed beside the one that answers, then
one reference is replaced: no request fails or waits. One that may not be loaded is refused, and the one
before goes on answering.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from meguru.base import refs
from meguru.base.late import importing
from meguru.base.outages import Outage
from meguru.errors import InternalError, MeguruError
from meguru.flavors.warm import warm_up
from meguru.kernel import events
from meguru.kernel.workspace import Workspace
from meguru.serving import metrics, store
from meguru.serving.contracts import store as contracts
from meguru.serving.contracts.types import Contract
from meguru.serving.loading import Load, Loader
from meguru.serving.reporter import Reporter
from meguru.serving.traffic.log import RequestLog
from meguru.serving.types import Endpoint, UsedFeatures

if TYPE_CHECKING:
    from meguru.flavors import Predictor
    from meguru.predictions.writer import Writer
    from meguru.serving.batcher import Batcher
    from meguru.serving.contracts.counts import ConsumerCounts
    from meguru.serving.features.enrichment import FeatureInputs
    from meguru.serving.loaded_model import LoadedModel

log = logging.getLogger(__name__)
FOLLOWED = (
    "endpoint.created",
    "endpoint.updated",
    "endpoint.retired",
    "endpoint.switched",
    "endpoint.shadowed",
    "contract.created",
    "contract.preferred",
    "contract.retired",
)
IDLE_SECONDS, SOONEST_SECONDS = 30.0, 0.1
RETRY_SECONDS = (1.0, 2.0, 5.0, 15.0, 60.0)


class EndpointSlot:
    """An endpoint as this process knows it: what it should serve, what serves, and why not."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.contracts: list[Contract] = []
        self.batcher: Batcher | None = None
        self.traffic = RequestLog()
        self.fault: MeguruError | None = None
        self.attempts = 0
        self.retry_at = 0.0

    @property
    def served(self) -> LoadedModel | None:
        """What answers now."""
        return self.batcher.served if self.batcher else None

    @property
    def is_current(self) -> bool:
        """Whether what answers is what should."""
        served, live = self.served, self.endpoint.live
        if served is None or live is None:
            return served is None and live is None
        return (served.model_ref, served.release_ref) == (live.model_ref, live.release_ref)

    @property
    def is_loaded(self) -> bool:
        """Whether there is nothing left to load."""
        served = self.served
        if served is None or self.endpoint.live is None:
            return self.is_current
        same = (set(served.shadows), served.record) == (set(self.endpoint.shadow), self.endpoint.record)
        return self.is_current and same and list(served.contracts.values()) == self.contracts


class Deployments:
    """The endpoints of this process, kept true by one thread."""

    def __init__(self, ws: Workspace, load: Load) -> None:
        self.slots: dict[str, EndpointSlot] = {}
        self.changed = threading.Condition()
        self._lookup_lock = threading.Lock()
        self._ws, self._loader = ws, Loader(ws, load)
        self._reporter = Reporter(ws)
        self._writer: Writer | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="deployments", daemon=True)

    def start(self, writer: Writer) -> None:
        """Load in the background what is live, then follow."""
        self._writer = writer
        self._reporter.start()
        self._thread.start()

    def stop(self) -> None:
        """Stop following; what answers goes on until its batcher is closed."""
        self._stop.set()
        self._ws.notify()
        self._thread.join()
        self._reporter.stop()

    def look_up(self, name: str) -> EndpointSlot | None:
        """Return an endpoint, asking the database if this process has not heard of it yet."""
        if (slot := self.slots.get(name)) is not None:  # nearly always, and then without a lock
            return slot
        # Read and put in under one lock: a request that read just before the endpoint was retired must not
        # put it back after `_remove` has removed it; nobody would take it out a second time.
        with self._lookup_lock:
            if name not in self.slots:
                with self._ws.read() as tx:
                    endpoint = store.find(tx, name)
                if endpoint is not None:
                    self.slots[name] = EndpointSlot(endpoint)
            return self.slots.get(name)

    @property
    def server(self) -> str:
        """What this process is called."""
        return self._reporter.server

    def traffic(self) -> dict[str, RequestLog]:
        """Return the requests that were answered, by endpoint."""
        return {name: slot.traffic for name, slot in list(self.slots.items())}

    def consumers(self) -> dict[str, ConsumerCounts]:
        """Return who was answered lately, by endpoint."""
        slots = list(self.slots.items())
        return {name: slot.batcher.consumers for name, slot in slots if slot.batcher is not None}

    def _run(self) -> None:
        seen: int | None = None
        outage = Outage(log)
        while not self._stop.is_set():
            try:
                seen = self._follow(seen)
            except Exception as error:  # noqa: BLE001 - the thread must outlive a database that is away
                outage.failed(error, "endpoints could not follow the log")
                self._stop.wait(1)
            else:
                outage.worked("endpoints follow the log")

    def _follow(self, seen: int | None) -> int:
        """Take up what events since `seen` changed; return the event to go on after.

        What it raises leaves `seen` as it was with the caller: the same events are looked at again.
        """
        if seen is None:
            # Head and names in one transaction: what is declared after it is told by an event after this
            # head.
            with self._ws.read() as tx:
                seen = events.head(tx)
                names = store.names(tx)
            for name in names:  # all at once: the first may take long to load
                self._enroll(self.look_up(name))
        else:
            wakes, timeout = FOLLOWED.__contains__, self._rest()
            head = events.wait(self._ws, after=seen, timeout=timeout, wakes=wakes, stop=self._stop)
            names = self._changed_since(seen, head)
            seen = head
        now = time.monotonic()
        known = list(self.slots.items())
        due = [name for name, slot in known if slot.fault and slot.retry_at <= now]
        for name in dict.fromkeys([*names, *due]):
            if not self._stop.is_set():
                self._reconcile(name)
        return seen

    def _rest(self) -> float:
        """Return the seconds to the next moment at which what could not be loaded is tried again."""
        retries = [slot.retry_at for slot in list(self.slots.values()) if slot.fault]
        return min([IDLE_SECONDS, *(max(SOONEST_SECONDS, each - time.monotonic()) for each in retries)])

    def _changed_since(self, after: int, until: int) -> list[str]:
        names: dict[str, None] = {}
        while after < until:
            with self._ws.read() as tx:
                found = events.read(tx, after=after, before=until + 1, types=FOLLOWED)
            names |= dict.fromkeys(refs.parse(event.subject).name for event in found)
            after = found[-1].seq if found else until
        return list(names)

    def _reconcile(self, name: str) -> None:
        slot = self.look_up(name)
        if slot is None:
            return
        with self._ws.read() as tx:
            endpoint = store.find(tx, name)
            agreed = contracts.of(tx, name)
        if endpoint is None:
            self._remove(name)
            return
        if (endpoint, agreed) != (slot.endpoint, slot.contracts):
            slot.attempts = 0  # what is to be served is new: no waiting for what failed before
        slot.endpoint, slot.contracts = endpoint, agreed
        self._enroll(slot)
        try:
            if endpoint.live is None:
                warm_up()  # its first model is surely on its way
            if not slot.is_loaded:
                self._switch_model(slot)
            slot.fault, slot.attempts = None, 0
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a model, the old one stays
            self._note_failure(slot, error)
        with self.changed:
            self.changed.notify_all()
        # After the waiters: they are in this process, and need not wait for what is written for the others.
        if endpoint.live is not None:
            self._reporter.report(endpoint.live, slot.served, slot.fault)

    def _enroll(self, slot: EndpointSlot | None) -> None:
        if slot is not None and slot.endpoint.live is not None:
            self._reporter.enroll(slot.endpoint.name)

    def _remove(self, name: str) -> None:
        """Let a retired endpoint answer no more; requests that wait are answered first."""
        with self._lookup_lock:
            slot = self.slots.pop(name)
        if slot.batcher is not None:
            slot.batcher.close()
        self._reporter.forget(name)
        with self.changed:
            self.changed.notify_all()

    def _switch_model(self, slot: EndpointSlot) -> None:
        live = slot.endpoint.live
        if live is None or self._writer is None:
            return
        with importing:  # what scores is needed where something is live
            from meguru.serving.batcher import Batcher
            from meguru.serving.loaded_model import rehearsed
        model = self._loader.get(live.model_ref)
        shadows, shadow_features, fault = self._shadows(slot.endpoint)
        served = rehearsed(
            model,
            endpoint=live.endpoint,
            model_ref=live.model_ref,
            release_ref=live.release_ref,
            shadows=shadows,
            record=slot.endpoint.record,
            max_rows=self._ws.settings.max_rows,
            contracts=slot.contracts,
            inputs=live.inputs,
            features=self._features(live.features, model.predictor),
            shadow_features=shadow_features,
        )
        if slot.batcher is None:
            slot.batcher = Batcher(slot.endpoint.name, self._ws.db, self._writer, slot.traffic)
        # One assignment is the whole change-over: a request is answered by the model before, or by this one.
        before, slot.batcher.served = slot.batcher.served, served
        if before is None or before.model_ref != served.model_ref:
            metrics.SWITCHES.labels(slot.endpoint.name).inc()
        log.info("endpoint %s answers with %s", slot.endpoint.name, live.model_ref)
        self._loader.trim(self._used())
        if fault:  # a shadow's: the model answers by now, and the shadow is tried again after a delay
            raise fault

    def _shadows(
        self, endpoint: Endpoint
    ) -> tuple[dict[str, Predictor], dict[str, FeatureInputs], Exception | None]:
        """Return the shadows that can be asked, with the features of those that learned from some."""
        shadows: dict[str, Predictor] = {}
        features: dict[str, FeatureInputs] = {}
        fault: Exception | None = None
        for ref in endpoint.shadow:
            try:
                predictor = self._loader.get(ref).predictor
                with importing:
                    from meguru.serving.features.origin import features_of
                with self._ws.read() as tx:
                    used = features_of(tx, self._ws.blobs, ref)
                if own := self._features(used, predictor):
                    features[ref] = own
                shadows[ref] = predictor
            except Exception as error:  # noqa: BLE001 - a shadow must not keep the model from going live
                fault = error
        return shadows, features, fault

    def _features(self, used: UsedFeatures | None, predictor: Predictor) -> FeatureInputs | None:
        if used is None:
            return None
        with importing:
            from meguru.serving.features.enrichment import FeatureInputs
            from meguru.serving.features.load import load_plan
            from meguru.serving.features.values import values_of
        with self._ws.read() as tx:
            plan = load_plan(tx, self._ws.blobs, used)
        return FeatureInputs(plan, predictor.signature, values_of(self._ws))

    def _used(self) -> list[str]:
        served = [slot.served for slot in list(self.slots.values())]
        return [ref for model in served if model for ref in (model.model_ref, *model.shadows)]

    def _note_failure(self, slot: EndpointSlot, error: Exception) -> None:
        name = slot.endpoint.name
        metrics.LOAD_FAILURES.labels(name).inc()
        known = isinstance(error, MeguruError)
        log.error("endpoint %s can't take up what is to be live: %s", name, error, exc_info=not known)
        slot.fault = (
            error
            if isinstance(error, MeguruError)
            else InternalError("the model can't be loaded", why=str(error))
        )
        delay = RETRY_SECONDS[min(slot.attempts, len(RETRY_SECONDS) - 1)]
        slot.attempts, slot.retry_at = slot.attempts + 1, time.monotonic() + delay
