"""``features.py`` beside a project file: what it declares is a part of the project."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path
from typing import Any

from meguru.errors import InvalidInput, MeguruError
from meguru.features.authoring import Entity, FeatureService, FeatureView
from meguru.project.python_file import Calls, stopped
from meguru.project.types import Source

FILE = "features.py"
_DECLARES = re.compile(r"\b(?:Entity|FeatureView|FeatureService|feature_view|on_demand)\s*\(")
_MAX_BYTES = 4 << 20


def declares(file: Path) -> bool:
    """Tell whether a file may declare features; one that has functions alone is not run for a plan."""
    if not file.is_file() or file.stat().st_size > _MAX_BYTES:
        return False
    return _DECLARES.search(file.read_text("utf-8", errors="replace")) is not None


def run_features(file: Path) -> Source:
    """Run ``features.py``, and return what it declares.

    Raises
    ------
    InvalidInput
        If it stops with an error, or declares one thing twice.
    """
    sys.path.insert(0, str(file.parent))
    try:
        names = runpy.run_path(str(file), run_name="meguru_features")
    except MeguruError:
        raise
    except (Exception, SystemExit) as error:
        raise stopped(file, error) from error
    finally:
        sys.path.remove(str(file.parent))
    declared = {id(each): each for each in names.values() if isinstance(each, _KINDS)}
    content: dict[str, Any] = {}
    calls: dict[tuple[str, ...], tuple[str, int]] = {}
    for each in declared.values():
        things = content.setdefault(each.section, {})
        if each.name in things:
            where = f"{each.place[0]}:{each.place[1]}:1"
            raise InvalidInput(f"{each.section}/{each.name} is declared twice", where=where)
        things[each.name] = each.said | _code(each, names, file)
        calls[each.section, each.name] = each.place
    return Source(file=file, content=content, located=Calls(calls=calls))


_KINDS = (Entity, FeatureView, FeatureService)


def _code(each: Entity | FeatureView | FeatureService, names: dict[str, Any], file: Path) -> dict[str, str]:
    """Name the function of a view, where the file binds it."""
    if not isinstance(each, FeatureView) or each.function is None:
        return {}
    name = next(name for name, value in names.items() if value is each)
    return {"transform": f"{file.name}:{name}"}
