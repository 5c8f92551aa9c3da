"""Training sets: the rows that are given, with what was known of their entities at their moments."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from meguru.errors import InvalidInput
from meguru.features.offline.cache import cached_rows
from meguru.features.offline.frames import as_frame
from meguru.features.offline.join import STATUSES, Match, feature_values, matched
from meguru.features.offline.keys import require_columns
from meguru.features.offline.on_demand import AskingRows, Computer, computer
from meguru.features.offline.row_files import CachedRows
from meguru.features.offline.times import as_moments
from meguru.features.types import FeatureSet, PinnedView
from meguru.storage.blobs import BlobStore

if TYPE_CHECKING:
    import polars as pl

_THREADS = 2
"""Views that are joined at a time: NumPy and Polars let go of the interpreter, and more threads compete for
memory."""
_MIN_ROWS_FOR_THREADS = 50_000
CHUNK = 1_000_000
"""So many rows are joined at a time: beside them and their result little memory is used."""


class JoinOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a training set is put together.

    `time` is the column of moments (empty: only what holds always is asked for), `on` by key of a view the
    column that has it. `ages` and `statuses` add ``view__age`` (how old what holds is) and ``view__status``.
    """

    time: str = ""
    on: Mapping[str, str] = {}
    ages: bool = False
    statuses: bool = False


class Opened(NamedTuple):
    """A view and its rows, ready to be asked."""

    view: PinnedView
    rows: CachedRows


def load_set(blobs: BlobStore, digest: str) -> FeatureSet:
    """Return the feature set that a digest names."""
    return msgspec.json.decode(blobs.get_bytes(digest), type=FeatureSet)


def training(
    blobs: BlobStore, chosen: FeatureSet, frame: Any, options: JoinOptions, folder: Path | None = None
) -> pl.DataFrame:
    """Return a frame with the features that were known of each row's entities at its moment.

    Exactly one row comes out for one row that goes in, in the same order. What was not known is null, or the
    view's default.

    Raises
    ------
    InvalidInput
        If a key or the time is missing, or a feature is called like a column that is there.
    """
    given = as_frame(frame)
    opened = open_views(blobs, chosen, folder)
    demanded = {one.ref: computer(blobs, one, folder) for one in opened if not isinstance(one, Opened)}
    return joined(given, opened, options, full_names=chosen.full_names, demanded=demanded)


def joined(
    given: pl.DataFrame,
    opened: Sequence[Opened | PinnedView],
    options: JoinOptions,
    *,
    full_names: bool = False,
    demanded: Mapping[str, Computer] | None = None,
) -> pl.DataFrame:
    """Return a frame with the features of views that are open; see `training`.

    `demanded` computes the features of those that are computed on demand.
    """
    import polars as pl

    _check_keys(opened, options.on)
    names = output_names(opened, full_names=full_names)
    # Refused rather than overwritten: the frame's own column may be the label.
    if taken := [name for listed in names.values() for name in listed.values() if name in given.columns]:
        hint = "drop the column, or take full names (full_names = true): view__feature"
        raise InvalidInput(f"the frame has a column {taken[0]!r} already", hint=hint, field=taken[0])
    moments = moments_of(given, opened, options.time)
    parts = []
    for start in range(0, max(given.height, 1), CHUNK):
        part = given.slice(start, CHUNK)
        when = None if moments is None else moments.slice(start, CHUNK)
        parts.append(_part(AskingRows(part, when, options.on), opened, names, options, demanded or {}))
    found = parts[0] if len(parts) == 1 else pl.concat(parts, rechunk=False)
    return given.hstack(found) if found.width else given


def _check_keys(opened: Sequence[Opened | PinnedView], on: Mapping[str, str]) -> None:
    """Refuse a name for a key that no view has."""
    views = [one.view if isinstance(one, Opened) else one for one in opened]
    known = {key for view in views for each in (view, *view.inputs) for key in each.definition.keys}
    if unknown := sorted(set(on) - known):
        hint = f"keys are {', '.join(sorted(known))}"
        raise InvalidInput(f"no view has the key {unknown[0]!r}", field="on", hint=hint)


def open_views(blobs: BlobStore, chosen: FeatureSet, folder: Path | None) -> list[Opened | PinnedView]:
    """Return the views of a set with their rows; those that are computed on demand as they are."""
    return [
        view if view.definition.form == "on_demand" else Opened(view, cached_rows(blobs, view, folder))
        for view in chosen.views
    ]


def features_of(one: Opened | PinnedView) -> list[str]:
    """Return the features that are taken of a view.

    Raises
    ------
    InvalidInput
        If it has no such feature.
    """
    view = one.view if isinstance(one, Opened) else one
    known = list(one.rows.about.features if isinstance(one, Opened) else view.definition.features)
    for name in view.picked:
        if name not in known:
            hint = f"it has {', '.join(known[:20])}"
            raise InvalidInput(f"{view.ref} has no feature {name!r}", hint=hint, field=name)
    return list(view.picked) or known


def output_names(opened: Sequence[Opened | PinnedView], *, full_names: bool) -> dict[str, dict[str, str]]:
    """Return by view what each of its features is called in the result.

    Raises
    ------
    InvalidInput
        If two views have a feature of the same name.
    """
    names: dict[str, dict[str, str]] = {}
    seen: dict[str, str] = {}
    for one in opened:
        view = one.view if isinstance(one, Opened) else one
        listed = {name: f"{view.name}__{name}" if full_names else name for name in features_of(one)}
        for name in listed.values():
            if name in seen:
                why = f"{seen[name]} and {view.ref} both have it"
                hint = "pick single features, or take full names (full_names = true): view__feature"
                raise InvalidInput(f"two features are called {name!r}", why=why, hint=hint, field=name)
            seen[name] = view.ref
        names[view.ref] = listed
    return names


def moments_of(frame: pl.DataFrame, opened: Sequence[Opened | PinnedView], time: str) -> pl.Series | None:
    """Return the moments that are asked for, in UTC; None when no view needs any.

    Raises
    ------
    InvalidInput
        If a view's values hold from a time on, and nobody says which moments are meant.
    """
    if not time:
        views = [one.view if isinstance(one, Opened) else one for one in opened]
        for view in [each for one in views for each in (one, *one.inputs)]:
            if view.definition.time:
                hint = "say which column has the moments: time=…"
                what = f"values of {view.ref} hold from a time on"
                raise InvalidInput(what, why="it must be known when each row asks", hint=hint)
        return None
    require_columns(frame, [time], what="the frame", field="time")
    return as_moments(frame[time], what="the frame", field="time")


def _part(
    asking: AskingRows,
    opened: Sequence[Opened | PinnedView],
    names: Mapping[str, Mapping[str, str]],
    options: JoinOptions,
    demanded: Mapping[str, Computer],
) -> pl.DataFrame:
    import polars as pl

    stored = [one for one in opened if isinstance(one, Opened)]

    def ask(one: Opened) -> list[pl.Series]:
        found = matched(one.rows, asking.frame, asking.moments, one.view.definition.ttl, asking.on)
        return list(_columns(one, found, names[one.view.ref], options))

    if len(stored) > 1 and asking.frame.height > _MIN_ROWS_FOR_THREADS:
        with ThreadPoolExecutor(_THREADS) as threads:
            done = list(threads.map(ask, stored))
    else:
        done = [ask(one) for one in stored]
    by_view = {one.view.ref: columns for one, columns in zip(stored, done, strict=True)}
    for one in opened:
        if not isinstance(one, Opened):
            made = demanded[one.ref](asking)
            by_view[one.ref] = [made[name].alias(title) for name, title in names[one.ref].items()]
    return pl.DataFrame([column for name in names for column in by_view[name]])


def _columns(
    opened: Opened, found: Match, names: Mapping[str, str], options: JoinOptions
) -> Iterator[pl.Series]:
    import polars as pl

    for name, title in names.items():
        yield feature_values(opened.rows, found, name, opened.view.definition).alias(title)
    if options.ages:
        yield found.ages.cast(pl.Duration("us")).alias(f"{opened.view.name}__age")
    if options.statuses:
        words = pl.Series(STATUSES, dtype=pl.Enum(STATUSES))
        yield words.gather(pl.Series(found.statuses).cast(pl.UInt32)).alias(f"{opened.view.name}__status")


def digest_of(frame: pl.DataFrame) -> str:
    """Return the digest of a frame's rows: names, types and values, in their order, whatever their chunks."""
    state = hashlib.sha256()
    # In parts of one size: the digest must not depend on how the frame was put together, nor need it twice in
    # memory.
    plain = frame.rechunk()
    for start in range(0, max(plain.height, 1), CHUNK):
        sink = BytesIO()
        plain.slice(start, CHUNK).rechunk().write_ipc_stream(sink)
        state.update(sink.getbuffer())
    return state.hexdigest()
