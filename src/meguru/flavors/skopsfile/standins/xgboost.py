"""XGBoost inside a pipeline: its own UBJSON, looked through before XGBoost reads it."""

from __future__ import annotations

from typing import Any

from meguru.flavors import xgboostfile
from meguru.flavors.skopsfile.standins.base import StandIn


class BoostedTrees(StandIn):
    """One of XGBoost's models: its class, its settings, and its bytes."""

    module = "xgboost"

    @classmethod
    def claims(cls, subject: Any) -> bool:
        """Say whether it is a fitted one; before that it is parameters only, which a search leaves behind."""
        return xgboostfile.claims(subject)

    @classmethod
    def data(cls, subject: Any) -> tuple[Any, ...]:
        """Return class, settings and bytes; of one that was not fitted no bytes."""
        kind, settings = xgboostfile.kind_of(subject), xgboostfile.settings_of(subject)
        fitted = kind == "Booster" or subject.__sklearn_is_fitted__()
        return kind, settings, xgboostfile.dumps(subject) if fitted else b""

    @classmethod
    def restore(cls, *args: Any) -> Any:
        """Make the model again."""
        kind, settings, data = args
        if not isinstance(kind, str) or not isinstance(settings, dict) or not isinstance(data, bytes):
            raise TypeError("an XGBoost model of strange data")
        return xgboostfile.loads(kind, data, settings) if data else xgboostfile.unfitted(kind, settings)
