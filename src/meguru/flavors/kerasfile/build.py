"""A Keras model made from a configuration that was looked through, and its weights."""

from __future__ import annotations

import io
import math
from typing import Any

from meguru.errors import TooLarge
from meguru.flavors.archives import malformed

MAX_ROW = 1 << 24
"""So many values may one row take in one layer."""
Refused = TooLarge


def model_of(said: dict[str, Any], data: bytes, counted: int, where: str) -> Any:
    """Return the model; its variables get memory only once their sizes are known to be those in the file."""
    import keras
    from keras.src.backend.common.variables import initialize_all_variables
    from keras.src.saving import saving_lib

    # Without memory for variables: a configuration of a few bytes may ask for layers of any size.
    with keras.StatelessScope(initialize_variables=False):
        model = keras.saving.deserialize_keras_object(said, safe_mode=True)
        wanted = sum(math.prod(weight.shape) for weight in model.weights)
        _check_rows(model, where)
    # Only what the file itself fills is allocated.
    if wanted > counted:
        raise malformed(where, f"its layers want {wanted:,} numbers, and its weights hold {counted:,}")
    initialize_all_variables()
    store = saving_lib.H5IOStore(io.BytesIO(data), mode="r")
    try:
        failed: set[Any] = set()
        saving_lib._load_state(  # noqa: SLF001 - the public way reads a file by its path
            model,
            weights_store=store,
            assets_store=None,
            inner_path="",
            visited_saveables=set(),
            failed_saveables=failed,
        )
    finally:
        store.close()
    if failed:
        raise malformed(where, f"{len(failed)} of its layers have no weights in it")
    return model


def _check_rows(model: Any, where: str) -> None:
    layers = list(model.layers)
    while layers:
        layer = layers.pop()
        layers += list(getattr(layer, "layers", []))
        for node in getattr(layer, "_inbound_nodes", []):
            for tensor in node.output_tensors:
                made = math.prod(size for size in tensor.shape if size)
                if made > MAX_ROW:
                    why = f"{layer.name} makes {list(tensor.shape)}; {MAX_ROW:,} values a row are allowed"
                    raise TooLarge("the model makes tensors beyond all bounds", where=where, why=why)
