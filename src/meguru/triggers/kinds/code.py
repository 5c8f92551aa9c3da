"""Wake when a branch of a git repository has new commits, of some of its files."""

from __future__ import annotations

import re
from typing import Any, ClassVar
from urllib.parse import urlsplit

import msgspec

from meguru.base import digests, refs
from meguru.base.paths import check_path
from meguru.base.source_secrets import Secrets, check_url
from meguru.datasets.sources.allowed_paths import resolved_path
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context
from meguru.kernel.workspace import Workspace
from meguru.pipelines import store as pipelines
from meguru.pipelines.operations import show_pipeline
from meguru.serving.operations import show as show_endpoint
from meguru.triggers.arrivals.types import SourceArrival
from meguru.triggers.kinds.consumer import agreement
from meguru.triggers.kinds.git import PROTOCOLS, GitRepository
from meguru.triggers.kinds.globs import matches_any
from meguru.triggers.kinds.listening import ByArrivals
from meguru.triggers.kinds.polled import PolledListener, PollResult, check_every

_BRANCH = re.compile(r"(?!-)[\w./+-]{1,200}", re.ASCII)
MAX_PATHS = 100


class OnCode(ByArrivals, frozen=True, kw_only=True):
    """``{"code": "https://forge/team/models.git", "branch": "main", "paths": ["train/**"]}``.

    Wakes once for each new tip of the branch that changes one of the `paths` (all by default), or one of the
    files that the newest version of the pipeline `reaches`. The repository is a URL, or a folder that may be
    looked at. With `consumer`, an endpoint, the schema that an application declares in the file `schema` of
    the repository is compared with the endpoint's contract, and the event tells whether they agree.
    """

    key: ClassVar[str] = "code"
    arrives: ClassVar[str] = "code.changed"
    names: ClassVar[dict[str, tuple[str, str]]] = {
        "reaches": ("pipeline", "pipeline:read"),
        "consumer": ("endpoint", "endpoint:read"),
    }

    code: str
    branch: str = "main"
    paths: list[str] = msgspec.field(default_factory=list)
    reaches: str = ""
    consumer: str = ""
    schema: str = "meguru-consumer.json"
    every: float = 30.0

    def check(self, ctx: Context) -> None:
        """Refuse a repository that may not be asked, and names that are none."""
        check_every(self.every)
        if not _BRANCH.fullmatch(self.branch) or ".." in self.branch:
            raise InvalidInput(f"{self.branch[:80]!r} is no branch", field="on.branch")
        if len(self.paths) > MAX_PATHS or any(not 0 < len(path) <= 300 for path in self.paths):
            raise InvalidInput(f"at most {MAX_PATHS} patterns of 300 letters", field="on.paths")
        self._repository(ctx.ws)
        if self.reaches:
            show_pipeline(ctx, ref=refs.make("pipeline", self.reaches))
        if self.consumer:
            check_path(self.schema, field="on.schema")
            show_endpoint(ctx, name=self.consumer)

    def listener(self, ws: Workspace, secrets: Secrets) -> PolledListener:
        """Return what asks the repository."""
        url = secrets.open_url(self._repository(ws), "on.code")
        mark = digests.of_bytes(f"{url} {self.branch}".encode()).removeprefix("sha256:")[:24]
        git = GitRepository(ws.cache_folder("git") / f"{mark}.git", url)

        def poll(ws: Workspace, position: dict[str, Any]) -> PollResult:
            return self._poll(ws, git, position)

        return PolledListener(of=self, every=self.every, poll=poll)

    def _repository(self, ws: Workspace) -> str:
        """Return the URL to ask, or the folder."""
        scheme = urlsplit(self.code).scheme
        if scheme in PROTOCOLS:
            check_url(self.code, "on.code")
            if not self.code.isprintable() or " " in self.code or len(self.code) > 500:
                raise InvalidInput("this is no URL", field="on.code")
            return self.code
        if scheme or "::" in self.code or self.code.startswith("-"):
            known = f"a folder, or {', '.join(PROTOCOLS)}"
            raise InvalidInput(f"{self.code[:100]!r} is no repository", why=known, field="on.code")
        return str(resolved_path(ws, self.code, "on.code"))

    def _poll(self, ws: Workspace, git: GitRepository, position: dict[str, Any]) -> PollResult:
        tip, before = git.tip(self.branch), position.get("commit", "")
        if tip == before:
            return PollResult(position=position)
        git.fetch(self.branch)
        if not before:
            return PollResult(position={"commit": tip})
        changed = git.changed(before, tip)
        wanted = self._wanted(ws, changed)
        if not wanted:
            return PollResult(position={"commit": tip})
        author, subject = git.describe(tip)
        data = {
            "source": git.shown,
            "branch": self.branch,
            "commit": tip,
            "before": before,
            "author": author,
            "message": subject,
            "paths": wanted[:MAX_PATHS],
            "changed": len(wanted),
        }
        if self.consumer:
            data["contract"] = agreement(ws, self.consumer, git.file(tip, self.schema), place=self.schema)
        arrival = SourceArrival(key=f"{self.branch}:{tip}", type=self.arrives, data=data)
        return PollResult(position={"commit": tip}, arrivals=[arrival])

    def _wanted(self, ws: Workspace, changed: list[str]) -> list[str]:
        """Return the changed files that count."""
        if not self.reaches:
            return [each for each in changed if not self.paths or matches_any(each, self.paths)]
        with ws.read() as tx:
            version = pipelines.resolve(tx, refs.make("pipeline", self.reaches))
        # The pipeline's files are named from its own folder, which may be one of the repository's.
        ends = [f"/{source.path}" for source in version.sources]
        return [each for each in changed if any(f"/{each}".endswith(end) for end in ends)]
