"""YAML of foreign hands: plain values only, read by libyaml, bounded so that no nesting ends the process."""

from __future__ import annotations

import math
from typing import Any

import yaml

MAX_NESTING = 50
MAX_EXPANDED = 16 << 20
"""Values and characters that a document may stand for, with every reference taken for a copy."""
# In C where PyYAML came with libyaml: some ten times as fast. Both make plain values only, no objects.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class NestedTooDeeply(yaml.YAMLError):
    """A document is nested deeper than any that is meant."""


class ExpandsTooFar(yaml.YAMLError):
    """A document refers to itself, or by references of references stands for more than any that is meant."""


def load_yaml(text: str) -> Any:
    """Return what a document says, as plain values.

    Raises
    ------
    yaml.YAMLError
        When it is no YAML, nested deeper than `MAX_NESTING`, or stands for more than `MAX_EXPANDED`.
    ValueError
        When a value is none, such as the 30th of February.
    """
    # The C loader builds nested values by recursion on the C stack without a limit: a thousand brackets end
    # the process by a segmentation fault, which nothing can catch. Its parser gives events without recursion,
    # so the depth is counted there first.
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_NESTING:
            raise NestedTooDeeply(f"nested deeper than {MAX_NESTING}")
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        # A line can refer to another one many times, which refers to a third ("billion laughs"): a few
        # hundred bytes stand for more than there is memory for, as soon as somebody copies or prints them, or
        # merges them with "<<", which the loader itself does. So this comes before any value is made.
        if _expanded(node, {}) > MAX_EXPANDED:
            raise ExpandsTooFar(f"it refers to itself, or stands for more than {MAX_EXPANDED:,} characters")
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _expanded(node: yaml.Node, measured: dict[int, float]) -> float:
    """Return how many values and characters a node stands for; infinitely many if it is a part of itself."""
    if isinstance(node, yaml.ScalarNode):
        return 1 + len(node.value)
    if id(node) not in measured:
        measured[id(node)] = math.inf  # what is met again before it is done holds itself
        is_mapping = isinstance(node, yaml.MappingNode)
        parts = [part for pair in node.value for part in pair] if is_mapping else node.value
        measured[id(node)] = 1 + sum(_expanded(part, measured) for part in parts)
    return measured[id(node)]
