"""A Keras model as it is stored: equal models are equal files, without the day, or how it was trained."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from meguru.errors import InvalidInput
from meguru.flavors.archives import malformed, read_archive

_EPOCH = (1980, 1, 1, 0, 0, 0)


def cleaned(data: bytes, where: str = "") -> bytes:
    """Return the file with its parts in order, without dates, optimizers and numbers of objects."""
    files = read_archive(data, where)
    try:
        config: dict[str, Any] = json.loads(files["config.json"])
        said = json.loads(files["metadata.json"])
        files["config.json"] = json.dumps(_stable(config, {}), sort_keys=True).encode()
        files["metadata.json"] = json.dumps({"keras_version": str(said["keras_version"])}).encode()
        files["model.weights.h5"] = _repacked(files["model.weights.h5"])
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise malformed(where, f"it is no file of Keras ({error})") from error
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), files[name])
    return buffer.getvalue()


def _stable(node: Any, seen: dict[Any, int]) -> Any:
    """Return a configuration with shared objects numbered in the order in which they come."""
    if isinstance(node, list):
        return [_stable(each, seen) for each in node]
    if not isinstance(node, dict):
        return node
    kept = {name: each for name, each in node.items() if name != "compile_config"}
    if "shared_object_id" in kept:
        kept["shared_object_id"] = seen.setdefault(kept["shared_object_id"], len(seen))
    return {name: _stable(each, seen) for name, each in kept.items()}


def _repacked(data: bytes) -> bytes:
    """Return weights without the state of an optimizer, and without times in the file."""
    import h5py

    from meguru.flavors.kerasfile import weights

    weights.check(data)
    buffer = io.BytesIO()
    with h5py.File(io.BytesIO(data), "r") as given, h5py.File(buffer, "w", track_order=False) as made:
        if "_layer_checkpoint_dependencies" in given:
            raise InvalidInput("the file is of an older Keras", hint="load and save it with Keras 3.15")
        _copy(given, made, top=True)
    return buffer.getvalue()


def _copy(given: Any, made: Any, *, top: bool = False) -> None:
    import h5py

    for name in sorted(given.attrs):
        made.attrs[name] = given.attrs[name]
    for name in sorted(given):
        if top and name == "optimizer":
            continue
        each = given[name]
        if isinstance(each, h5py.Group):
            _copy(each, made.create_group(name, track_order=False))
        else:
            made.create_dataset(name, data=each[()], track_times=False)
