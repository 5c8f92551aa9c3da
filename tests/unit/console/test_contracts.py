"""What clients send, on the page of an endpoint."""

from __future__ import annotations

from datetime import UTC, datetime

from meguru.flavors import ColumnType, SignatureColumn
from meguru.serving.contracts import consumers
from meguru.serving.contracts.operations import create, prefer, retire
from meguru.serving.contracts.types import Consumer
from meguru.serving.operations import create as create_endpoint

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_an_endpoint_shows_what_clients_send_and_who_they_are(browser, workspace):
    create_endpoint(workspace, name="delay", model="delay")
    assert "contract/delay" not in browser.get("/ui/endpoints/delay").text
    column = SignatureColumn(name="<b>hour</b>", type=ColumnType.LONG, nullable=True)
    for _ in range(2):
        create(workspace, endpoint="delay", columns=[column], note="for the shop")
    seen = {"requests": 1204, "rows": 5000, "first_seen": NOON, "last_seen": NOON}
    with workspace.db.write() as tx:
        consumers.add(tx, "delay", [Consumer(contract=2, principal="shop", **seen)])
    prefer(workspace, contract="delay@2")
    retire(workspace, contract="delay@1")
    page = browser.get("/ui/endpoints/delay").text
    part = page[page.index('id="contracts"') :]
    assert part.index("contract/delay@2") < part.index("contract/delay@1")
    for told in ("&lt;b&gt;hour&lt;/b&gt;", "long?", "shop", "1,204", "for the shop", "default", "retired"):
        assert told in part, told
    assert "<b>hour" not in page
    in_japanese = browser.get("/ui/endpoints/delay?lang=ja").text
    assert "クライアントが送るもの" in in_japanese
