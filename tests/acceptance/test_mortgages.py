"""A loan model that people answer for, in a browser and on the command line: from refusal to evidence."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

os.environ.setdefault("OMP_NUM_THREADS", "1")  # threads that spin while they wait starve each other

import msgspec
import pytest

from meguru.alerts.follow import AlertFollower
from meguru.app.open import open_local
from meguru.base.clock import FixedClock
from meguru.demo.mortgages.people import ADA, GRACE, IVO
from meguru.demo.mortgages.play import play
from meguru.evidence.verify import verify_pack
from meguru.governance.principals import create_principal
from meguru.governance.tokens import create_token
from meguru.governance.waivers.expire import expire

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.browser,
    pytest.mark.timeout(300),  # it trains on 160,000 rows
    pytest.mark.xdist_group("browser"),
]
EXIT_GATE, EXIT_TAMPERED = 5, {1, 2, 3, 4, 5, 6}
RELEASE, KIM = "/ui/releases/loans/1", "kim"


def meguru(*words, place, token="", code=0):
    done = subprocess.run(
        [sys.executable, "-m", "meguru", *words, *(["--workspace", str(place)] if place else [])],
        env=os.environ | ({"MEGURU_TOKEN": token} if token else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (code if isinstance(code, set) else {code}), done.stderr + done.stdout
    return done.stdout


@contextmanager
def serving(folder):
    command = [sys.executable, "-m", "meguru", "up", "--workspace", str(folder), "--auth", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--json", "--exit-with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"MEGURU_WORKERS": "0"},
    )
    try:
        yield msgspec.json.decode(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.communicate()


def signed_in(chromium, url, token):
    page = chromium.new_context(base_url=url, locale="en-GB").new_page()
    page.goto("/sign-in")
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda address: "sign-in" not in address)
    return page


@pytest.fixture
def loans(tmp_path):
    """A workspace in which a loan model was just refused, and the tokens of its people."""
    folder = tmp_path / "loans"
    account = play(folder, "refusal", lambda _: None)
    said = [line.said for line in account.chapters[-1].lines]
    assert any("is certainly above 0.08" in each for each in said)
    with open_local(folder) as ws:
        create_principal(ws, name=KIM, role="owner")
        return folder, {name: create_token(ws, principal=name).secret for name in (ADA, GRACE, IVO, KIM)}


def test_a_refused_loan_model_goes_live_by_a_waiver_and_an_approval_and_is_proved_in_the_console(
    chromium, loans
):
    expect = pytest.importorskip("playwright.sync_api").expect
    folder, tokens = loans
    with serving(folder) as url:
        enter = partial(signed_in, chromium, url)
        ada, grace, ivo, kim = (enter(tokens[name]) for name in (ADA, GRACE, IVO, KIM))
        _is_waived(expect, ada, grace)
        ada.goto(RELEASE)
        ada.get_by_role("button", name="Check it again").click()
        ada.get_by_label("what it is for").fill("first loan model")
        ada.get_by_role("button", name="Ask for a review").click()
        expect(ada.locator("#act")).to_contain_text("another pair of eyes decides")
        _is_approved(expect, ada, ivo)
        _is_erased(expect, kim)
        pack = kim.request.get(f"{RELEASE}/evidence").body()
    found = verify_pack(pack, file="loans.zip")
    assert (found.whole, found.faults) == (True, [])
    forged = bytearray(pack)
    forged[len(forged) // 2] ^= 1
    assert not verify_pack(bytes(forged), file="loans.zip").whole


@pytest.mark.soak  # two servers, and a process for each command
def test_a_loan_model_is_refused_waived_approved_and_told_of_when_the_waiver_ends(chromium, loans):
    expect = pytest.importorskip("playwright.sync_api").expect
    folder, tokens = loans
    with serving(folder) as url:
        enter = partial(signed_in, chromium, url)
        ada, grace, ivo = enter(tokens[ADA]), enter(tokens[GRACE]), enter(tokens[IVO])
        _is_waived(expect, ada, grace)
        meguru("release", "check", "loans@1", place=url, token=tokens[ADA])
        meguru("release", "request", "loans@1", "--note", "first loan model", place=url, token=tokens[ADA])
        _is_approved(expect, ada, ivo)
    with open_local(folder, clock=FixedClock(datetime.now(UTC) + timedelta(days=31))) as ws:
        assert expire(ws) == 1
        AlertFollower(ws).step()
    with serving(folder) as url:
        _is_told(expect, signed_in(chromium, url, tokens[GRACE]))
        again = partial(meguru, place=url, token=tokens[ADA])
        again("release", "create", "loans", "loans@1")
        assert "group_fairness failed" in again("release", "check", "loans@2", code=EXIT_GATE)
    _is_proved(folder)


def _is_waived(expect, ada, grace):
    """Ada asks for the waiver and may not grant it; grace does."""
    ada.goto("/ui/endpoints/loans")
    ada.locator("#gates-1 summary").click()
    ada.get_by_role("link", name="ask for a waiver").click()
    ada.get_by_label("reason").fill("the model without birthplace is being validated")
    ada.get_by_role("button", name="Ask").click()
    expect(ada.get_by_role("heading", name="Waiver of group_fairness")).to_contain_text("asked for")
    waiver = ada.url
    ada.get_by_role("button", name="Grant").click()
    expect(ada.locator("main")).to_contain_text("ada asked for it: a waiver takes a second pair of eyes")
    grace.goto(waiver)
    grace.get_by_label("note").fill("no longer than the validation takes")
    grace.get_by_role("button", name="Grant").click()
    expect(grace.get_by_role("heading", name="Waiver of group_fairness")).to_contain_text("granted")


def _is_approved(expect, ada, ivo):
    """Ivo approves what ada asked a review of, and it goes live with the waiver beside it."""
    ivo.goto(RELEASE)
    expect(ivo.locator("#gates")).to_contain_text("waived by grace until")
    ivo.get_by_label("What you looked at, or why not").fill("looked at both groups")
    ivo.get_by_role("button", name="Approve").click()
    expect(ivo.locator("#decisions")).to_contain_text("looked at both groups")
    ada.goto(RELEASE)
    expect(ada.locator("#act")).to_contain_text("another pair of eyes decides")
    ada.get_by_role("button", name="Put it live").click()
    expect(ada.locator("#standing")).to_contain_text("Nothing.")
    ada.goto("/ui/endpoints/loans")
    expect(ada.locator("#head")).to_contain_text("group_fairness was waived by grace until")


def _is_erased(expect, kim):
    """An applicant is looked for, erased, and not found any more."""
    kim.goto("/ui/erasures")
    for do, said in (
        ("Say what would go", "2 rows would be erased, in 2 places."),
        ("Erase", "asked for it"),
        ("Say what would go", "0 rows would be erased, in 0 places."),
    ):
        kim.get_by_label("who: COLUMN=VALUE").fill("applicant=A000042")
        kim.get_by_label("reason").fill("asked for it")
        kim.get_by_label("nothing brings it back").check()
        kim.get_by_role("button", name=do, exact=True).click()
        expect(kim.locator("main")).to_contain_text(said)


def _is_told(expect, page):
    """The waiver has ended: everybody who meets the model sees it."""
    page.goto("/ui/alerts")
    expect(page.locator("main")).to_contain_text("nobody's leave covers that")
    for place in ("/ui/endpoints/loans", "/ui/endpoints", "/ui/models/loans/1"):
        page.goto(place)
        link = page.get_by_role("link", name="waiver has ended").first
        expect(link).to_be_visible()
    page.get_by_role("link", name="waiver has ended").first.click()
    expect(page.locator("#facts")).to_contain_text(re.compile("ended.*its time is over", re.DOTALL))


def _is_proved(folder):
    """A person is erased, and the evidence is whole; of one changed byte it is told where."""
    said = meguru("erase", "applicant=A000042", "--yes", "--reason", "asked for it", place=folder)
    assert "dataset/loans@1" in said
    file = folder / "loans.zip"
    meguru("evidence", "export", "release/loans@1", "--out", str(file), place=folder)
    assert "whole: release/loans@1" in meguru("evidence", "verify", str(file), place="")
    forged = bytearray(file.read_bytes())
    forged[len(forged) // 2] ^= 1
    file.write_bytes(forged)
    meguru("evidence", "verify", str(file), place="", code=EXIT_TAMPERED)
