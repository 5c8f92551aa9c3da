"""Tell by e-mail, over the SMTP server that the setting ``smtp`` names."""

from __future__ import annotations

import logging
import re
import smtplib
import ssl
import time
from collections.abc import Mapping
from contextlib import ExitStack
from email.message import EmailMessage
from email.utils import formatdate
from html import escape
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from meguru.alerts.channels.base import Envelope
from meguru.alerts.channels.slack import severity_icon
from meguru.alerts.notifications.types import MessageItem, NotificationMessage
from meguru.base.settings import Settings
from meguru.base.text import translate
from meguru.errors import InvalidInput, MissingDependency, UsageError
from meguru.monitoring.evidence.png import png_of
from meguru.webhooks.send import DEADLINE_SECONDS, TIMEOUT_SECONDS, cut_off_after
from meguru.webhooks.types import DeliveryResponse

log = logging.getLogger(__name__)
_ADDRESS = re.compile(r"[^\s@,;:<>\"()\[\]\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?")
SCHEMES = {"smtp": 25, "smtps": 465}
TAKEN, LATER = 250, 503


class MailChannel:
    """Mail with plain text and HTML, to one address."""

    def check(self, address: str, settings: Settings, *, field: str) -> None:
        """Refuse what is no address."""
        del settings
        if not _ADDRESS.fullmatch(address):
            raise InvalidInput(
                f"{address[:100]!r} is no mail address", hint="mailto:anna@example.com", field=field
            )

    def send(self, envelope: Envelope) -> DeliveryResponse:
        """Hand the mail to the server; what it refuses for good is not sent again."""
        start = time.monotonic()
        try:
            server = _server(envelope.settings)
            status, error = _hand_over(server, _mail(envelope), envelope.address)
        except smtplib.SMTPResponseException as refused:
            status, error = _refused(refused.smtp_code, refused.smtp_error)
        except smtplib.SMTPRecipientsRefused as refused:
            code, said = next(iter(refused.recipients.values()))
            status, error = _refused(code, said)
        except (OSError, smtplib.SMTPException, ValueError) as failed:
            status, error = 0, f"{type(failed).__name__}: {failed}"
        took = round(time.monotonic() - start, 3)
        return DeliveryResponse(status=status, error=error[:500], seconds=took)


def _refused(code: int, said: bytes | str) -> tuple[int, str]:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    # SMTP's 4xx is for now, its 5xx for ever; in an answer here it is the other way round.
    return (LATER if 400 <= code < 500 else 422), f"the mail server answered {code} {text}"


def _server(settings: Settings) -> SplitResult:
    if not settings.smtp:
        raise UsageError(
            "no mail can be sent",
            why="the setting smtp names no server",
            where="MEGURU_SMTP",
            hint="MEGURU_SMTP=smtp://user:password@mail.example.com:587",
        )
    try:
        parts = urlsplit(settings.smtp)
        known = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise UsageError("MEGURU_SMTP is no mail server", hint="smtp://HOST:587 or smtps://HOST:465")
    return parts


def _hand_over(server: SplitResult, mail: EmailMessage, address: str) -> tuple[int, str]:
    context = ssl.create_default_context()
    host, port = server.hostname or "", server.port or SCHEMES[server.scheme]
    end = time.monotonic() + DEADLINE_SECONDS
    with ExitStack() as stack:
        if server.scheme == "smtps":
            kind = _bounded(smtplib.SMTP_SSL, stack, end)
            smtp = stack.enter_context(kind(host, port, timeout=TIMEOUT_SECONDS, context=context))
        else:
            smtp = stack.enter_context(
                _bounded(smtplib.SMTP, stack, end)(host, port, timeout=TIMEOUT_SECONDS)
            )
        smtp.ehlo()
        if server.scheme == "smtp" and smtp.has_extn("starttls"):
            smtp.starttls(context=context)
            smtp.ehlo()
        if server.username:
            smtp.login(unquote(server.username), unquote(server.password or ""))
        smtp.send_message(mail, from_addr=mail["From"], to_addrs=[address])
    return TAKEN, ""


def _bounded(kind: Any, stack: ExitStack, end: float) -> Any:
    """Return a kind of connection that is cut at a moment, from its first byte on."""

    class Bounded(kind):  # type: ignore[misc]
        def _get_socket(self, *where: Any) -> Any:
            # smtplib has a timeout for each read only; a server that sends a byte now and then has none.
            made = super()._get_socket(*where)
            stack.enter_context(cut_off_after(made, end))
            return made

    return Bounded


def _mail(envelope: Envelope) -> EmailMessage:
    message, settings = envelope.message, envelope.settings
    mail = EmailMessage()
    mail["From"] = settings.mail_from or f"meguru@{(urlsplit(settings.smtp).hostname or 'localhost')}"
    mail["To"] = envelope.address
    mail["Subject"] = " ".join(message.title.split())[:200]
    mail["Date"] = formatdate()
    # The same at each attempt: a mail that comes twice is recognised.
    mail["Message-ID"] = f"<{envelope.delivery}@meguru>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(_plain(message))
    pictures = _pictures(envelope)
    mail.add_alternative(_html(message, pictures), subtype="html")
    html: Any = mail.get_body(("html",))
    for name, (id, picture) in pictures.items():
        html.add_related(picture, "image", "png", cid=id, filename=f"{name}.png")
    return mail


def _pictures(envelope: Envelope) -> dict[str, tuple[str, bytes]]:
    """Return the drawings as pictures by alert, with the id that each has in the mail."""
    found: dict[str, tuple[str, bytes]] = {}
    try:
        for name, drawing in envelope.drawings.items():
            found[name] = f"<{name}.{envelope.delivery}@meguru>", png_of(drawing)
    except (MissingDependency, ValueError) as error:
        log.info("mails have no drawings: %s", error)
    return found


def _plain(message: NotificationMessage) -> str:
    parts = []
    for item in message.items:
        lines = [f"{item.text}{_times(item)}", *(f"  {fact}" for fact in item.facts)]
        lines += [f"  {word}: {url}" for word, url in _links(item, message.language)]
        parts.append("\n".join(lines))
    if message.more:
        parts.append(translate("and {count} more", message.language).format(count=f"{message.more:,}"))
    return "\n\n".join(parts) + "\n"


def _html(message: NotificationMessage, pictures: Mapping[str, tuple[str, bytes]]) -> str:
    parts = [f"<h2>{escape(message.title)}</h2>"]
    for item in message.items:
        facts = "".join(f"<li>{escape(fact)}</li>" for fact in item.facts)
        links = " ".join(
            f'<a href="{escape(url)}">{escape(word)}</a>' for word, url in _links(item, message.language)
        )
        head = f"{severity_icon(item)} <b>{escape(item.text)}</b>{escape(_times(item))}"
        shown = ""
        if item.alert in pictures:
            id, alt = pictures[item.alert][0].strip("<>"), escape(item.text)
            shown = f'<p><img src="cid:{id}" alt="{alt}" width="720" style="max-width:100%"></p>'
        parts.append(f"<p>{head}</p><ul>{facts}</ul>{shown}<p>{links}</p>")
    if message.more:
        more = translate("and {count} more", message.language).format(count=f"{message.more:,}")
        parts.append(f"<p>{escape(more)}</p>")
    return f'<!doctype html><html lang="{message.language}"><body>{"".join(parts)}</body></html>'


def _times(item: MessageItem) -> str:
    return f" (×{item.count:,})" if item.count > 1 else ""


def _links(item: MessageItem, language: str) -> list[tuple[str, str]]:
    wanted = (("Look", item.url), ("Acknowledge", item.acknowledge))
    return [(translate(word, language), url) for word, url in wanted if url]


CHANNEL = MailChannel()
