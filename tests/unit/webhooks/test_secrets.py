"""Secrets of webhooks are sealed with a key that is not in the database."""

import logging
import stat
import threading

import pytest
from sqlalchemy import insert, select, update

from meguru.app.open import open_local
from meguru.base.settings import load_settings
from meguru.errors import Conflict, UsageError
from meguru.webhooks import manage, show, store
from meguru.webhooks.follow import CallPromiser
from meguru.webhooks.schema import webhook_secret
from meguru.webhooks.secrets import FILE, open_secret, seal, unseal
from meguru.webhooks.types import TOPICS

URL = "https://93.184.216.34/"
SECRET = "hunter2 and a bit more, with ümlauts " * 3


def make(ws, name="w"):
    return manage.create(ws, name=name, url=URL, topics=[TOPICS[0]], secret=SECRET)


def kept(ws, webhook):
    with ws.read() as tx:
        return store.secret_of(tx, webhook)


def test_a_secret_is_in_no_file_of_the_workspace(workspace):
    hook = make(workspace)
    assert open_secret(workspace, hook.id, kept(workspace, hook.id)) == SECRET
    needle = SECRET[:12].encode()
    assert not [path for path in workspace.root.rglob("*") if path.is_file() and needle in path.read_bytes()]


def test_the_key_is_beside_the_workspace_and_only_its_owner_reads_it(workspace):
    make(workspace)
    path = workspace.root / FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    make(workspace, "other")
    assert path.read_text() == text
    assert not list(workspace.root.glob(f"{FILE}.*"))


def test_the_same_secret_is_sealed_otherwise_each_time(workspace):
    assert seal(workspace, "a", SECRET) != seal(workspace, "a", SECRET)


def test_those_who_seal_first_at_once_have_one_key(workspace):
    sealed = []
    threads = [threading.Thread(target=lambda: sealed.append(seal(workspace, "a", "x"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [unseal(workspace, "a", each) for each in sealed] == ["x"] * 8


def test_a_key_that_is_set_serves_all_servers_on_one_database(tmp_path):
    key = load_settings({}, secret_key="a long text that both of them have")
    with open_local(tmp_path / "a", settings=key) as one, open_local(tmp_path / "b", settings=key) as two:
        assert unseal(two, "w", seal(one, "w", SECRET)) == SECRET
    assert not (tmp_path / "a" / FILE).exists()
    assert "a long text" not in repr(key)


def test_a_key_that_is_too_short_is_refused(tmp_path):
    with (
        open_local(tmp_path / "w", settings=load_settings({}, secret_key="short")) as ws,
        pytest.raises(UsageError) as caught,
    ):
        make(ws)
    assert caught.value.where == "MEGURU_SECRET_KEY"


@pytest.mark.parametrize("what", ["gone", "other", "cut"])
def test_a_lost_key_is_told_with_what_to_do_and_nothing_is_called_unsigned(workspace, what):
    hook = make(workspace)
    path = workspace.root / FILE
    if what == "gone":
        path.unlink()
    else:
        path.write_text("quite another key of enough letters\n" if what == "other" else "")
    with pytest.raises(Conflict) as caught:
        show.try_out(workspace, webhook=hook.id)
    assert "key" in caught.value.why + caught.value.what
    assert show.show(workspace, webhook=hook.id).has_secret
    path.unlink(missing_ok=True)
    manage.update(workspace, webhook=hook.id, secret="a new one")
    assert open_secret(workspace, hook.id, kept(workspace, hook.id)) == "a new one"


def test_a_secret_that_was_changed_or_moved_to_another_webhook_is_not_used(workspace):
    one, two = make(workspace, "one"), make(workspace, "two")
    sealed, _ = kept(workspace, one.id)
    with pytest.raises(Conflict, match="can't be read"):
        unseal(workspace, two.id, sealed)
    for wrong in (sealed[:-6] + "AAAA==", sealed[:14], sealed.replace(".", ".A", 1), "", "x.y"):
        with pytest.raises(Conflict, match="can't be read"):
            unseal(workspace, one.id, wrong)


def test_secrets_of_older_versions_are_used_and_sealed_when_a_server_starts(workspace):
    hook = manage.create(workspace, name="w", url=URL, topics=[TOPICS[0]])
    with workspace.db.write() as tx:
        tx.execute(insert(webhook_secret).values(webhook=hook.id, secret=SECRET, sealed=False))
    assert open_secret(workspace, hook.id, kept(workspace, hook.id)) == SECRET
    stop = threading.Event()
    stop.set()
    CallPromiser(workspace).run(stop)
    text, is_sealed = kept(workspace, hook.id)
    assert is_sealed
    assert SECRET not in text
    assert open_secret(workspace, hook.id, (text, is_sealed)) == SECRET


@pytest.mark.integration
def test_on_a_database_server_a_secret_wants_a_key_that_is_set(postgres_url, tmp_path, caplog):
    with open_local(postgres_url, settings=load_settings({}, blobs=str(tmp_path))) as ws:
        with pytest.raises(UsageError) as caught:
            make(ws)
        assert "MEGURU_SECRET_KEY" in caught.value.where
        hook = manage.create(ws, name="w", url=URL, topics=[TOPICS[0]])
        with ws.db.write() as tx:
            tx.execute(insert(webhook_secret).values(webhook=hook.id, secret=SECRET, sealed=False))
        stop = threading.Event()
        stop.set()
        with caplog.at_level(logging.WARNING):
            CallPromiser(ws).run(stop)
        assert "kept in clear" in caplog.text
        assert SECRET not in caplog.text
    keyed = load_settings({}, blobs=str(tmp_path), secret_key="a long text of both servers")
    with open_local(postgres_url, settings=keyed) as ws:
        CallPromiser(ws).run(stop)
        with ws.read() as tx:
            assert tx.execute(select(webhook_secret.c.sealed)).scalars().all() == [True]
        assert open_secret(ws, hook.id, kept(ws, hook.id)) == SECRET


def test_a_row_that_claims_to_be_sealed_and_is_not_is_told(workspace):
    hook = make(workspace)
    with workspace.db.write() as tx:
        tx.execute(update(webhook_secret).values(secret="in clear"))
    with pytest.raises(Conflict):
        open_secret(workspace, hook.id, kept(workspace, hook.id))
