"""Plain values as parts of a TOML document."""

from __future__ import annotations

from typing import Any

import tomlkit
from tomlkit.items import InlineTable, Item, Table

WIDTH = 80


def table_of(fields: dict[str, Any]) -> Table:
    """Return a table; what is null is left out, as TOML has no word for it."""
    table = tomlkit.table()
    for key, value in fields.items():
        if value is not None:
            table[key] = item_of(value)
    return table


def item_of(value: Any) -> Item:
    """Return a value as TOML: tables inline, long lists with an item a line."""
    if isinstance(value, dict):
        inline: InlineTable = tomlkit.inline_table()
        for key, each in value.items():
            if each is not None:
                inline[key] = item_of(each)
        return inline
    if isinstance(value, list):
        array = tomlkit.array()
        for each in value:
            array.append(item_of(each))
        array.multiline(len(array.as_string()) > WIDTH)
        return array
    item: Item = tomlkit.item(value)
    return item
