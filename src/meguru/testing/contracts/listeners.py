"""What every listener promises: what its source delivers is committed once, then acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from meguru.kernel.workspace import Workspace
from meguru.triggers.arrivals.types import RawArrival, SourceArrival
from meguru.triggers.kinds.listening import Listening, Receiving, SourceListener


def raw_message(body: bytes, *, key: str = "id:1", within: float | None = None) -> RawArrival:
    """Return a message as a listener hands it over."""
    return RawArrival(key=key, source="mlops.retrain", body=body, within=within)


class RecordingPort:
    """A port that keeps what is handed over, in memory; it refuses as long as it is `broken`."""

    identity = "contract 2026"
    trigger = "contract"

    def __init__(self, ws: Workspace, kind: object) -> None:
        self.ws, self._kind = ws, kind
        self.taken: dict[str, SourceArrival] = {}
        self.refused: dict[str, RawArrival] = {}
        self.deliveries = 0
        self.broken = False
        self._position: dict[str, Any] = {}
        self.is_connected = asyncio.Event()
        self._changed = asyncio.Condition()

    async def connected(self) -> None:
        self.is_connected.set()

    async def take(self, arrival: SourceArrival, position: dict[str, Any] | None = None) -> None:
        await self._keep(arrival)
        self._position = self._position if position is None else position

    async def take_raw(self, raw: RawArrival) -> None:
        assert isinstance(self._kind, Receiving)
        try:
            arrival = self._kind.read(self.ws, raw)
        except ValueError:
            raise
        except Exception:  # noqa: BLE001 - as a dead letter
            self.refused[raw.key] = raw
            return
        await self._keep(arrival)

    async def position(self) -> dict[str, Any]:
        return self._position

    async def move(self, position: dict[str, Any]) -> None:
        self._position = position

    async def until(self, reached: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until something is so."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(reached), seconds)

    async def _keep(self, arrival: SourceArrival) -> None:
        async with self._changed:
            self.deliveries += 1
            self._changed.notify_all()
            if self.broken:
                raise ConnectionError("the database is not there")
            self.taken.setdefault(arrival.key, arrival)


class ListenerContract:
    """Subclass it with a fixture `source`; what it listens to is real, or the class says what stands for it.

    `source` has ``kind`` (a trigger kind with a listener), ``put(number)``, which makes a new thing of this
    number arrive, and ``number_of(arrival)``.
    """

    keeps = True
    """Whether the source keeps for us what comes while nobody listens."""

    @staticmethod
    def run(story: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine to its end."""
        asyncio.run(story)

    @pytest.fixture
    def source(self) -> Any:
        """Return the source under test."""
        raise NotImplementedError

    def test_what_comes_is_handed_over(self, workspace: Workspace, source: Any) -> None:
        async def story(port: RecordingPort) -> None:
            for number in (1, 2, 3):
                await source.put(number)
            await port.until(lambda: len(port.taken) == 3)

        port = listen(workspace, source, story)
        assert sorted(map(source.number_of, port.taken.values())) == [1, 2, 3]

    def test_what_was_not_committed_is_delivered_again_to_the_next(
        self, workspace: Workspace, source: Any
    ) -> None:
        if not self.keeps:
            pytest.skip("this source keeps nothing for who is away")

        async def first(port: RecordingPort) -> None:
            port.broken = True
            await source.put(1)
            await port.until(lambda: port.deliveries > 0)

        async def second(port: RecordingPort) -> None:
            await port.until(lambda: len(port.taken) == 1)

        port = listen(workspace, source, first)
        assert port.taken == {}
        port = listen(workspace, source, second, port)
        assert [source.number_of(arrival) for arrival in port.taken.values()] == [1]

    def test_what_comes_while_nobody_listens_is_not_lost(self, workspace: Workspace, source: Any) -> None:
        if not self.keeps:
            pytest.skip("this source keeps nothing for who is away")

        async def nothing(port: RecordingPort) -> None:
            del port

        async def rest(port: RecordingPort) -> None:
            await port.until(lambda: len(port.taken) == 1)

        port = listen(workspace, source, nothing)
        self.run(source.put(7))
        port = listen(workspace, source, rest, port)
        assert [source.number_of(arrival) for arrival in port.taken.values()] == [7]


def listen(
    workspace: Workspace,
    source: Any,
    story: Callable[[RecordingPort], Awaitable[None]],
    before: RecordingPort | None = None,
) -> RecordingPort:
    """Run a listener until a story ends; return its port. `before` is that of one that listened before."""
    from meguru.base.source_secrets import Secrets

    async def run() -> RecordingPort:
        port = RecordingPort(workspace, source.kind)
        if before is not None:
            port._position = before._position  # noqa: SLF001 - what a restarted server finds
        kind: Listening = source.kind
        listener: SourceListener = kind.listener(workspace, Secrets())
        task = asyncio.ensure_future(listener.run(port))
        try:
            first = asyncio.ensure_future(port.is_connected.wait())
            await asyncio.wait({task, first}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
            assert port.is_connected.is_set(), task.exception() if task.done() else "it does not connect"
            await story(port)
            if port.broken:  # it ends by itself, and takes leave of its source
                await asyncio.wait({task}, timeout=60)
        finally:
            task.cancel()
            await asyncio.wait({task}, timeout=60)
        return port

    return asyncio.run(run())
