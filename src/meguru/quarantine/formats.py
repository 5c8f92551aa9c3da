"""Files in which libraries write models as data, and how each is opened: here, where the file is."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from meguru.errors import InvalidInput, MissingDependency


class ModelFormat(NamedTuple):
    """A format of data: the library that reads it, Meguru's extra that brings it, and how it is opened."""

    title: str
    library: str
    extra: str
    open: Callable[[Any, Path], Any]


def _skops(_: Any, path: Path) -> Any:
    from meguru.flavors import skopsfile

    return skopsfile.loads(path.read_bytes(), where=path.name)


def _xgboost(_: Any, path: Path) -> Any:
    from meguru.flavors import xgboostfile

    return xgboostfile.loads("Booster", path.read_bytes(), {}, path.name)


def _lightgbm(_: Any, path: Path) -> Any:
    from meguru.flavors import lightgbmfile

    return lightgbmfile.loads(path.read_bytes(), path.name)


def _catboost(library: Any, path: Path) -> Any:
    return library.CatBoost().load_model(str(path), format="cbm")


def _looked_through(_: Any, path: Path) -> Path:
    """Leave the file to its flavor, which looks it through before any library reads it."""
    return path


FORMATS = {
    ".skops": ModelFormat("skops", "skops", "sklearn", _skops),
    ".json": ModelFormat("XGBoost's JSON", "xgboost", "xgboost", _xgboost),
    ".ubj": ModelFormat("XGBoost's UBJSON", "xgboost", "xgboost", _xgboost),
    ".txt": ModelFormat("LightGBM's text", "lightgbm", "lightgbm", _lightgbm),
    ".cbm": ModelFormat("CatBoost's file", "catboost", "catboost", _catboost),
    ".onnx": ModelFormat("ONNX", "onnx", "onnx", _looked_through),
    ".pt2": ModelFormat("PyTorch's exported program", "torch", "torch", _looked_through),
    ".keras": ModelFormat("Keras", "h5py", "keras", _looked_through),
}
"""By the ending of the file."""
_INSTEAD = dict.fromkeys(
    (".pt", ".pth", ".ckpt"),
    "torch.save pickles a module; export it: torch.export.save(torch.export.export(module, …), 'model.pt2')",
) | dict.fromkeys((".h5", ".hdf5"), "load it with Keras and save it again: model.save('model.keras')")
"""What to do with a file of no such format."""
PICKLED = {".pkl", ".pickle", ".joblib", ".cloudpickle", ".dill", ".p", ".sav", ".bin"}
"""Endings that pickles have; what begins as one is taken for one, whatever its ending."""
_BEGINS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"]\x00\x00")
_ZLIB = (b"x\x01", b"x\x5e", b"x\x9c", b"x\xda")


def is_pickle(path: Path) -> bool:
    """Tell whether a file is a pickle or packed as joblib packs them, by its first bytes and its ending."""
    with path.open("rb") as file:
        head = file.read(6)
    # Either is enough: a pickle that is renamed is still one, and old protocols begin like anything.
    return head.startswith((*_BEGINS, *_ZLIB)) or path.suffix.lower() in PICKLED


def opened(path: Path) -> Any:
    """Open a file of data with its library; return what that makes of it.

    Raises
    ------
    InvalidInput
        When no format has this ending, or the library can't read it.
    MissingDependency
        When the library is not installed.
    """
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        raise InvalidInput(
            f"{path.name} is of no format that is known here",
            where=str(path),
            why=f"known: {', '.join(FORMATS)}, pickles and joblib's files, and MLmodel folders",
            hint=_INSTEAD.get(path.suffix.lower(), ""),
        )
    try:
        library = import_module(found.library)
    except ImportError as error:
        raise MissingDependency.of(found.extra, found.library) from error
    try:
        return found.open(library, path)
    except (ValueError, RuntimeError, TypeError, OSError, library_errors(library)) as error:
        raise InvalidInput(
            f"{path.name} can't be read as {found.title}",
            where=str(path),
            why=str(error).splitlines()[0][:300] if str(error) else type(error).__name__,
        ) from error


def library_errors(library: Any) -> type[Exception]:
    """Return the class of a library's own errors, for those that derive from nothing more telling."""
    for place in ("core.XGBoostError", "basic.LightGBMError"):
        module, _, name = place.partition(".")
        kind = getattr(getattr(library, module, None), name, None)
        if isinstance(kind, type) and issubclass(kind, Exception):
            return kind
    return ValueError
