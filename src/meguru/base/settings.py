"""Settings of one process: defaults, overridden by ``MEGURU_*`` variables, overridden by arguments."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

import msgspec

from meguru.base.roots import FOLDER, find_workspace
from meguru.base.type_errors import as_invalid
from meguru.errors import UsageError, masked

PREFIX = "MEGURU_"
project_of_thread: ContextVar[str | None] = ContextVar("meguru_project", default=None)
"""The project of the run that a thread works for; it goes before the variable, which is of all threads."""
_HIDDEN = {"token", "secret_key", "smtp"}


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set; each field is also the variable ``MEGURU_<FIELD>``."""

    workspace: str = FOLDER
    """A folder, a database URL (``postgresql://…``) or a server URL (``http://…``); default: ``.meguru`` in
    this folder, or in the nearest one above that has a workspace or a ``meguru.toml``."""
    project: str = ""
    """The project in which names without one are; empty: the default one, and lists show all projects."""
    blobs: str = ""
    """Where blobs are: a folder or ``s3://bucket/prefix``; default: inside the workspace folder."""
    blob_cache: int = 0
    """Bytes of copies of blobs from object stores and servers that one user keeps (in ``~/.cache/meguru``);
    default: 50 GiB, and a quarter of the disk at most. What was used in the last hour stays above it."""
    no_capture: bool = False
    """Keep nothing of what surrounds a run: git, command, packages, machine."""
    spool: str = ""
    """A folder for what runs logged and is not sent yet; default: in the workspace or the home folder."""
    token: str = ""
    """The access token sent to a server."""
    sqlite_synchronous: str = "FULL"
    """FULL survives a power cut; NORMAL survives a killed process and is faster."""
    max_body: int = 64 * 1024 * 1024
    """Bytes of the largest request body a server accepts, except for blobs."""
    max_blob: int = 8 * 1024 * 1024 * 1024
    """Bytes of the largest blob a server accepts."""
    max_file: int = 0
    """Bytes of the largest file that a step's process may write; 0: no limit."""
    max_rows: int = 10_000
    """Rows of the largest prediction request."""
    quarantine: str = "keep"
    """Objects that might run code when they are loaded: keep (as bytes, never loaded here) or forbid."""
    quarantine_max: int = 1024 * 1024 * 1024
    """Bytes of the largest object that is kept in quarantine."""
    quarantine_days: int = 90
    """Days after which an object that nobody decided about is given up."""
    waiver_days: int = 90
    """Days that a waiver of a gate may last at most."""
    host_seconds: float = 10.0
    """Seconds that a function model may take for one answer; then its process is ended."""
    host_memory: int = 4 * 1024 * 1024 * 1024
    """Bytes of memory that the process of a function model may use."""
    host_answer: int = 256 * 1024 * 1024
    """Bytes of one answer of a function model; a longer one is refused, and the server does not read it."""
    host_network: bool = False
    """Whether function models may reach the network, where the kernel lets it be taken from them."""
    lease_seconds: float = 10.0
    """How long a worker may be silent before its jobs are taken over."""
    workers: int = 3
    """Jobs that one server process works on at a time; of three or more, one is kept for another pipeline."""
    cpus: float = 0.0
    """Cores that one process gives to steps at a time; default: all it may use."""
    memory: int = 0
    """Bytes that steps with a `memory` get together; default: what the machine has."""
    gpus: float = 0.0
    """Accelerators that one process gives to steps."""
    webhook_private: bool = False
    """Whether webhooks may call private addresses, and by plain http: for a server on your own machine."""
    secret_key: str = ""
    """What seals secrets in the database (of webhooks, the server's signing key) and makes the hashes of
    personal columns: a long random text, the same for all servers on one database; several, with commas, to
    change it: the first seals, all open, the last hashes; default: a file ``secret.key`` in the workspace
    folder."""
    erasures: str = ""
    """A folder, outside of the workspace, for what tells a restored backup which persons were erased;
    default: ``WORKSPACE-erasures`` beside its folder."""
    smtp: str = ""
    """The server that mail is sent by: ``smtp://USER:PASSWORD@HOST:587`` (with STARTTLS where it offers that)
    or ``smtps://…``."""
    mail_from: str = ""
    """From whom mail is; default: meguru@ the mail server."""
    otlp: str = ""
    """Where what monitors found is sent by OpenTelemetry's protocol, such as ``http://collector:4318``;
    default: as OpenTelemetry's own variables say."""
    public_url: str = ""
    """Where people reach this server, such as ``https://meguru.example.com``: for links in messages."""
    step_variables: str = ""
    """Variables of the environment that steps get beside what every process needs (PATH, HOME, LANG, …), with
    commas, ``*`` for any letters; default: all but secrets of the server."""
    max_output: int = 0
    """Bytes that one step may return; default: no limit."""
    executor: str = "process"
    """Where steps run that ask for no place of their own: process, thread or ray."""
    ray: str = "local"
    """The Ray cluster: its address (``HOST:PORT``), auto, or local for one on this machine."""
    ray_wait: float = 120.0
    """Seconds that steps wait for a Ray cluster that is not there before they fail."""
    online_store: str = ""
    """Where features are kept for reading: a file, ``redis://HOST:6379/0`` or ``postgresql://HOST/DB``;
    default: ``online.db`` beside the workspace's database, or a schema in it, if it is PostgreSQL."""
    watch: str = ""
    """Folders, with commas, in which triggers may look at files, repositories and databases; beside the one
    in which the workspace's folder is."""
    source_hosts: str = ""
    """Hosts, with commas, at which sources of datasets may be read over HTTP though their addresses are
    private: names or addresses; ``*`` for all."""
    lang: str = ""
    """Language of text for users: en or ja; default: as the system's locale says."""

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in self.__struct_fields__ if name not in _HIDDEN}
        return f"Settings({', '.join(f'{name}={masked(str(value))!r}' for name, value in shown.items())})"


def load_settings(environment: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """Return the settings; arguments that are None count as not given.

    Raises
    ------
    UsageError
        If a variable has the wrong type; the message names the variable.
    """
    variables = os.environ if environment is None else environment
    fields: dict[str, Any] = {}
    for field in msgspec.structs.fields(Settings):
        key = PREFIX + field.name.upper()
        if given.get(field.name) is not None:
            fields[field.name] = given[field.name]
        elif variables.get(key):
            fields[field.name] = _read(key, variables[key], field.type)
    if environment is None and given.get("project") is None and (ours := project_of_thread.get()) is not None:
        fields["project"] = ours
    if "workspace" not in fields:
        fields["workspace"] = find_workspace()
    return Settings(**fields)


def _read(key: str, text: str, kind: Any) -> Any:
    try:
        return msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError as error:
        fault = as_invalid(error, key, kind)
        raise UsageError(
            f"{key}={text!r} can't be used", why=fault.why, where=key, hint=fault.hint
        ) from error
