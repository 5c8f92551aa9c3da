"""CatBoost inside a pipeline: its own JSON, looked through before CatBoost reads it."""

from __future__ import annotations

from typing import Any

from meguru.flavors import catboostfile
from meguru.flavors.skopsfile.standins.base import StandIn


class CatTrees(StandIn):
    """One of CatBoost's models, as its bytes; they tell its class."""

    module = "catboost"

    @classmethod
    def claims(cls, subject: Any) -> bool:
        """Say whether it is one of CatBoost's own models."""
        return catboostfile.claims(subject)

    @classmethod
    def data(cls, subject: Any) -> tuple[Any, ...]:
        """Return the bytes; what was not fitted has none and is refused."""
        return (catboostfile.dumps(subject),)

    @classmethod
    def restore(cls, *args: Any) -> Any:
        """Make the model again."""
        (data,) = args
        if not isinstance(data, bytes):
            raise TypeError("a CatBoost model of strange data")
        return catboostfile.loads(data)
