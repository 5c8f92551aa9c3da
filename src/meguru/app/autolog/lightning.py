"""PyTorch Lightning: hyperparameters, what is logged in each epoch, and the module of `Trainer.fit`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from meguru.app.autolog.patches import Patches
from meguru.app.autolog.training import AutologSettings, Training, quietly, training

_SAID = ("max_epochs", "max_steps", "accumulate_grad_batches", "gradient_clip_val", "num_devices")


def patch(patches: Patches, settings: AutologSettings, module: Any) -> None:
    """Follow `Trainer.fit`."""
    patches.replace(module.Trainer, "fit", lambda original: _followed(original, settings, module))


def _followed(original: Callable[..., Any], settings: AutologSettings, module: Any) -> Callable[..., Any]:
    @functools.wraps(original)
    def fit(self: Any, model: Any, *given: Any, **named: Any) -> Any:
        # Of several processes that train one model the first one tells: each of the others would be a run
        # more. The trainer knows its rank only within `fit`; this one is read from the launcher's
        # environment.
        if getattr(getattr(getattr(module, "utilities", None), "rank_zero_only", None), "rank", 0):
            return original(self, model, *given, **named)
        with training(settings, type(model).__name__, model) as found:
            curve = _curve(module, found)
            self.callbacks.append(curve)
            try:
                quietly(_tell_params, found, self, model)
                result = original(self, model, *given, **named)
            finally:
                self.callbacks.remove(curve)
            example = getattr(model, "example_input_array", None)
            if example is not None and example.ndim == 2:
                quietly(found.model, model, example.detach().cpu().numpy()[:5])
        return result

    return fit


def _curve(module: Any, found: Training) -> Any:
    class Curve(module.Callback):  # type: ignore[misc]
        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            del pl_module
            self._tell(trainer)

        def on_validation_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            del pl_module
            if not trainer.sanity_checking:
                self._tell(trainer)

        def _tell(self, trainer: Any) -> None:
            values = {key: value.item() for key, value in trainer.callback_metrics.items()}
            quietly(found.metrics, values, step=trainer.current_epoch)

    return Curve()


def _tell_params(found: Training, trainer: Any, model: Any) -> None:
    said = {key: getattr(trainer, key, None) for key in _SAID}
    found.params({**getattr(model, "hparams", {}), **said})
