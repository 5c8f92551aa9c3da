"""A stand-in for a Kafka broker: one node that speaks the protocol of consumers, and keeps all in memory.

No Kafka can be had from a package index, so the adapter is tested with its real client against this. It has
topics of one partition, and groups with one member; it is no Kafka, and shows nothing of how one behaves when
it is busy, large or broken.
"""

from __future__ import annotations

import asyncio
import struct
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Self, TypeAlias

from aiokafka.protocol.admin import ApiVersionResponse_v0
from aiokafka.protocol.commit import (
    OffsetCommitRequest_v2,
    OffsetCommitResponse_v2,
    OffsetFetchRequest_v1,
    OffsetFetchResponse_v1,
)
from aiokafka.protocol.coordination import FindCoordinatorRequest_v0, FindCoordinatorResponse_v0
from aiokafka.protocol.fetch import FetchRequest_v4, FetchResponse_v4
from aiokafka.protocol.group import (
    HeartbeatRequest_v0,
    HeartbeatResponse_v0,
    JoinGroupRequest_v1,
    JoinGroupResponse_v1,
    LeaveGroupRequest_v0,
    LeaveGroupResponse_v0,
    SyncGroupRequest_v0,
    SyncGroupResponse_v0,
)
from aiokafka.protocol.metadata import MetadataRequest_v1, MetadataResponse_v1
from aiokafka.protocol.offset import OffsetRequest_v1, OffsetResponse_v1
from aiokafka.record.default_records import DefaultRecordBatchBuilder

API_VERSIONS, METADATA, FIND, JOIN, SYNC, BEAT, LEAVE = 18, 3, 10, 11, 14, 12, 13
FETCH, OFFSETS, COMMIT, COMMITTED = 1, 2, 8, 9
UNKNOWN_MEMBER = 25
PATIENCE = 0.1
Record: TypeAlias = tuple[bytes, list[tuple[str, bytes]]]
"""A message: its body, and its headers."""


class KafkaStandIn:
    """Listens on the loopback, in a thread of its own."""

    def __init__(self) -> None:
        self.port = 0
        self.logs: dict[str, list[Record]] = defaultdict(list)
        self.committed: dict[tuple[str, str], int] = {}
        self._members: dict[str, str] = {}
        self._generations: dict[str, int] = defaultdict(int)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"kafka://127.0.0.1:{self.port}"

    def put(self, topic: str, body: bytes, headers: Sequence[tuple[str, bytes]] = ()) -> None:
        """Append a message to a topic."""
        self.logs[topic].append((body, list(headers)))

    def start(self) -> None:
        """Listen, at the port that it had before."""
        self._call(self._listen())

    def stop(self) -> None:
        """Break all connections, and listen no more; topics and offsets stay."""
        self._call(self._break())

    def __enter__(self) -> Self:
        self._thread.start()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _call(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _break(self) -> None:
        if self._server is not None:
            self._server.close()
            for each in (serving := list(self._serving)):
                each.cancel()
            await asyncio.gather(*serving, return_exceptions=True)
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        try:
            while True:
                (size,) = struct.unpack(">i", await reader.readexactly(4))
                asked = await reader.readexactly(size)
                key, _, number, length = struct.unpack(">hhih", asked[:10])
                body = asked[10 + max(length, 0) :]
                said = struct.pack(">i", number) + (await self._answer(key, body)).encode()
                writer.write(struct.pack(">i", len(said)) + said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    async def _answer(self, key: int, body: bytes) -> Any:
        if key == FETCH:
            return await self._fetch(FetchRequest_v4.decode(body))
        answers: dict[int, tuple[Any, Callable[[Any], Any]]] = {
            METADATA: (MetadataRequest_v1, self._metadata),
            FIND: (FindCoordinatorRequest_v0, self._find),
            JOIN: (JoinGroupRequest_v1, self._join),
            SYNC: (SyncGroupRequest_v0, self._sync),
            BEAT: (HeartbeatRequest_v0, self._beat),
            LEAVE: (LeaveGroupRequest_v0, self._leave),
            OFFSETS: (OffsetRequest_v1, self._offsets),
            COMMIT: (OffsetCommitRequest_v2, self._commit),
            COMMITTED: (OffsetFetchRequest_v1, self._offsets_of),
        }
        if key == API_VERSIONS:
            known = [(each, kind.API_VERSION, kind.API_VERSION) for each, (kind, _) in answers.items()]
            return ApiVersionResponse_v0(0, [(API_VERSIONS, 0, 0), (FETCH, 4, 4), *known])
        kind, answer = answers[key]
        return answer(kind.decode(body))

    def _metadata(self, asked: Any) -> Any:
        node = (0, "127.0.0.1", self.port, None)
        names = list(self.logs) if asked.topics is None else asked.topics
        topics = [(0, name, False, [(0, 0, 0, [0], [0])]) for name in names]
        return MetadataResponse_v1([node], 0, topics)

    def _find(self, asked: Any) -> Any:
        del asked
        return FindCoordinatorResponse_v0(0, 0, "127.0.0.1", self.port)

    def _join(self, asked: Any) -> Any:
        self._generations[asked.group] += 1
        member = asked.member_id or f"member-{self._generations[asked.group]}"
        self._members[asked.group] = member
        protocol, metadata = asked.group_protocols[0]
        number = self._generations[asked.group]
        return JoinGroupResponse_v1(0, number, protocol, member, member, [(member, metadata)])

    def _sync(self, asked: Any) -> Any:
        if self._members.get(asked.group) != asked.member_id:
            return SyncGroupResponse_v0(UNKNOWN_MEMBER, b"")
        return SyncGroupResponse_v0(0, dict(asked.group_assignment)[asked.member_id])

    def _beat(self, asked: Any) -> Any:
        is_here = self._members.get(asked.group) == asked.member_id
        return HeartbeatResponse_v0(0 if is_here else UNKNOWN_MEMBER)

    def _leave(self, asked: Any) -> Any:
        if self._members.get(asked.group) == asked.member_id:
            del self._members[asked.group]
        return LeaveGroupResponse_v0(0)

    def _offsets(self, asked: Any) -> Any:
        def offset(topic: str, moment: int) -> int:
            return 0 if moment == -2 else len(self.logs[topic])

        found = [
            (topic, [(number, 0, -1, offset(topic, moment)) for number, moment in partitions])
            for topic, partitions in asked.topics
        ]
        return OffsetResponse_v1(found)

    def _commit(self, asked: Any) -> Any:
        is_here = self._members.get(asked.consumer_group) == asked.consumer_id
        error = 0 if is_here else UNKNOWN_MEMBER
        found = []
        for topic, partitions in asked.topics:
            for _, offset, _ in partitions if is_here else ():
                self.committed[asked.consumer_group, topic] = offset
            found.append((topic, [(number, error) for number, _, _ in partitions]))
        return OffsetCommitResponse_v2(found)

    def _offsets_of(self, asked: Any) -> Any:
        found = [
            (
                topic,
                [
                    (number, self.committed.get((asked.consumer_group, topic), -1), "", 0)
                    for number in numbers
                ],
            )
            for topic, numbers in asked.topics
        ]
        return OffsetFetchResponse_v1(found)

    async def _fetch(self, asked: Any) -> Any:
        wanted = [(topic, offset) for topic, partitions in asked.topics for _, offset, _ in partitions]
        if all(offset >= len(self.logs[topic]) for topic, offset in wanted):
            await asyncio.sleep(PATIENCE)
        found: list[Any] = []
        for topic, offset in wanted:
            end = len(self.logs[topic])
            found.append((topic, [(0, 0, end, end, [], _batch(self.logs[topic], offset))]))
        return FetchResponse_v4(0, found)


def _batch(log: list[Record], offset: int) -> bytes:
    """Return the messages from an offset on, as one batch."""
    if offset >= len(log):
        return b""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=2**20,
    )
    moment = int(time.time() * 1000)
    for number, (body, headers) in enumerate(log[offset:]):
        builder.append(number, timestamp=moment, key=None, value=body, headers=headers)
    made = bytearray(builder.build())
    struct.pack_into(">q", made, 0, offset)
    return bytes(made)
