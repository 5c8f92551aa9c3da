"""What is said of a kind of thing, once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from meguru.base import refs
from meguru.base.late import late_module
from meguru.errors import InternalError
from meguru.kernel.kinds.event_types import Payload, event_types


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A thread that a server runs beside answering.

    `factory` is ``module:attribute`` of a callable that takes the workspace and returns something with
    ``run(stop: threading.Event)``.
    """

    name: str
    factory: str


class FieldMembers(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a spec, ``KIND.FIELD``, that holds a member (or a list of members) of a plug-in family.

    `family` is the place of the `PluginFamily` whose members are structs. `tag` is the key in which the
    member's name stands beside its fields; not `required` where a member is recognised by a field of its own.
    `also` is the place of a struct of what every member takes beside its own fields.
    """

    field: str
    family: str
    tag: str
    required: bool = True
    also: str = ""


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of thing. Places are given as ``module:attribute`` (or ``module``) and loaded on first use.

    Attributes
    ----------
    name
        The kind in references (``endpoint`` in ``endpoint/NAME``) and the noun of its operations and events.
    title
        What one is called in messages, with its plural: ``("endpoint", "endpoints")``.
    named
        True when people choose the name, which may have a project before it (``team/delay``); False for
        things that have an id, whose project is that of what they belong to (`project_of`).
    shared
        True when all projects share them: a name has no project, everybody who may read somewhere sees them,
        and who changes one needs the right in every project.
    qualify
        For named things whose names are titles, of any text: a function ``(ws, text) -> text`` that returns
        the qualified name, ``PROJECT/TITLE``; a slash in a title does not say which part is a project.
    versioned
        True when references to one version end in ``@N``.
    tables, operations
        Modules that declare its tables and its operations.
    events
        The payloads of the events that tell of it, each marked by `event_type`.
    grants
        For each role, the verbs of this kind that it may do; ``*`` for all. Owners may do everything, and
        every role but `service` may read.
    spec
        What people declare and may change, as a frozen struct; None for what merely happens.
    spec_store
        The module with ``find``, ``check``, ``uses``, ``save`` and ``retire`` of its specs; see
        `declarations.SpecStore`.
    section
        The table of a project file in which such things are declared; by default the kind's name.
    section_type
        What people write there, where it is not the spec itself (files instead of their digests): a frozen
        struct, made into the spec's fields by `prepare`.
    prepare
        A function ``(folder, name, fields) -> fields of the spec`` that runs where the project file is, each
        time a plan is made: it reads files, and changes nothing. `folder` is the project's, `fields` are what
        is written, as plain values.
    upload
        A function ``(workspace, folder, name, fields of the spec) -> None`` that uploads what a declaration
        needs and no spec holds (the bytes of files), just before the thing is declared. Idempotent.
    members
        Fields of specs, also of other kinds, that hold members of a family of this kind: for the schema and
        the reference of project files.
    applied_last
        True when an apply declares such things last: the data that comes with them (a dataset's rows) fires
        triggers, which are there by then.
    project_of
        For things with an id: a function ``(tx, id) -> project | None``, None when there is no such thing.
    jobs
        The handler of each kind of job that belongs to it.
    job_threads
        So many threads of a server work on these jobs alone; 0: they share those of all jobs.
    services
        What a server runs for it beside answering.
    internal
        The verbs that only the system does, each with who does it and why; see `InternalOperation`.
    provides
        What it gives to those below it, which may not import it: by family, its member of that family
        (`kinds.provided`).
    page
        The console's page of one, with ``{name}`` and, when versioned, ``{version}`` in it. Its address is
        within the project of the name; the id of a part, after ``#``, holds the name with its project.
    newest_page
        Of a versioned kind, where a reference without a version leads; by default to what stands before
        ``/{version}`` in `page`.
    reserved_aliases
        Aliases of models that follow what this kind decides, each with the verb that who moves one by hand
        must be allowed.
    """

    name: str
    title: tuple[str, str]
    named: bool = True
    shared: bool = False
    qualify: str = ""
    versioned: bool = False
    tables: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    events: tuple[type[Payload], ...] = ()
    grants: Mapping[str, tuple[str, ...]] = {}
    spec: type[msgspec.Struct] | None = None
    spec_store: str = ""
    section: str = ""
    section_type: type[msgspec.Struct] | None = None
    prepare: str = ""
    upload: str = ""
    applied_last: bool = False
    members: tuple[FieldMembers, ...] = ()
    project_of: str = ""
    jobs: Mapping[str, str] = {}
    job_threads: int = 0
    services: tuple[Service, ...] = ()
    internal: Mapping[str, str] = {}
    provides: Mapping[str, str] = {}
    page: str = ""
    newest_page: str = ""
    reserved_aliases: Mapping[str, str] = {}

    def __post_init__(self) -> None:
        if (self.spec is None) != (not self.spec_store):
            message = f"kind {self.name}: a spec and its store come together"
            raise InternalError(message)
        if self.spec is None and (self.section or self.section_type or self.prepare or self.upload):
            message = f"kind {self.name}: only what has a spec is in a project file"
            raise InternalError(message)
        if (self.section_type is not None) and not self.prepare:
            message = f"kind {self.name}: what is written in a file is made into a spec by `prepare`"
            raise InternalError(message)
        known = _declared.setdefault(self.name, self)
        if known is not self and known != self:
            message = f"two kinds are called {self.name}"
            raise InternalError(message)
        refs.KINDS.add(self.name)

    @property
    def has_projects(self) -> bool:
        """Whether a name of one may have a project before it."""
        return self.named and not self.shared

    @property
    def table(self) -> str:
        """The table of a project file in which such things are declared."""
        return self.section or self.name

    @property
    def explaining(self) -> tuple[str, ...]:
        """The types of events that set the state of one: where an answer to "why?" ends."""
        return tuple(
            name
            for name, declared in event_types().items()
            if declared.explains and declared.payload in self.events
        )


_declared: dict[str, Kind] = {}


def kinds() -> dict[str, Kind]:
    """Return every kind that was loaded, by name."""
    return dict(sorted(_declared.items()))


def kind_of(name: str) -> Kind | None:
    """Return a loaded kind; None if there is none of this name."""
    return _declared.get(name)


def load(place: str) -> Any:
    """Return what ``module:attribute`` (or a whole ``module``) names."""
    module, _, attribute = place.partition(":")
    found = late_module(module)
    return getattr(found, attribute) if attribute else found
