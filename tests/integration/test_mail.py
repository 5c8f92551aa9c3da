"""Mail reaches a real SMTP server: with a password over TLS, refused for now or for ever, or cut off."""

import email
import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress
from email.policy import default as policy

import pytest

pytest.importorskip("aiosmtpd")
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from sqlalchemy import select

from meguru.alerts.channels import CHANNELS, Envelope, mail
from meguru.alerts.inbox.follow import InboxFollower
from meguru.alerts.inbox.kind import SUBSCRIPTION
from meguru.alerts.inbox.show import configure
from meguru.alerts.inbox.subscribe import follow
from meguru.app.open import open_local
from meguru.base.plugins import PluginFamily
from meguru.base.settings import load_settings
from meguru.comments import write as comment
from meguru.governance.operations import specs as principals
from meguru.governance.principals import create_principal
from meguru.governance.standing import standing
from meguru.kernel import events
from meguru.kernel.jobs import Worker
from meguru.kernel.jobs.schema import job
from meguru.serving import create as endpoints
from meguru.summaries.calendar import ReportCalendar
from meguru.summaries.kind import SCHEDULED_REPORT, ScheduledReportSpec
from meguru.summaries.operations import reports
from meguru.testing.contracts.channels import HOSTILE, ChannelContract, message

pytestmark = pytest.mark.integration
ADDRESS = "anna@example.com"


class Inbox:
    """Takes mail; `answers` are said first instead."""

    def __init__(self):
        self.mails, self.answers = [], []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - its name
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(email.message_from_bytes(envelope.content, policy=policy))
        return "250 OK"


def serve(inbox, **given):
    controller = Controller(inbox, hostname="127.0.0.1", port=0, **given)
    # It asks its own port for readiness before it knows which it got.
    with socket.create_server(("127.0.0.1", 0)) as free:
        controller.port = free.getsockname()[1]
    controller.start()
    return controller


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def server(inbox):
    controller = serve(inbox)
    yield controller
    controller.stop()


class TestMail(ChannelContract):
    @pytest.fixture
    def channel(self):
        return CHANNELS.load("mailto")

    @pytest.fixture
    def settings(self, server):
        return load_settings({}, smtp=f"smtp://127.0.0.1:{server.port}", mail_from="meguru@example.com")

    @pytest.fixture
    def address(self):
        return ADDRESS

    @pytest.fixture
    def nowhere(self):
        settings = load_settings({}, smtp="smtp://127.0.0.1:1")
        return Envelope(address=ADDRESS, message=message(), delivery="d", secret="", settings=settings)

    @pytest.fixture
    def wrong(self):
        return ["", "anna", "anna@", "a@b\r\nBcc: c@d", "a b@example.com", "<a@b>"]

    def test_it_is_readable_and_says_that_a_machine_wrote_it(self, channel, settings, inbox):
        channel.send(self.envelope(ADDRESS, settings, message(2, HOSTILE, more=3)))
        (taken,) = inbox.mails
        assert (taken["To"], taken["From"]) == (ADDRESS, "meguru@example.com")
        assert (taken["Message-ID"], taken["Auto-Submitted"]) == ("<dlv-1@meguru>", "auto-generated")
        assert taken["Bcc"] is None
        plain, html = (taken.get_body((kind,)).get_content() for kind in ("plain", "html"))
        assert "https://meguru.example.com/acknowledge/token" in plain
        assert "and 3 more" in plain
        assert "<script>" not in html

    @pytest.mark.parametrize(("said", "again"), [("451 try later", True), ("550 no such user", False)])
    def test_what_is_refused_for_now_is_worth_another_try(self, channel, settings, inbox, said, again):
        inbox.answers = [said]
        answer = channel.send(self.envelope(ADDRESS, settings, message()))
        assert (answer.is_taken, answer.is_worth_another) == (False, again)
        assert said[:3] in answer.error


def test_a_password_is_sent_over_tls_alone(inbox, tmp_path, monkeypatch):
    context = certified(tmp_path, monkeypatch)
    seen = []

    def check(server, session, envelope, mechanism, given):
        seen.append((given.login, given.password, session.ssl is not None))
        return AuthResult(success=given.password == b"a secret", handled=False)

    controller = serve(inbox, tls_context=context, authenticator=check, require_starttls=True)
    try:
        channel = CHANNELS.load("mailto")
        for password, taken in (("a%20secret", True), ("wrong", False)):
            settings = load_settings({}, smtp=f"smtp://meguru:{password}@127.0.0.1:{controller.port}")
            sent = Envelope(address=ADDRESS, message=message(), delivery="d", secret="", settings=settings)
            answer = channel.send(sent)
            assert answer.is_taken is taken, answer.error
            assert ("535" in answer.error) is not taken
            assert "a secret" not in answer.error
            assert "secret" not in repr(settings)
        assert {each[2] for each in seen} == {True}
    finally:
        controller.stop()


def test_a_server_that_hangs_or_drips_is_cut_off(monkeypatch):
    monkeypatch.setattr(mail, "DEADLINE_SECONDS", 0.5)
    for greeting in (b"", b"2"):
        began = time.monotonic()
        with dripping(greeting) as port:
            settings = load_settings({}, smtp=f"smtp://127.0.0.1:{port}")
            answer = CHANNELS.load("mailto").send(
                Envelope(address=ADDRESS, message=message(), delivery="d", secret="", settings=settings)
            )
        assert (answer.is_taken, answer.is_worth_another) == (False, True)
        assert time.monotonic() - began < 60


@contextmanager
def dripping(byte):
    """Listen, and send a byte at a time to whoever comes."""
    over = threading.Event()

    def drip(listener):
        with listener, suppress(OSError):
            held, _ = listener.accept()
            with held:
                while not over.wait(0.05):
                    held.sendall(byte)

    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=drip, args=(listener,), daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    over.set()
    thread.join()


def certified(folder, monkeypatch):
    """Return a server's context with a certificate of its own, which this process trusts."""
    from datetime import UTC, datetime, timedelta
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *private))
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "cert.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def worked_off(ws, *kinds):
    """Do all jobs of some kinds that wait."""
    handlers = {name: place for kind in kinds for name, place in kind.jobs.items()}
    with ws.read() as tx:
        mine = select(job.c.id).where(job.c.kind.in_(handlers), job.c.state == "queued")
        waiting = tx.execute(mine).scalars().all()
    worker = Worker(ws, PluginFamily("job handler", handlers), threads=0)
    for each in waiting:
        worker.run_job(each)


@pytest.fixture
def sending(tmp_path, server):
    """A workspace whose mails go to the server."""
    given = {"smtp": f"smtp://127.0.0.1:{server.port}", "mail_from": "meguru@example.com"}
    with open_local(tmp_path / "workspace", settings=load_settings({}, **given)) as ws:
        endpoints.create(ws, name="delay", model="delay", description="Tells which flights are late.")
        yield ws


def test_what_is_new_in_an_inbox_comes_in_one_mail(sending, inbox):
    create_principal(sending, name="anna", role="viewer")
    with sending.read() as tx:
        anna = sending.with_(principal=standing(tx, "anna"))
    InboxFollower(sending).step()
    follow(anna, ref="endpoint/delay")
    configure(anna, mail=ADDRESS, language="ja")
    comment.add(sending, about="endpoint/delay", text="**one**")
    comment.add(sending, about="endpoint/delay", text="two, @anna")
    InboxFollower(sending).step()
    InboxFollower(sending).step()
    worked_off(sending, SUBSCRIPTION)
    (taken,) = inbox.mails
    assert taken["To"] == ADDRESS
    assert "2 件" in taken["Subject"]
    assert "two, @anna" in taken.get_body(("plain",)).get_content()


def test_who_may_not_act_any_more_gets_no_mail(sending, inbox):
    create_principal(sending, name="anna", role="viewer")
    with sending.read() as tx:
        anna = sending.with_(principal=standing(tx, "anna"))
    InboxFollower(sending).step()
    configure(anna, mail=ADDRESS)
    comment.add(sending, about="endpoint/delay", text="@anna?")
    InboxFollower(sending).step()
    principals.retire(sending, name="anna")
    worked_off(sending, SUBSCRIPTION)
    assert inbox.mails == []


def test_a_report_comes_by_mail_in_plain_words(sending, inbox):
    spec = ScheduledReportSpec(to=[f"mailto:{ADDRESS}"], every="* * * * *", language="ja")
    reports.declare(sending, name="board", spec=spec)
    with sending.db.write() as tx:
        tx.exec_driver_sql("update scheduled_report set due_at = '2026-01-01T00:00:00.000000Z'")
    assert ReportCalendar(sending).tick() == 1
    worked_off(sending, SCHEDULED_REPORT)
    (taken,) = inbox.mails
    assert "まだモデルがありません" in taken.get_body(("plain",)).get_content()
    with sending.read() as tx:
        (sent,) = events.read(tx, types=["scheduled_report.sent"])
    assert sent.data["to"] == f"mailto:{ADDRESS}"
