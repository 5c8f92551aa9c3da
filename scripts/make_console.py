"""Write ``meguru/console/pages.json``: which file has which pages and forms, so that a start imports none."""

from __future__ import annotations

import json
from pathlib import Path

from meguru.console.routes import TABLE, by_module


def console() -> dict[Path, str]:
    """Return the text of the table."""
    lines = [f"  {json.dumps(name)}: {json.dumps(paths)}" for name, paths in by_module().items()]
    return {TABLE: "{\n" + ",\n".join(lines) + "\n}\n"}
