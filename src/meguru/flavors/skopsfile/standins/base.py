"""Stand-ins: what a model file holds in the place of an object that skops can't write, or can't write safely.

Written, a stand-in is the data that makes the object again. Read, skops calls the stand-in's class with that
data, and the class answers with the object itself; whatever the data says is checked there, because native
code will follow it.
"""

from __future__ import annotations

from typing import Any, ClassVar


class StandIn:
    """Data in the place of an object.

    A subclass names the `module` whose loaded classes it stands for, finds them with `claims`, takes data out
    of an object with `data`, and makes the object from it again with `restore`. The data is plain: text,
    numbers, booleans, None, bytes, lists, tuples, dicts with text keys, and arrays without objects.
    """

    module: ClassVar[str]
    """The module that is loaded whenever such an object exists."""

    args: tuple[Any, ...]

    def __new__(cls, *args: Any) -> Any:
        """Return the object that stands behind the data; this is what skops calls when it reads a file."""
        return cls.restore(*args)

    @classmethod
    def of(cls, subject: Any) -> StandIn:
        """Return what is written for an object."""
        stand_in: StandIn = object.__new__(cls)
        stand_in.args = cls.data(subject)
        return stand_in

    def __reduce__(self) -> tuple[Any, ...]:
        """Say that a call with the data makes the object."""
        return type(self), self.args

    @classmethod
    def claims(cls, subject: Any) -> bool:
        """Say whether `subject` is one of the objects that this class stands for; its module is loaded."""
        raise NotImplementedError

    @classmethod
    def data(cls, subject: Any) -> tuple[Any, ...]:
        """Return the data of an object; TypeError or ValueError says why there is none."""
        raise NotImplementedError

    @classmethod
    def restore(cls, *args: Any) -> Any:
        """Make the object from its data; TypeError or ValueError when the data does not fit."""
        raise NotImplementedError
