"""What every channel of notifications promises; see `meguru.alerts.channels.base.Channel`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from meguru.alerts.channels import Channel, Envelope
from meguru.alerts.notifications.types import MessageItem, NotificationMessage
from meguru.base.settings import Settings
from meguru.errors import InvalidInput

AT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
HOSTILE = '<script>alert(1)</script> @everyone <!channel> [a](https://evil.example) "\r\nBcc: x@example.com'


def message(count: int = 1, text: str = "train could not finish", **given: Any) -> NotificationMessage:
    """Return a message with so many things in it."""
    item = MessageItem(
        text=text,
        severity="critical",
        state="open",
        subject="pipeline_run/run-1",
        facts=["message: no rows"],
        count=3,
        at=AT,
        alert="alert-1",
        url="https://meguru.example.com/ui/alerts/alert-1",
        acknowledge="https://meguru.example.com/acknowledge/token",
    )
    return NotificationMessage(title=text, items=[item] * count, notification="oncall", **given)


class ChannelContract:
    """Subclass it with the fixtures below; `settings` are those with which the addresses may be used."""

    @pytest.fixture
    def channel(self) -> Channel:
        """The channel."""
        raise NotImplementedError

    @pytest.fixture
    def settings(self) -> Settings:
        """The settings."""
        raise NotImplementedError

    @pytest.fixture
    def address(self) -> str:
        """Where messages are taken."""
        raise NotImplementedError

    @pytest.fixture
    def nowhere(self) -> Envelope | None:
        """A message to where nobody is; None where there is no such place."""
        raise NotImplementedError

    @pytest.fixture
    def wrong(self) -> list[str]:
        """Addresses that can be none."""
        raise NotImplementedError

    def envelope(self, address: str, settings: Settings, what: NotificationMessage) -> Envelope:
        """Return a message on its way."""
        return Envelope(address=address, message=what, delivery="dlv-1", secret="s" * 24, settings=settings)

    def test_a_message_is_taken_and_again_with_the_same_id(
        self, channel: Channel, address: str, settings: Settings
    ) -> None:
        channel.check(address, settings, field="to[0]")
        for _ in range(2):
            answer = channel.send(self.envelope(address, settings, message()))
            assert answer.is_taken, answer.error

    @pytest.mark.parametrize("language", ["en", "ja"])
    def test_many_things_and_texts_of_strangers_fit(
        self, channel: Channel, address: str, settings: Settings, language: str
    ) -> None:
        what = message(20, HOSTILE * 30, more=980, language=language)
        answer = channel.send(self.envelope(address, settings, what))
        assert answer.is_taken, answer.error

    def test_what_goes_wrong_is_told_and_not_raised(self, channel: Channel, nowhere: Envelope | None) -> None:
        if nowhere is not None:
            answer = channel.send(nowhere)
            assert (answer.is_taken, answer.is_worth_another, bool(answer.error)) == (False, True, True)

    def test_a_wrong_address_is_refused_with_its_field(
        self, channel: Channel, settings: Settings, wrong: list[str]
    ) -> None:
        for each in wrong:
            with pytest.raises(InvalidInput) as refused:
                channel.check(each, settings, field="to[3]")
            assert refused.value.field == "to[3]"
