"""What Feast's clients send, and how errors are told to them."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from meguru.base.type_errors import as_invalid
from meguru.errors import Forbidden, InvalidInput, MeguruError, NotFound


class OnlineRequest(msgspec.Struct, kw_only=True):
    """``POST /get-online-features``."""

    entities: dict[str, list[Any]]
    feature_service: str | None = None
    features: list[str] = []
    full_feature_names: bool = False
    include_feature_view_version_metadata: bool = False


class OwnRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """``POST /api/v1/features/get``: as the operation ``feature_view.get``."""

    entities: dict[str, list[Any]]
    service: str = ""
    features: list[str] = []
    full_names: bool = False

    def as_feasts(self) -> OnlineRequest:
        """Return the same question in Feast's words."""
        return OnlineRequest(
            entities=self.entities,
            feature_service=self.service,
            features=self.features,
            full_feature_names=self.full_names,
        )


class PushedFrame(msgspec.Struct, kw_only=True):
    """``POST /push``: columns of rows."""

    push_source_name: str
    df: dict[str, list[Any]]
    to: str = "online"
    allow_registry_cache: bool = True
    transform_on_write: bool = True


class WrittenFrame(msgspec.Struct, kw_only=True):
    """``POST /write-to-online-store``: columns of rows."""

    feature_view_name: str
    df: dict[str, list[Any]]
    allow_registry_cache: bool = True
    transform_on_write: bool = True


class MaterializeRequest(msgspec.Struct, kw_only=True):
    """``POST /materialize`` and ``/materialize-incremental``."""

    start_ts: str | None = None
    end_ts: str | None = None
    feature_views: list[str] | None = None
    disable_event_timestamp: bool = False
    full_feature_names: bool = False
    version: str | None = None


def read(body: bytes, kind: Any) -> Any:
    """Read a request.

    Raises
    ------
    InvalidInput
        If it is none of this kind; naming the field.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise as_invalid(error, "", kind) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput("the body is no JSON", why=str(error)[:200]) from error


def error_body(error: MeguruError) -> bytes:
    """Return an error as Feast's servers tell it: a text that holds JSON, which its clients raise again."""
    kind = "FeastError"
    if isinstance(error, NotFound):
        kind = "FeatureViewNotFoundException"
        if error.what.startswith("there is no feature service"):
            kind = "FeatureServiceNotFoundException"
    elif isinstance(error, Forbidden):
        kind = "FeastPermissionError"
    words = [error.what, error.why, f"try: {error.hint}" if error.hint else ""]
    message = "; ".join(word for word in words if word)
    told = {"module": "feast.errors", "class": kind, "message": f"{message} ({error.code})"}
    return msgspec.json.encode(json.dumps(told))
