"""What a step's executor is given, and what it gives back: plain data that crosses processes and machines."""

from __future__ import annotations

from typing import Any

import msgspec

from meguru.compute.code.types import SourceFile
from meguru.compute.materializers.base import Value
from meguru.compute.materializers.unstorable import KeptObject
from meguru.compute.reads.types import FileUse
from meguru.compute.usage import StepUsage


class PlainArgument(msgspec.Struct, frozen=True, kw_only=True, tag="plain"):
    """A constant or a parameter, as JSON data."""

    value: Any


class DatasetArgument(msgspec.Struct, frozen=True, kw_only=True, tag="dataset"):
    """A pinned version of a dataset."""

    ref: str
    digest: str


class FeaturesArgument(msgspec.Struct, frozen=True, kw_only=True, tag="features"):
    """Pinned features; `folder` has rows of views that were computed before."""

    ref: str
    digest: str
    folder: str = ""


class StepArgument(msgspec.Struct, frozen=True, kw_only=True, tag="value"):
    """What an earlier step returned; `function` made it, all its parts are here if it returned a tuple.

    `mapped` if it is the list of what several calls returned, `item` if it is one item of a list.
    """

    values: list[Value]
    function: str
    index: int | None = None
    many: bool = False
    mapped: bool = False
    item: bool = False


class ListArgument(msgspec.Struct, frozen=True, kw_only=True, tag="list"):
    """Several arguments as one list."""

    items: list[Argument]


Argument = PlainArgument | DatasetArgument | FeaturesArgument | StepArgument | ListArgument


class StepJob(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is needed to run a step, wherever that is.

    `folder` has the unpacked tree `snapshot` of the step's modules, `scratch` is a folder of this attempt
    alone; an executor on another machine makes both of its own there, from the blob store `blobs`. `split`
    lists the outputs to be written item by item. `cpu`, `memory` (bytes) and `gpu` are what it may use,
    `max_output` how many bytes it may return and `max_file` those of the largest file that it may write; 0
    stands for no limit. `devices` are the numbers of this machine's accelerators that it was given. `env`
    is the tree of the lock file of an environment of its own, `env_name` what the author called that file.
    `parent` is the reference of the pipeline run, `project` where it is; empty: the default one.
    `keep_most` is how many bytes are kept of what it returns and nothing can store; 0: nothing is kept.
    With `soon`, small outputs need not be durable when the
    step has ended: the outcome has them.
    """

    function: str
    arguments: dict[str, Argument]
    many_outputs: bool
    folder: str
    sources: list[SourceFile]
    blobs: str
    scratch: str
    seed: int
    split: list[int] = []
    snapshot: str = ""
    cpu: float = 0.0
    memory: int = 0
    gpu: float = 0.0
    devices: list[int] = []
    env: str = ""
    env_name: str = ""
    max_output: int = 0
    max_file: int = 0
    parent: str = ""
    project: str = ""
    keep_most: int = 0
    soon: bool = False


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a step failed; `explained` when another attempt would fail the same way."""

    type: str
    message: str
    traceback: str
    explained: bool = False
    error: dict[str, str] = {}

    def as_log_text(self) -> str:
        """Return all that is known of it, as text for a log."""
        lines = [self.traceback.rstrip() or f"{self.type}: {self.message}"]
        lines += [f"{label}: {text}" for label, key in _MORE if (text := self.error.get(key))]
        return "\n".join(lines)


_MORE = (("at", "where"), ("why", "why"), ("try", "try"))


class StepOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a step leaves behind; `soon` are the blobs, by digest, that whoever takes it in makes durable.

    `files` are those that it read, `kept` what it returned and nothing could store, `used` what it used of
    the machine; None where its process could not tell.
    """

    outputs: list[Value] = []
    files: list[FileUse] = []
    soon: dict[str, bytes] = {}
    failure: Failure | None = None
    kept: KeptObject | None = None
    used: StepUsage | None = None
