"""The command line, without secrets, and the script that it names."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

_SECRET = re.compile(
    r"passw|secret|token|credential|api[-_]?key|access[-_]?key|private[-_]?key", re.IGNORECASE
)
MAX_LENGTH = 4000


def is_secret_name(option: str) -> bool:
    """Tell whether the name of an option says that its value is secret."""
    return _SECRET.search(option) is not None


def command(arguments: Sequence[str], mask: Callable[[str], str]) -> str:
    """Return a command line in which the value of every option with a secret's name is masked."""
    shown, hidden = [], False
    for argument in arguments:
        name, equals, _ = argument.partition("=")
        is_option = argument.startswith("-")
        if hidden and not is_option:
            shown.append("***")
        elif equals and is_secret_name(name):
            shown.append(f"{name}=***")
        else:
            shown.append(mask(argument))
        hidden = is_option and not equals and is_secret_name(name)
    text = " ".join(f"'{part}'" if not part or " " in part else part for part in shown)
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - 1] + "…"


def script() -> tuple[str, str]:
    """Return the path of the program, and MLflow's word for its kind; a notebook has no path."""
    if "ipykernel" in sys.modules:
        return "", "NOTEBOOK"
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    return (str(Path(main).absolute()), "LOCAL") if main else ("", "LOCAL")
