"""Versions that an application pinned: kept in the user's cache, and loaded again without asking anybody."""

from __future__ import annotations

from pathlib import Path

import msgspec

from meguru.base import digests
from meguru.base.cache import cache_folder
from meguru.base.ids import new_id
from meguru.errors import InvalidInput
from meguru.flavors.bundle import predicting_digest

MIN_PIN = 12


class PinnedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A version's folder on this machine, with the digest of each file in it; `digest` is what predicts."""

    ref: str
    digest: str
    folder: str
    metrics: dict[str, float]
    files: dict[str, str]


def check_pin(pin: str) -> None:
    """Refuse what is no digest, nor the beginning of one; empty is none."""
    if pin and not (len(pin) >= MIN_PIN and set(pin) <= set("0123456789abcdef")):
        raise InvalidInput(
            f"{pin[:80]!r} is no digest",
            field="digest",
            hint=f"at least the first {MIN_PIN} digits of what `meguru model show` tells",
        )


def of_folder(folder: Path, *, ref: str = "", metrics: dict[str, float] | None = None) -> PinnedModel:
    """Read every file of a folder, and return what it holds."""
    files = {
        path.relative_to(folder).as_posix(): digests.of_file(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    digest = predicting_digest(files)
    return PinnedModel(
        ref=ref, digest=digest, folder=str(folder.absolute()), metrics=metrics or {}, files=files
    )


def keep(folder: Path, *, ref: str, metrics: dict[str, float]) -> PinnedModel:
    """Note that a version's files are in a folder of the cache, which was just checked."""
    model = of_folder(folder, ref=ref, metrics=metrics)
    target = _pins() / f"{model.digest}.json"
    # A draft of its own: of two processes that pin the same version at once, one would move the other's away.
    draft = target.with_suffix(f".{new_id('pin')}")
    draft.write_bytes(msgspec.json.encode(model))
    draft.replace(target)
    return model


def find(pin: str) -> PinnedModel | None:
    """Return the version with this digest, if its files are here and are what they were; None for no pin."""
    for path in sorted(_pins().glob(f"{pin}*.json")) if pin else ():
        try:
            model = msgspec.json.decode(path.read_bytes(), type=PinnedModel)
        except (OSError, msgspec.MsgspecError):
            continue
        if of_folder(Path(model.folder)).files == model.files:
            return model
    return None


def _pins() -> Path:
    folder = cache_folder("models") / "pins"
    folder.mkdir(exist_ok=True, mode=0o700)
    return folder
