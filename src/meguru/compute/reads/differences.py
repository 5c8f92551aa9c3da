"""What changed of the files behind a step's result, for people."""

from __future__ import annotations

from collections.abc import Sequence

from meguru.compute.reads.types import FileUse


def differences(old: Sequence[FileUse], new: Sequence[FileUse]) -> list[str]:
    """Say which files differ between two step runs, and why the older one's result can't be compared."""
    before, after = {use.path: use for use in old}, {use.path: use for use in new}
    found = [f"the earlier result can't be taken again: {use.path}: {use.why}" for use in old if use.why]
    for path, one in after.items():
        was = before.get(path)
        if one.why or (was is not None and was.why) or one.how == "written":
            continue
        if was is None:
            found.append(f"{_called(one)} is not among what the earlier result rests on")
        elif was.digest != one.digest:
            found.append(f"{_called(one)} changed: {_short(was)} became {_short(one)}")
    found += [
        f"{_called(one)} is no longer read"
        for path, one in before.items()
        if path not in after and not one.why
    ]
    return found


def described(files: Sequence[FileUse]) -> str:
    """Name the files that a result rests on; empty if there are none."""
    read = [file.path for file in files if file.how != "written"]
    return ", ".join(read[:3]) + (f" and {len(read) - 3} more" if len(read) > 3 else "")


def _called(use: FileUse) -> str:
    return f"{'file' if use.how == 'read' else 'folder'} {use.path}"


def _short(use: FileUse) -> str:
    return (
        f"{use.digest[:12] or 'nothing'} ({use.size:,} bytes)"
        if use.how == "read"
        else use.digest[:12] or "nothing"
    )
