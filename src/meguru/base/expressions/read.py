"""Read the text of an expression within bounds."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from meguru.errors import InvalidInput, near_misses

MAX_CHARACTERS = 1000
MAX_PARTS = 200


def read(text: str, what: str = "expression") -> ast.expr:
    """Return the tree of an expression, which who uses it walks by a list of what is possible.

    Raises
    ------
    InvalidInput
        When it is empty, too long, or no expression; `what` is what the message calls it.
    """
    one = f"an {what}" if what[0] in "aeiou" else f"a {what}"
    if not text.strip():
        raise InvalidInput(f"the {what} is empty", hint="write a name, a value, or arithmetic")
    if len(text) > MAX_CHARACTERS:
        raise InvalidInput(f"{one} has at most {MAX_CHARACTERS:,} characters")
    # The length is checked first: the parser itself runs out of stack or memory on long nested texts.
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        why = f"{getattr(error, 'msg', None) or error}, in {text[:200]!r}"
        raise InvalidInput(f"that is not {one}", why=why) from None
    if sum(1 for _ in ast.walk(tree)) > MAX_PARTS:
        raise InvalidInput(f"{one} has at most {MAX_PARTS} parts")
    return tree


def no_function(name: str, known: Iterable[str]) -> InvalidInput:
    """Return the error for a function that is not there, with those that look like it."""
    listed = list(known)
    close = near_misses(name, listed)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(listed)}"
    return InvalidInput(f"there is no function {name[:100]}()", hint=hint)
