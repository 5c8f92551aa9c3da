"""Cards in PostgreSQL: words, looks, what is kept and the follower are the same there."""

from __future__ import annotations

import pytest
from tests.unit.cards.conftest import fill

from meguru.app import open_workspace
from meguru.cards import operations as cards
from meguru.cards.follow import CardKeeper
from meguru.datasets.personal.erase import erase

pytestmark = [pytest.mark.integration, pytest.mark.soak]


def test_cards_are_written_kept_compared_and_erased_there_too(postgres_url, tmp_path, monkeypatch):
    monkeypatch.setenv("MEGURU_BLOBS", str(tmp_path / "blobs"))
    monkeypatch.setenv("MEGURU_SECRET_KEY", "k" * 44)
    with open_workspace(postgres_url, create=True) as workspace:
        fill(workspace, tmp_path)
        cards.edit(workspace, ref="model/delay@1", part="contacts", text="Ann Smith")
        assert cards.show(workspace, ref="model/delay@2").stale
        cards.confirm(workspace, ref="model/delay@2")
        CardKeeper(workspace).step()
        CardKeeper(workspace).step()
        assert [each.number for each in cards.history(workspace, ref="model/delay@1")] == [1]
        assert cards.show(workspace, ref="endpoint/delay", kept=0).number == 1
        assert cards.diff(workspace, before="model/delay@1", after="model/delay@2").changes
        assert len(cards.changelog(workspace, model="delay")) == 2
        found = erase(workspace, who={"name": ["Ann Smith"]}).found
        assert "words of a card" in {each.what for each in found}
        assert cards.list_cards(workspace)[0].words == {"contacts": "•••"}
