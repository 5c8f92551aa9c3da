"""The job that pulls a source: into blobs first, then one transaction registers the version, or nothing."""

from __future__ import annotations

import shutil
import tempfile
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from meguru.base import digests, refs
from meguru.base.library_errors import kind_and_reason, without_values
from meguru.base.source_secrets import Secrets
from meguru.datasets import spec as specs
from meguru.datasets import store as datasets
from meguru.datasets.ingest.local_files import local_files
from meguru.datasets.kind import DATASET, DatasetSpec
from meguru.datasets.manifest import load_manifest
from meguru.datasets.position import SourcePosition
from meguru.datasets.pulls import store
from meguru.datasets.pulls.show import position_of
from meguru.datasets.pulls.types import DatasetPull, PullState
from meguru.datasets.register import record
from meguru.datasets.sources import source_of
from meguru.datasets.sources.allowed_paths import resolved_path
from meguru.datasets.sources.base import SourceContext, SourceRead
from meguru.datasets.sources.chunks import FileSink
from meguru.datasets.sources.spec import SourceSpec
from meguru.datasets.types import DatasetVersion, FileEntry, Manifest, Mode
from meguru.datasets.versions.compact import given_files
from meguru.errors import Busy, Interrupted, InvalidInput, LostLease, MeguruError
from meguru.kernel.jobs import Job, Lease
from meguru.kernel.operations import Context, InternalOperation
from meguru.kernel.principals import system
from meguru.kernel.workspace import Workspace

_PULL = InternalOperation(DATASET, "pulled")
MIN_BACKOFF, MAX_BACKOFF = 60.0, 86400.0
"""Seconds to the next read after one that failed; twice as long after each further one."""


class PullJob:
    """Handles jobs of kind ``dataset_pull``; killed at any moment, the next attempt reads again.

    What a killed attempt wrote belongs to no version. The version, its position and the end of the pull are
    one transaction, in which it is proved that the newest version is still the one from which the read began.
    """

    def run(self, ws: Workspace, job: Job, lease: Lease) -> None:
        """Read, and register what came."""
        _Pulling(ws, job, lease).go()

    def abandon(self, ws: Workspace, job: Job, why: str) -> None:
        """Tell that the pull failed, and when the next one is."""
        acting = ws.with_(principal=system(refs.make("dataset", job.payload["dataset"])), cause=job.cause)
        _PULL.commit(acting, partial(_fail, pull=job.payload["pull"], why=why, hint=""))


HANDLER = PullJob()


class PullStart(NamedTuple):
    """From where a read begins: the declaration, the newest version, and how far that is read."""

    spec: DatasetSpec
    source: SourceSpec
    newest: DatasetVersion | None
    since: SourcePosition | None


class _Pulling:
    """One attempt."""

    def __init__(self, ws: Workspace, job: Job, lease: Lease) -> None:
        self.name, self.job, self.lease = str(job.payload["dataset"]), job, lease
        self.ws = ws.with_(principal=system(refs.make("dataset", self.name)))
        with ws.read() as tx:
            self.pull = store.get(tx, job.payload["pull"])
        self.secrets = Secrets()

    def go(self) -> None:
        """Read and register; what can be explained is the end of the pull, the rest is tried again."""
        if self.pull.state is not PullState.RUNNING:
            return  # an attempt before this one ended it, and was killed then
        try:
            start = self._start()
            # Named by the pull, so that what a killed attempt left on this machine is found and removed.
            mine = f"meguru-{self.pull.id}-"
            for left in Path(tempfile.gettempdir()).glob(f"{mine}*"):
                shutil.rmtree(left, ignore_errors=True)  # of an attempt that was killed
            with tempfile.TemporaryDirectory(prefix=mine) as folder:
                # Rows that are added have names of their own, which sort as they came; those of a whole,
                # always the same.
                mark = self.pull.id.partition("-")[2][:16] if start.since else ""
                sink = FileSink(Path(folder), mark=mark, proceed=self.lease.raise_if_stopped)
                read = self._read(start, sink)
                with local_files(sink.close()) as entries:
                    self._commit(start, read, entries, sink)
        except MeguruError as error:
            if isinstance(error, LostLease | Interrupted):
                raise
            if isinstance(error, Busy) and self.job.attempt < self.job.max_attempts:
                raise  # after a pause
            why = self.secrets.hide(": ".join(filter(None, (error.what, error.why))))
            hint = self.secrets.hide(error.hint)
            # What a line might be read as is shown to who has the file; what is kept is read by others, too.
            if error.field == "read.encoding":
                hint = without_values(hint)
            fail = partial(_fail, pull=self.pull.id, why=why, hint=hint)
            self.lease.commit(self.ws, _PULL, fail)
        except Exception as error:
            # A driver may repeat the address with its password; what is raised ends up in the log.
            said = kind_and_reason(error)
            if (hidden := self.secrets.hide(said)) == said:
                raise
            raise RuntimeError(hidden) from None

    def _start(self) -> PullStart:
        with self.ws.read() as tx:
            spec = specs.find(tx, self.name)
            newest = datasets.newest(tx, self.name, "")
            turn = store.find(tx, self.name)
        if spec is None or spec.source is None:
            raise InvalidInput(f"dataset {self.name!r} has no source any more")
        since = position_of(self.ws.blobs, newest, turn) if newest else None
        if self.pull.full or (since is not None and since.source != _identity(spec)):
            since = None
        return PullStart(spec, spec.source, newest, since)

    def _read(self, start: PullStart, sink: FileSink) -> SourceRead:
        blobs = self.ws.blobs
        known = _reusable(load_manifest(blobs, start.newest)) if start.newest and start.since else []
        context = SourceContext(
            secrets=self.secrets,
            blob=blobs.get_bytes,
            put=blobs.put_bytes,
            place=partial(resolved_path, self.ws),
            known=frozenset(entry.path for entry in known),
            hosts=[each.strip() for each in self.ws.settings.source_hosts.split(",") if each.strip()],
        )
        read = source_of(start.source, context).read(start.since, sink, start.spec.key)
        self.lease.raise_if_stopped()
        if read.shrunk and not self._evolves(start):
            hint = f"meguru data pull {self.name} --evolve takes it as it is, --full reads everything again"
            raise InvalidInput("the source lost rows that were read", why=read.shrunk, hint=hint)
        if read.position is None:
            return read
        position = msgspec.structs.replace(read.position, source=_identity(start.spec))
        return msgspec.structs.replace(read, position=position)

    def _commit(self, start: PullStart, found: SourceRead, entries: list[FileEntry], sink: FileSink) -> None:
        files = [*self._kept(start, sink), *entries]
        mode: Mode = "replace" if found.whole else _part(start.source.mode_for(start.spec.key))
        nothing = not entries and not found.gone and start.newest is not None
        before: list[Manifest | None] = [None]

        def agreed(ctx: Context, newest: Manifest | None, digest: str) -> None:
            # The fence: a worker whose lease ran out while it read must not write beside the one that has it
            # now.
            self.lease.check(ctx.tx)
            # Rows were read from where that version stands: after another one they would be lost or doubled.
            if digest != (start.newest.digest if start.newest else ""):
                what = "the dataset got another version while its source was read"
                raise Busy(what, why="the read goes again from there")
            before[0] = newest

        def work(ctx: Context) -> None:
            if nothing:
                self.lease.check(ctx.tx)
                self._end(ctx, start, found, start.newest, added=0)
                return
            version = record(
                ctx,
                name=self.name,
                files=files,
                mode=mode,
                schema_policy="evolve" if self.pull.evolve else "strict",
                note=self.pull.note,
                position=found.position,
                agreed=agreed,
            )
            rows = before[0].rows if before[0] else 0
            if found.whole and not self._evolves(start):
                _refuse_fewer(start.source, version.rows, rows, self.name)
            made = start.newest is None or version.digest != start.newest.digest
            came = version.rows if found.whole else sink.count
            self._end(ctx, start, found, version, added=came if made else 0)

        _PULL.commit(self.ws, work)

    def _kept(self, start: PullStart, sink: FileSink) -> list[FileEntry]:
        if not sink.kept or start.newest is None:
            return []
        entries = {entry.path: entry for entry in _reusable(load_manifest(self.ws.blobs, start.newest))}
        return [entries[path] for path in sink.kept]

    def _evolves(self, start: PullStart) -> bool:
        return self.pull.evolve or start.spec.schema_policy == "evolve"

    def _end(
        self, ctx: Context, start: PullStart, found: SourceRead, version: DatasetVersion | None, *, added: int
    ) -> None:
        assert version is not None  # noqa: S101 - who calls has made or found one
        made = start.newest is None or version.version != start.newest.version
        done = msgspec.structs.replace(
            self.pull,
            state=PullState.DONE if made else PullState.EMPTY,
            finished_at=ctx.now(),
            version=version.version,
            rows=found.rows or version.rows,
            added=added,
            position=str(found.position or ""),
        )
        store.finish(ctx.tx, done)
        # Of a version by its digest: a later version has its own position, and this one is then not read.
        moved = {"version_digest": version.digest, "position": found.position}
        stands = moved if found.position else {"version_digest": ""}
        next_at = start.source.following(ctx.now())
        store.set_turn(ctx.tx, self.name, pull="", failures=0, next_at=next_at, **stands)
        ctx.emit(
            "dataset.pulled",
            refs.make("dataset", self.name),
            data={
                "pull": done.id,
                "asked_by": done.asked_by,
                "note": done.note,
                "version": version.ref if made else "",
                "rows": done.rows,
                "added": done.added,
                "before": str(start.since or ""),
                "position": done.position,
                "told": found.shrunk,
            },
            cause=ctx.cause,
        )


def _refuse_fewer(source: SourceSpec, rows: int, before: int, name: str) -> None:
    lost = 100 * (before - rows) / before if before else 0.0
    if lost > source.max_drop_pct:
        raise InvalidInput(
            "the source has fewer rows than it had",
            why=f"{rows:,} after {before:,}: {lost:.1f} % are gone, {source.max_drop_pct:g} % may be",
            hint=f"meguru data pull {name} --evolve takes them; max_drop_pct in its declaration allows it",
        )


def _identity(spec: DatasetSpec) -> str:
    """Return what a position is of: files that are read by other words are read anew."""
    assert spec.source is not None  # noqa: S101 - who calls has looked
    read = digests.of_value(spec.read)[:8] if spec.read else ""
    return f"{spec.source.identity}{read}"


def _part(mode: str) -> Mode:
    """Return how what is new is added: a table that is replaced as a whole may also only grow."""
    return "upsert" if mode == "upsert" else "append"


def _reusable(manifest: Manifest) -> list[FileEntry]:
    """Return what the files of a version were made from, where nothing was taken from them since."""
    return given_files([file for file in manifest.files if not file.deleted and not file.merged])


def _fail(ctx: Context, *, pull: str, why: str, hint: str) -> None:
    dataset_pull: DatasetPull = store.get(ctx.tx, pull)
    turn = store.lock(ctx.tx, dataset_pull.dataset)
    if dataset_pull.state is not PullState.RUNNING:
        return
    failed = msgspec.structs.replace(
        dataset_pull, state=PullState.FAILED, finished_at=ctx.now(), error=why[:2000], hint=hint[:500]
    )
    store.finish(ctx.tx, failed)
    declared = specs.find(ctx.tx, dataset_pull.dataset)
    next_at = None
    if declared and declared.source and (regular := declared.source.following(ctx.now())):
        # Exponential backoff; the exponent is bounded, since failures go on being counted for years.
        pause = min(MAX_BACKOFF, MIN_BACKOFF * 2 ** min(turn.failures, 20))
        next_at = max(regular, ctx.now() + timedelta(seconds=pause))
    store.set_turn(ctx.tx, dataset_pull.dataset, pull="", failures=turn.failures + 1, next_at=next_at)
    ctx.emit(
        "dataset.pull_failed",
        refs.make("dataset", dataset_pull.dataset),
        data={
            "pull": pull,
            "asked_by": dataset_pull.asked_by,
            "why": failed.error,
            "failures": turn.failures + 1,
            "next_at": next_at.isoformat() if next_at else "",
        },
    )
