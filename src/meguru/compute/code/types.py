"""What is kept about the code of a step."""

from __future__ import annotations

import msgspec

from meguru.base import digests


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a project, as it was when the pipeline was registered; `module` is empty for a data file.

    `outside` are names that it may import and that were not the project's then: a file that takes such a name
    later changes what the project is. So does a data file that comes where `absent` names one.
    """

    module: str
    path: str
    digest: str
    package: bool = False
    outside: list[str] = []
    absent: list[str] = []


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """A function, class, constant, import or file that a step reaches.

    `where` is ``file:line``; `text` is a constant's value as it is written, for people.
    """

    name: str
    where: str
    digest: str
    kind: str = ""
    text: str = ""


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """All code of the project that one step reaches, and the packages that it imports."""

    digest: str
    reached: list[Reached]
    packages: list[str]


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """What a step's result may depend on besides its own code and inputs; `packages` are distributions."""

    python: str
    lock: str = ""
    packages: dict[str, str] = {}

    @property
    def digest(self) -> str:
        """The digest that goes into cache keys."""
        return digests.of_value(self)
