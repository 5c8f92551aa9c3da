"""Who had a part in making a release: they can't be its second pair of eyes."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, literal, select

from meguru.errors import NotFound
from meguru.governance.code_policy.store import attested
from meguru.governance.persons import Persons
from meguru.governance.principals import principal_name_in
from meguru.kernel.events.schema import event
from meguru.pipelines import runs
from meguru.pipelines import store as pipelines
from meguru.registry import store as models
from meguru.releases.review import store
from meguru.releases.review.types import ReleaseAuthor
from meguru.releases.types import Release
from meguru.tracking.schema import run as tracked_run

MAX_CAUSES = 30
"""So far back a chain of causes is followed; loops of triggers are cut much earlier."""
_MADE_BY = ("trigger.", "pipeline_run.", "sweep.", "backfill.", "release.", "model_version.", "run.")
"""Events whose actor set off what came of them; who brought data or outcomes made no release."""


def authors_of(tx: Connection, release: Release, who: Persons) -> list[ReleaseAuthor]:
    """Return everybody who had a part in making a release: once a person, with the first part that they had.

    Whoever put it together or asked for its review; registered its model; started the run that made that, or
    set it off by hand; registered the pipeline, or wrote the commit that it is from, as CI told.
    """
    authors: dict[str, ReleaseAuthor] = {}
    for name, part in _parts(tx, release, who):
        person = who.of(name)
        authors.setdefault(person, ReleaseAuthor(name=name, person=person, part=part))
    return list(authors.values())


def _parts(tx: Connection, release: Release, who: Persons) -> Iterator[tuple[str, str]]:
    yield release.created_by, f"put {release.ref} together"
    request = store.request_of(tx, release.endpoint, release.version)
    for name in request.requesters if request else ():
        yield name, "asked for its review"
    starts = [release.created_event]
    try:
        model = models.resolve(tx, release.model)
    except NotFound:
        pass  # it was removed: the release can't go live, whoever made it
    else:
        yield model.created_by, f"registered {release.model}"
        starts.append(model.event)
        for ref in dict.fromkeys([model.run_ref, release.content.run]):
            yield from _starter(tx, ref)
    yield from _code(tx, release, who)
    for line in release.origin.history if release.origin else ():
        if line.type.startswith(_MADE_BY):
            yield line.actor, f"did {line.type} where it was sent from"
    for name, what in _set_off(tx, starts):
        if name in who.accounts:
            yield name, what


def _starter(tx: Connection, ref: str) -> Iterator[tuple[str, str]]:
    kind, _, name = ref.partition("/")
    if kind == "pipeline_run":
        try:
            yield runs.get(tx, name).created_by, f"started {ref}"
        except NotFound:
            return
    elif kind == "run":
        by = tx.execute(select(tracked_run.c.created_by).where(tracked_run.c.id == name)).scalar()
        if by:
            yield by, f"started {ref}"


def _code(tx: Connection, release: Release, who: Persons) -> Iterator[tuple[str, str]]:
    part = release.content.pipeline
    if part is None:
        return
    try:
        version = pipelines.resolve(tx, part.ref)
    except NotFound:
        return
    yield version.created_by, f"registered {part.ref}"
    bare = version.commit.removesuffix("+")
    for told in attested(tx, bare) if bare else ():
        wrote = f"wrote commit {bare[:12]}"
        yield told.author, wrote
        near = principal_name_in(told.author)
        if near in who.accounts:
            yield near, wrote


def _set_off(tx: Connection, starts: list[str]) -> Iterator[tuple[str, str]]:
    """Yield whoever set off what led to some events, such as by firing a trigger by hand."""
    told = ("type", "actor", "subject", "cause")
    # All chains in one statement: asked link by link, a long one costs tens of them at each look at a review.
    chain = (
        select(event.c.id.label("start"), literal(0).label("depth"), *(event.c[name] for name in told))
        .where(event.c.id.in_(starts))
        .cte("chain", recursive=True)
    )
    further = select(chain.c.start, chain.c.depth + 1, *(event.c[name] for name in told))
    further = further.join(chain, event.c.id == chain.c.cause).where(chain.c.depth < MAX_CAUSES - 1)
    chain = chain.union_all(further)
    rows = sorted(tx.execute(select(chain)), key=lambda row: (starts.index(row.start), row.depth))
    for row in rows:
        if row.type.startswith(_MADE_BY):
            set_off = f"set off {row.subject}" if row.type != "trigger.fired" else f"fired {row.subject}"
            yield row.actor, set_off
