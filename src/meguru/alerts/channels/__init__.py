"""How people and systems are told: channels, each recognised by what stands before the colon."""

from meguru.alerts.channels.base import Channel, Envelope
from meguru.base.plugins import PluginFamily
from meguru.errors import InvalidInput, near_misses

CHANNELS = PluginFamily(
    "channel",
    {
        "console": "meguru.alerts.channels.console:CHANNEL",
        "mailto": "meguru.alerts.channels.mail:CHANNEL",
        "slack": "meguru.alerts.channels.slack:CHANNEL",
        "teams": "meguru.alerts.channels.teams:CHANNEL",
        "webhook": "meguru.alerts.channels.webhook:CHANNEL",
    },
)


def channel_of(to: str, *, field: str) -> tuple[Channel, str]:
    """Return the channel of a receiver, and its address there.

    Raises
    ------
    InvalidInput
        If there is no such channel.
    """
    name, _, address = to.partition(":")
    if name not in CHANNELS.names():
        close = near_misses(name, CHANNELS.names())
        raise InvalidInput(
            f"{name[:40]!r} is no channel",
            why=f"channels are {', '.join(CHANNELS.names())}",
            hint=f"did you mean {close[0]!r}?" if close else "write it like webhook:https://…",
            field=field,
        )
    channel: Channel = CHANNELS.load(name)
    return channel, address


__all__ = ["CHANNELS", "Channel", "Envelope", "channel_of"]
