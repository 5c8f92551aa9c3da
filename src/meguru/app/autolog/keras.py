"""Keras: params, the curves of each epoch, and the model of `Model.fit`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from meguru.app.autolog.patches import Patches
from meguru.app.autolog.training import AutologSettings, Training, quietly, training

_SAID = ("batch_size", "epochs", "validation_split", "shuffle", "steps_per_epoch", "initial_epoch")


def patch(patches: Patches, settings: AutologSettings, module: Any) -> None:
    """Follow the `fit` of every class that has its own."""
    for cls in module.Model.__mro__:
        if "fit" in vars(cls):
            patches.replace(cls, "fit", lambda original: _followed(original, settings, module))


def _followed(original: Callable[..., Any], settings: AutologSettings, module: Any) -> Callable[..., Any]:
    @functools.wraps(original)
    def fit(self: Any, *given: Any, **named: Any) -> Any:
        with training(settings, self.name, self) as found:
            if found.depth == 0:
                named |= {"callbacks": _with_curves(module, found, named.get("callbacks"))}
            result = original(self, *given, **named)
            if found.depth == 0:
                quietly(_tell, found, self, given[0] if given else named.get("x"), named)
        return result

    return fit


def _with_curves(module: Any, found: Training, callbacks: Any) -> Any:
    class Curve(module.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            quietly(found.metrics, logs or {}, step=epoch)

    if isinstance(callbacks, module.callbacks.CallbackList):
        callbacks.append(Curve())
        return callbacks
    several = callbacks if isinstance(callbacks, list | tuple) else [callbacks] if callbacks else []
    return [*several, Curve()]


def _tell(found: Training, model: Any, features: Any, named: dict[str, Any]) -> None:
    said = {key: named[key] for key in _SAID if key in named}
    optimizer = getattr(model, "optimizer", None)
    settings = (
        {f"optimizer.{key}": value for key, value in optimizer.get_config().items()} if optimizer else {}
    )
    quietly(found.params, {"loss": getattr(model, "loss", None)} | said | settings)
    if getattr(features, "ndim", 0) == 2:
        quietly(found.model, model, features[:5], baseline=features[:2000])
