"""Features of a workspace, from Python: ``ws.features``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from meguru.features import client

if TYPE_CHECKING:
    from meguru.features.online.answer import OnlineFeatures
    from meguru.features.push.push import Pushed, PushTo
    from meguru.kernel.remote import RemoteWorkspace
    from meguru.kernel.workspace import Workspace


class FeatureDoor:
    """What can be done with the features of a workspace, here or on a server."""

    def __init__(self, ws: Workspace | RemoteWorkspace) -> None:
        self._ws = ws

    def online(
        self,
        features: str | Sequence[str],
        entities: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        full_names: bool = False,
    ) -> OnlineFeatures:
        """Read features online; see `meguru.features.online.answer.online`."""
        from meguru.features.online.answer import online

        return online(self._ws, features, entities, full_names=full_names)

    def push(self, view: str, rows: Any, *, to: PushTo = "online_and_offline") -> Pushed:
        """Push rows to a view: a frame, or a list of values for each column."""
        from meguru.features.offline.frames import as_frame
        from meguru.features.push.frames import plain_columns
        from meguru.features.push.push import push

        columns = rows if isinstance(rows, dict) else plain_columns(as_frame(rows))
        return push(self._ws, view=view, columns=columns, to=to)

    def training(self, frame: Any, features: str | Sequence[str], **said: Any) -> client.TrainingSet:
        """Return the rows of a frame with what was known at each moment; see `client.training`."""
        return client.training(self._ws, frame, features, **said)

    def get_online_features(
        self,
        features: str | Sequence[str],
        entity_rows: Sequence[Mapping[str, Any]],
        *,
        full_feature_names: bool = False,
    ) -> dict[str, list[Any]]:
        """Return columns of values, as Feast's method of this name and its ``to_dict`` do."""
        online_features = self.online(features, entity_rows, full_names=full_feature_names)
        values = {
            name: [row[name].value for row in online_features.rows] for name in online_features.features
        }
        return online_features.entities | values

    def get_historical_features(self, entity_df: Any, features: str | Sequence[str]) -> client.TrainingSet:
        """Return a training set as Feast's method does: moments are in the column ``event_timestamp``."""
        return client.get_historical_features(self._ws, entity_df, features)
