"""LightGBM's estimators in skops' format, as MLflow 3.17 and later log them: the text of the booster in it.

Nothing of the file is built: the one text that LightGBM itself reads is taken out, and the classes' names.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np

from meguru.errors import UnsafeModel

MAGIC = b"PK\x03\x04"
_SCHEMA, _MAX_BYTES, _MAX_CLASSES_BYTES = "schema.json", 1 << 30, 16 << 20
_ESTIMATORS = ("LGBMClassifier", "LGBMRegressor", "LGBMRanker")


def read(data: bytes, where: str) -> tuple[bytes, list[Any] | None]:
    """Return the booster's text and the classes of a classifier (None of another model).

    Raises
    ------
    UnsafeModel
        When the file is no such model, is too large, or its classes are no plain values.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            schema = json.loads(_member(archive, _SCHEMA, _MAX_BYTES))
            is_whole = (schema["__module__"], schema["__class__"]) == ("lightgbm.basic", "Booster")
            if not is_whole and (schema["__module__"], schema["__class__"] in _ESTIMATORS) != (
                "lightgbm.sklearn",
                True,
            ):
                raise UnsafeModel("the file holds no model of LightGBM", where=where)
            fields = schema["content"]["content"]
            booster = schema if is_whole else fields["_Booster"]
            text = json.loads(booster["content"]["content"]["_handle"]["content"])
            classes = None if is_whole else fields.get("_classes")
            return text.encode(), None if classes is None else _classes(archive, classes)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise UnsafeModel("the file is no skops file", where=where, why=str(error)[:200]) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        what = "the skops file holds no fitted model of LightGBM"
        raise UnsafeModel(what, where=where, why=f"{type(error).__name__}: {error}"[:200]) from error


def _member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    if archive.getinfo(name).file_size > most:
        message = f"{name} is larger than {most:,} bytes"
        raise ValueError(message)
    with archive.open(name) as member:
        data = member.read(most + 1)
    if len(data) > most:
        message = f"{name} is larger than {most:,} bytes"
        raise ValueError(message)
    return data


def _classes(archive: zipfile.ZipFile, node: Any) -> list[Any]:
    if node["__class__"] != "ndarray" or node.get("type") != "numpy":
        message = "the names of the classes are no plain array"
        raise ValueError(message)
    file = io.BytesIO(_member(archive, str(node["file"]), _MAX_CLASSES_BYTES))
    # An .npy file of objects is a pickle.
    found: np.ndarray[Any, Any] = np.load(file, allow_pickle=False)
    if found.ndim != 1:
        message = f"the names of the classes have the shape {found.shape}"
        raise ValueError(message)
    return list(found.tolist())
