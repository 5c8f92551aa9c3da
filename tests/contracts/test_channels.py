"""Every channel of notifications but mail, which has a real server among the integration tests."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from meguru.alerts.channels import CHANNELS, Envelope
from meguru.alerts.channels.slack import payload as slack_payload
from meguru.alerts.channels.teams import payload as teams_payload
from meguru.base.settings import load_settings
from meguru.testing.contracts.channels import HOSTILE, ChannelContract, message
from meguru.webhooks.send import signature


@pytest.fixture(scope="module")
def taken():
    """A server that takes what is sent; give its URL and what it was sent."""
    calls = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            calls.append((dict(self.headers), self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/hook", calls
    server.shutdown()
    server.server_close()
    thread.join()


class ByHttp(ChannelContract):
    name = ""

    @pytest.fixture
    def channel(self):
        return CHANNELS.load(self.name)

    @pytest.fixture
    def settings(self):
        return load_settings({}, webhook_private=True)

    @pytest.fixture
    def address(self, taken):
        return taken[0]

    @pytest.fixture
    def nowhere(self, settings):
        return Envelope(
            address="http://127.0.0.1:1/x", message=message(), delivery="d", secret="", settings=settings
        )

    @pytest.fixture
    def wrong(self):
        return ["", "nowhere", "ftp://example.com/", "https://user:pw@example.com/"]


class TestWebhook(ByHttp):
    name = "webhook"

    def test_it_is_signed(self, channel, address, settings, taken):
        channel.send(self.envelope(address, settings, message()))
        headers, body = taken[1][-1]
        wanted = signature("s" * 24, headers["Webhook-Id"], headers["Webhook-Timestamp"], body)
        assert headers["Webhook-Signature"] == wanted
        told = json.loads(body)
        assert (told["type"], told["data"]["items"][0]["alert"]) == ("meguru.notification", "alert-1")


class TestSlack(ByHttp):
    name = "slack"

    def test_it_keeps_slacks_limits_and_mentions_nobody(self):
        told = slack_payload(message(20, HOSTILE * 100, more=5))
        assert len(told["blocks"]) <= 50
        assert len(told["blocks"][0]["text"]["text"]) <= 150
        sections = [each["text"]["text"] for each in told["blocks"] if each["type"] == "section"]
        assert max(map(len, sections)) <= 3000
        assert not [each for each in sections if "<!channel>" in each]
        buttons = [each for block in told["blocks"] for each in block.get("elements", []) if "url" in each]
        assert {each["url"] for each in buttons} >= {"https://meguru.example.com/acknowledge/token"}


class TestTeams(ByHttp):
    name = "teams"

    def test_it_is_an_adaptive_card_in_which_strangers_make_no_links(self):
        told = teams_payload(message(2, HOSTILE))
        card = told["attachments"][0]["content"]
        assert (told["type"], card["type"], card["version"]) == ("message", "AdaptiveCard", "1.4")
        assert "](" not in json.dumps([each.get("text", "") for each in card["body"]])


class TestConsole(ByHttp):
    name = "console"

    @pytest.fixture
    def address(self):
        return ""

    @pytest.fixture
    def nowhere(self):
        return None

    @pytest.fixture
    def wrong(self):
        return ["x"]
