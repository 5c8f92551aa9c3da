"""Follow the instructions of a pickle with names in place of objects: an abstract interpreter of its machine.

Nothing is imported and nothing is built. joblib's files are followed too: the raw arrays between their
instructions are stepped over by the types and shapes that stand before them.
"""

from __future__ import annotations

import _compat_pickle
import re
from collections.abc import Callable
from math import prod
from typing import Any

from meguru.flavors.pickled.opcodes import Large, Op, OpcodeReader, Unreadable

WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")
COMPUTED = ("?", "?")
"""Stands for a name that is made while the pickle is loaded."""
_MAX_NAMES, _MAX_DEPTH, _MAX_TUPLE = 2000, 5, 64
_DTYPE = re.compile(r"([?bBhHiIlLqQefdgFDG]|[biufcSUVOMm])(\d*)")


def modern_name(module: str, name: str) -> tuple[str, str]:
    """Return how a pair is called today: old protocols write the names of Python 2."""
    if (module, name) in _compat_pickle.NAME_MAPPING:
        return _compat_pickle.NAME_MAPPING[module, name]
    return _compat_pickle.IMPORT_MAPPING.get(module, module), name


class Named:
    """A name of a module, in place of what it is."""

    __slots__ = ("name",)

    def __init__(self, name: tuple[str, str]) -> None:
        self.name = name


class Made:
    """What calling something would give, in place of it."""

    __slots__ = ("arguments", "by", "state")

    def __init__(self, by: Any, arguments: Any) -> None:
        self.by, self.arguments = by, arguments
        self.state: Any = None

    @property
    def name(self) -> tuple[str, str]:
        """What it is made by."""
        return self.by.name if isinstance(self.by, Named) else COMPUTED


OPAQUE = object()
"""A value that nobody needs to know."""


class PickleWalk:
    """Follows one pickle; the names that it comes by are put into `names`."""

    def __init__(self, reader: OpcodeReader, names: set[tuple[str, str]], depth: int = 0) -> None:
        self.reader, self.names, self.depth = reader, names, depth
        self.stack: list[Any] = []
        self.marked: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def follow(self) -> Any:
        """Go to the end of the pickle; return what stands for its object."""
        try:
            for op in self.reader.until_stop():
                self._do(op)
            return self.stack.pop()
        except Unreadable:
            raise
        except (IndexError, KeyError, TypeError, ValueError) as error:
            raise Unreadable("its instructions make no sense") from error

    def _do(self, op: Op) -> None:
        if op.name in _ACTIONS:
            _ACTIONS[op.name](self, op)
        elif op.name in _IGNORED:
            return
        elif op.name in _CONSTANTS:
            self.stack.append(_CONSTANTS[op.name])
        elif op.name in _VALUES:
            self.stack.append(OPAQUE if isinstance(op.argument, Large) else op.argument)
        else:
            # Persistent ids, extension codes and out-of-band buffers: a loader would look them up elsewhere.
            raise Unreadable(f"it uses {op.name}, whose meaning is outside of it")

    def name(self, module: Any, name: Any) -> Named:
        """Note a name."""
        known = isinstance(module, str) and isinstance(name, str)
        # A name that a call or a memo computes can't be known without running it: it stands in the listing as
        # "?.?", which is on no allowlist.
        found = modern_name(module, name) if known else COMPUTED
        self.names.add(found)
        if len(self.names) > _MAX_NAMES:
            raise Unreadable(f"it would import more than {_MAX_NAMES} things")
        return Named(found)

    def to_mark(self) -> list[Any]:
        """Take what was pushed since the last mark."""
        items, self.stack = self.stack, self.marked.pop()
        return items

    def array(self, wrapper: Made) -> None:
        """Step over the array that joblib writes after its wrapper."""
        state = wrapper.state
        if not isinstance(state, dict):
            raise Unreadable("an array of joblib's without its type")
        kind, shape = state.get("dtype"), state.get("shape")
        if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
            raise Unreadable("an array of joblib's without its shape")
        width = _width(kind)
        if width == 0:
            if self.depth >= _MAX_DEPTH:
                raise Unreadable("its arrays are nested beyond reason")
            PickleWalk(self.reader, self.names, self.depth + 1).follow()
            return
        if state.get("numpy_array_alignment_bytes") is not None:
            # joblib aligns arrays for memory mapping: a byte says how many bytes of padding follow.
            self.reader.skip(int.from_bytes(self.reader.skip(1), "little"))
        self.reader.skip(width * prod(shape))


def _width(dtype: Any) -> int:
    """Return the bytes of one value of a type as NumPy pickles types; 0 for objects."""
    text = dtype.arguments[0] if isinstance(dtype, Made) and dtype.arguments else None
    found = _DTYPE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise Unreadable("an array of joblib's without its type")
    kind, digits = found[1], int(found[2] or 1)
    return 0 if kind == "O" else digits * 4 if kind == "U" else digits


def _mark(self: PickleWalk, _: Op) -> None:
    self.marked.append(self.stack)
    self.stack = []


def _tuple(self: PickleWalk, _: Op) -> None:
    items = self.to_mark()
    # Only short tuples matter (arguments, shapes); a long one would be held for nothing.
    self.stack.append(tuple(items) if len(items) <= _MAX_TUPLE else OPAQUE)


def _tuple_of(count: int) -> Callable[[PickleWalk, Op], None]:
    def act(self: PickleWalk, _: Op) -> None:
        items = tuple(self.stack[-count:])
        if len(items) < count:
            raise IndexError
        del self.stack[-count:]
        self.stack.append(items)

    return act


def _gathered(self: PickleWalk, _: Op) -> None:
    self.to_mark()
    self.stack.append(OPAQUE)


def _pop_mark(self: PickleWalk, _: Op) -> None:
    self.to_mark()


def _added(self: PickleWalk, _: Op) -> None:
    self.to_mark()
    self.stack[-1]


def _dict(self: PickleWalk, _: Op) -> None:
    items = self.to_mark()
    self.stack.append({})
    _put(self.stack[-1], items)


def _set_items(self: PickleWalk, _: Op) -> None:
    items = self.to_mark()
    _put(self.stack[-1], items)


def _set_item(self: PickleWalk, _: Op) -> None:
    value, key = self.stack.pop(), self.stack.pop()
    _put(self.stack[-1], [key, value])


def _put(into: Any, items: list[Any]) -> None:
    if isinstance(into, dict):
        for key, value in zip(items[::2], items[1::2], strict=True):
            if isinstance(key, str):
                into[key] = value


def _pop(self: PickleWalk, _: Op) -> None:
    if self.stack:
        self.stack.pop()
    else:
        self.to_mark()


def _memoize(self: PickleWalk, op: Op) -> None:
    self.memo[len(self.memo) if op.argument is None else int(op.argument)] = self.stack[-1]


def _global(self: PickleWalk, op: Op) -> None:
    module, _, name = str(op.argument).partition(" ")
    self.stack.append(self.name(module, name))


def _stack_global(self: PickleWalk, _: Op) -> None:
    name, module = self.stack.pop(), self.stack.pop()
    self.stack.append(self.name(module, name))


def _inst(self: PickleWalk, op: Op) -> None:
    module, _, name = str(op.argument).partition(" ")
    arguments = tuple(self.to_mark())
    self.stack.append(Made(self.name(module, name), arguments))


def _obj(self: PickleWalk, _: Op) -> None:
    by, *arguments = self.to_mark()
    self.stack.append(Made(by, tuple(arguments)))


def _reduce(self: PickleWalk, _: Op) -> None:
    arguments, by = self.stack.pop(), self.stack.pop()
    self.stack.append(Made(by, arguments))


def _new_with_keywords(self: PickleWalk, _: Op) -> None:
    self.stack.pop()
    _reduce(self, _)


def _build(self: PickleWalk, _: Op) -> None:
    state, built = self.stack.pop(), self.stack[-1]
    if isinstance(built, Made):
        built.state = state
        # joblib writes the raw bytes of an array right behind the BUILD of its wrapper, in the middle of the
        # pickle.
        if built.name == WRAPPER:
            self.array(built)


_ACTIONS: dict[str, Callable[[PickleWalk, Op], None]] = {
    "MARK": _mark,
    "TUPLE": _tuple,
    "TUPLE1": _tuple_of(1),
    "TUPLE2": _tuple_of(2),
    "TUPLE3": _tuple_of(3),
    "LIST": _gathered,
    "FROZENSET": _gathered,
    "DICT": _dict,
    "EMPTY_DICT": lambda self, _: self.stack.append({}),
    "APPEND": lambda self, _: self.stack.pop(),
    "APPENDS": _added,
    "ADDITEMS": _added,
    "SETITEM": _set_item,
    "SETITEMS": _set_items,
    "POP": _pop,
    "POP_MARK": _pop_mark,
    "DUP": lambda self, _: self.stack.append(self.stack[-1]),
    "MEMOIZE": _memoize,
    "PUT": _memoize,
    "BINPUT": _memoize,
    "LONG_BINPUT": _memoize,
    "GET": lambda self, op: self.stack.append(self.memo[int(op.argument)]),
    "BINGET": lambda self, op: self.stack.append(self.memo[op.argument]),
    "LONG_BINGET": lambda self, op: self.stack.append(self.memo[op.argument]),
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "INST": _inst,
    "OBJ": _obj,
    "REDUCE": _reduce,
    "NEWOBJ": _reduce,
    "NEWOBJ_EX": _new_with_keywords,
    "BUILD": _build,
}
_CONSTANTS: dict[str, Any] = {
    "NONE": None,
    "NEWTRUE": True,
    "NEWFALSE": False,
    "EMPTY_LIST": OPAQUE,
    "EMPTY_SET": OPAQUE,
    "EMPTY_TUPLE": (),
}
_VALUES = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
}
_IGNORED = {"PROTO", "FRAME", "STOP"}
