"""What became of each call of a webhook can be looked at."""

from datetime import timedelta

import pytest

from meguru.errors import InvalidInput, NotFound
from meguru.kernel import events
from meguru.mlflow.registry.topics import TOPICS
from meguru.webhooks import deliveries, manage, show

SECRET = "a secret of theirs"


def test_each_call_is_in_the_list_of_deliveries_with_what_came_back(
    client, ws, receiver, settle, clock, make_version
):
    receiver.statuses = [500]
    made = manage.create(ws, name="w", url=receiver.url, topics=["registered_model.created"], secret=SECRET)
    make_version()
    settle()
    clock.move(timedelta(seconds=1))
    settle()
    show.try_out(ws, webhook="w")
    tried, second, first = deliveries.deliveries(ws, webhook="w")
    assert [(each.attempt, each.status, each.is_taken) for each in (first, second)] == [
        (1, 500, False),
        (2, 200, True),
    ]
    assert first.delivery == second.delivery == receiver.calls[0][1]["X-MLflow-Delivery-Id"]
    assert first.error == "it answered 500"
    assert first.at < second.at
    assert (tried.event, tried.is_taken) == ("", True)
    with ws.read() as tx:
        (told,) = events.read(tx, after=0, types=("registered_model.created",))
    assert first.event == told.id
    assert SECRET not in repr(tried)
    manage.delete(ws, webhook=made.id)
    with pytest.raises(NotFound):
        deliveries.deliveries(ws, webhook=made.id)


def test_only_the_newest_deliveries_are_kept(ws, receiver, monkeypatch):
    monkeypatch.setattr(deliveries, "MAX_DELIVERIES", 3)
    manage.create(ws, name="w", url=receiver.url, topics=[TOPICS[0]])
    tried = [show.try_out(ws, webhook="w") for _ in range(5)]
    assert len(tried) == 5
    assert len(deliveries.deliveries(ws, webhook="w")) == 3


def test_a_webhook_is_named_by_its_name_while_it_is_the_only_one(ws):
    for _ in range(2):
        made = manage.create(ws, name="same", url="http://127.0.0.1:1/x", topics=[TOPICS[0]])
    with pytest.raises(InvalidInput, match="names no one webhook"):
        show.show(ws, webhook="same")
    manage.delete(ws, webhook=made.id)
    assert show.show(ws, webhook="same").id != made.id


def test_a_call_whose_secret_can_not_be_read_is_not_made_unsigned(
    client, ws, receiver, settle, clock, make_version
):
    manage.create(ws, name="w", url=receiver.url, topics=["registered_model.created"], secret=SECRET)
    make_version()
    key = ws.root / "secret.key"
    text = key.read_text()
    key.unlink()
    settle()
    assert receiver.calls == []
    (told,) = deliveries.deliveries(ws, webhook="w")
    assert "sealed with a key" in told.error
    key.write_text(text)
    clock.move(timedelta(seconds=1))
    settle()
    assert len(receiver.calls) == 1
