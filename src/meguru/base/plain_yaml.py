"""YAML of foreign hands: plain values only, read by libyaml, bounded so that no nesting ends the process."""

from __future__ import annotations

from typing import Any

import yaml

MAX_NESTING = 50
# In C where PyYAML came with libyaml: some ten times as fast. Both make plain values only, no objects.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class NestedTooDeeply(yaml.YAMLError):
    """A document is nested deeper than any that is meant."""


def load_yaml(text: str) -> Any:
    """Return what a document says, as plain values.

    Raises
    ------
    yaml.YAMLError
        When it is no YAML, or nested deeper than `MAX_NESTING`.
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
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
