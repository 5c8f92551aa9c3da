"""Refuse pickles in a model folder: every file is inspected, whatever its name says."""

from __future__ import annotations

import mmap
import zipfile
from collections.abc import Collection
from pathlib import Path

from meguru.errors import UnsafeModel
from meguru.flavors.pickled.opcodes import OpcodeReader, Unreadable

_RAW = {".pt2", ".keras"}
"""Zips with weights as plain bytes, which may begin like a pickle; no reader of ours unpickles."""
_ZIPS = {".skops", ".pt2", ".keras"}
_DATA = {".json", ".yaml", ".yml", ".txt", ".md", ".parquet", ".ubj", ".lgb", ".cb"} | _ZIPS
_TENSORS = {".onnx", ".safetensors"}
_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"x\x01": "zlib",
    b"x\x5e": "zlib",
    b"x\x9c": "zlib",
    b"x\xda": "zlib",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"]\x00\x00": "lzma",
    b"\x04\x22\x4d\x18": "lz4",
    b"\x28\xb5\x2f\xfd": "zstd",
}
_NAMES = (".pkl", ".pickle", ".joblib", ".cloudpickle", ".dill", ".pt", ".pth", ".p")
_EXECUTING = {"GLOBAL", "STACK_GLOBAL", "INST", "REDUCE", "OBJ", "NEWOBJ", "NEWOBJ_EX", "BUILD"}
_ARRAY = b"\x93NUMPY"
_PROTOCOLS = {b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"}
_HEAD = 64
WHY = "loading a pickle runs whatever code its writer put into it"
HINT = "return a meguru.Model from a step, save it with skops, or hand it over: meguru model add NAME FILE"


def refuse_pickles(folder: Path, but_in: Collection[str] = ()) -> None:
    """Refuse a folder that holds a pickle, or a file that can't be told from one.

    What is `but_in` some folders of it is not looked at: only a process of its own reads that.

    Raises
    ------
    UnsafeModel
        Naming the file and what it is.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise UnsafeModel(f"{path.name} is a symbolic link", where=str(path), why="it may point anywhere")
        if path.is_file() and path.relative_to(folder).parts[0] not in but_in:
            refuse_pickle(path)


def refuse_pickle(path: Path) -> None:
    """Refuse one file if it is, or may be, a pickle."""
    kind = _pickle_kind(path)
    if kind:
        raise UnsafeModel(f"{path.name} is {kind}", where=str(path), why=WHY, hint=HINT)
    if path.name != "MLmodel" and path.suffix not in _DATA | _TENSORS:
        raise UnsafeModel(
            f"{path.name} is a file that a model folder has no use for",
            where=str(path),
            why="what can't be recognised as data is not loaded",
            hint="keep code out of the model folder",
        )


def _pickle_kind(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    for magic, name in _COMPRESSED.items():
        if head.startswith(magic):
            return f"a stream compressed with {name}, which is how joblib packs pickles"
    # Protocols from 2 on begin with PROTO and their number; of the older ones nothing tells but what they do.
    if head[:2] in _PROTOCOLS and not _is_safetensors(path, head):
        return "a pickle"
    if head.startswith(_ARRAY):
        return "a file of NumPy's, which may hold pickled objects"
    if zipfile.is_zipfile(path):
        return _pickle_in_zip(path)
    if path.suffix.lower() in _NAMES or _executes(path):
        return "a pickle"
    return f"not a {path.suffix[1:]} file" if path.suffix in _ZIPS else ""


def _is_safetensors(path: Path, head: bytes) -> bool:
    """Say whether bytes begin like safetensors: its first is the length of a header, and may be any."""
    return path.suffix == ".safetensors" and head[2:9] == b"\0\0\0\0\0\0{"


def _pickle_in_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if _is_pickled(archive, entry, path.suffix):
                    return f"a zip with the pickle {entry.filename!r} inside"
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        return f"an unreadable zip ({error})"
    return "" if path.suffix in _ZIPS else "a zip, which a model folder has no use for"


def _is_pickled(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, suffix: str) -> bool:
    if not entry.file_size:
        return False  # nothing can be loaded from it; PyTorch's reader wants some files to be there
    if entry.filename.lower().endswith(_NAMES):
        return True
    if suffix in _RAW:
        return False
    with archive.open(entry) as member:
        return member.read(2) in _PROTOCOLS


def _executes(path: Path) -> bool:
    """Say whether a file is a pickle of the old protocols 0 and 1, which have no mark, that does something.

    Its instructions are followed to the one that ends it, however long the file is: an unpickler does not
    look at what comes after. Bytes of another kind soon hold one that is no instruction.
    """
    seen: set[str] = set()
    with path.open("rb") as file:
        if not path.stat().st_size:
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            reader = OpcodeReader(data)
            try:
                seen.update(op.name for op in reader.until_stop())
            except Unreadable:
                # As many instructions as are looked at, and all are some: no other file is like that.
                return reader.left < 0
    return bool(seen & _EXECUTING)
