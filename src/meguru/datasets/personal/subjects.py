"""Who is meant by some values: what became of them where a column is treated, and what else tells the person.

A table that was made from a person's rows may lack the column that tells who they are. Where the rows have
another column that tells one of them from the others (the dataset's key, or one that is tagged personal) and
its value is no other person's, the tables that were made from these rows are searched for that value, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from meguru.artifacts.erasure import ErasureSubject, is_text_like
from meguru.artifacts.erasure.redaction import is_telling
from meguru.artifacts.lineage import made_from
from meguru.base import refs
from meguru.datasets.personal import store
from meguru.datasets.personal.encrypted import encrypted_values
from meguru.datasets.personal.rewrite import FileRewriter, present_rows
from meguru.datasets.personal.treatment import treatment_of
from meguru.datasets.redaction import PERSONAL
from meguru.datasets.spec import spec_of
from meguru.datasets.types import DatasetVersion, Manifest
from meguru.errors import InvalidInput
from meguru.kernel.operations import Context
from meguru.kernel.workspace import Workspace

if TYPE_CHECKING:
    import polars as pl

_MAX_LENGTH = 1000
_MAX_VALUES = 20
_MAX_FOLLOWED = 10_000
"""So many values of a key are followed into what was made from a person's rows."""


def check_who(who: Mapping[str, list[str]]) -> None:
    """Refuse what tells nobody."""
    values = [value for each in who.values() for value in each]
    if not (0 < len(who) <= _MAX_VALUES and all(who.values()) and len(values) <= _MAX_VALUES):
        raise InvalidInput(f"1 to {_MAX_VALUES} values tell who it is", field="who")
    for text in (*who, *values):
        if not 0 < len(text.strip()) <= len(text) <= _MAX_LENGTH:
            raise InvalidInput(
                "a column and a value tell who it is", field="who", why=f"up to {_MAX_LENGTH:,} characters"
            )


def subject_of(ctx: Context, who: Mapping[str, list[str]]) -> ErasureSubject:
    """Return who it is: the values, and what became of them where a column is hashed or encrypted."""
    found: dict[str, list[str]] = {}
    for column, values in who.items():
        found[column] = list(values)
        with ctx.ws.read() as tx:
            treatments = store.treatments(tx, column)
            versions = store.all_versions(tx, None) if "encrypt" in treatments else []
        # Both are searched for: a column may have been hashed once and be encrypted now.
        if treatments & {"hash", "encrypt"} and (how := treatment_of(ctx.ws, {column: "hash"})):
            for value in values:
                found[column] += [how.hash(value), *encrypted_values(ctx.blobs, versions, column, value, how)]
    return ErasureSubject(found)


class FollowedRows:
    """What else tells a person in tables that were made from their rows."""

    def __init__(self, ws: Workspace, subject: ErasureSubject) -> None:
        self._ws, self._subject = ws, subject
        self._by_ref: dict[str, dict[str, set[str]]] = {}
        self._made: set[str] = set()
        self.followed: dict[str, int] = {}
        """How many values of which columns were followed."""

    def add(self, version: DatasetVersion, manifest: Manifest, rewriter: FileRewriter) -> None:
        """Learn from a version that has rows of the person."""
        with self._ws.read() as tx:
            spec = spec_of(tx, version.name)
            made = {ref for ref in made_from(tx, version.ref) if ref.startswith("dataset/")}
        own = refs.make("dataset", version.name) + "@"
        made = {ref for ref in made if not ref.startswith(own)}
        self._made |= made
        tagged = {name for name, each in spec.columns.items() if PERSONAL in each.tags}
        names = {*manifest.key, *spec.key, *tagged} - self._subject.columns
        names &= {column.name for column in manifest.columns}
        if not (made and names):
            return
        files = [file for file in manifest.files if rewriter.found(manifest, file)]
        for name in sorted(names):
            values = _only_theirs(
                present_rows(self._ws.blobs, manifest, files),
                present_rows(self._ws.blobs, manifest, manifest.files),
                self._subject,
                name,
            )
            for ref in made if values else ():
                self._by_ref.setdefault(ref, {}).setdefault(name, set()).update(values)
            self.followed[name] = max(self.followed.get(name, 0), len(values))

    def renamed(self, version: DatasetVersion, manifest: Manifest) -> dict[str, int]:
        """Return in how many rows other columns of text have a value that tells the person.

        Only of what was made from their rows, where the column may be called otherwise. It may be somebody
        who refers to them, so the rows stay until the column is named, too.
        """
        telling = [each for values in self._subject.who.values() for each in values if is_telling(each)]
        if version.ref not in self._made or not telling:
            return {}
        found = {}
        for column in version.columns:
            if column.type == "String" and column.name not in self._subject.columns:
                rewriter = FileRewriter(self._ws.blobs, ErasureSubject({column.name: telling}))
                if count := sum(rewriter.found(manifest, file) for file in manifest.files):
                    found[column.name] = count
        return found

    def subject(self, version: DatasetVersion) -> ErasureSubject:
        """Return who is looked for in a version: by more columns if it was made from their rows."""
        more = self._by_ref.get(version.ref)
        if not more or self._subject.is_in(column.name for column in version.columns):
            return self._subject
        who = {**self._subject.who, **{name: sorted(values) for name, values in more.items()}}
        return ErasureSubject(who, self._subject.places)


def _only_theirs(
    having: Iterable[pl.LazyFrame], every: Iterable[pl.LazyFrame], subject: ErasureSubject, name: str
) -> set[str]:
    """Return the values of a column that rows of the person have, and no row of anybody else."""
    import polars as pl

    theirs: set[str] = set()
    for rows in having:
        schema = rows.collect_schema()
        if name in schema and is_text_like(schema[name]):
            found = rows.filter(subject.rows(schema)).select(pl.col(name).cast(pl.String).unique())
            theirs.update(found.collect(engine="streaming")[name].drop_nulls())
    # So many values are no longer those of one person: following them would take the rows of others.
    if not 0 < len(theirs) <= _MAX_FOLLOWED:
        return set()
    for rows in every:
        schema = rows.collect_schema()
        if name in schema:
            values = pl.col(name).cast(pl.String)
            others = rows.filter(~subject.rows(schema) & values.is_in(sorted(theirs))).select(values.unique())
            # A value that anybody else has, too, tells nobody: a shared household or carrier must not be
            # erased.
            theirs -= set(others.collect(engine="streaming")[name])
    return theirs
