"""Secrets of webhooks are sealed with a key that is not in the database."""

import logging
import stat
import threading

import pytest
from sqlalchemy import insert, select, update

from meguru.app.open import open_local
from meguru.base.settings import load_settings
from meguru.errors import Conflict, UsageError
from meguru.kernel.secret_keys import FILE
from meguru.mlflow.registry.topics import TOPICS
from meguru.webhooks import manage, show, store
from meguru.webhooks.follow import WebhookFollower
from meguru.webhooks.schema import webhook_secret
from meguru.webhooks.secrets import is_current, open_secret, seal, unseal

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
    for wrong in (
        sealed[:-6] + "AAAA==",
        sealed[:14],
        sealed.replace(".", ".A", 1),
        "",
        "x.y",
        "2.x",
        "2.é.y",
    ):
        with pytest.raises(Conflict, match="can't be read"):
            unseal(workspace, one.id, wrong)


def test_secrets_of_older_versions_are_used_and_sealed_when_a_server_starts(workspace):
    hook = manage.create(workspace, name="w", url=URL, topics=[TOPICS[0]])
    with workspace.db.write() as tx:
        tx.execute(insert(webhook_secret).values(webhook=hook.id, secret=SECRET, sealed=False))
    assert open_secret(workspace, hook.id, kept(workspace, hook.id)) == SECRET
    stop = threading.Event()
    stop.set()
    WebhookFollower(workspace).run(stop)
    text, is_sealed = kept(workspace, hook.id)
    assert is_sealed
    assert SECRET not in text
    assert open_secret(workspace, hook.id, (text, is_sealed)) == SECRET


PHRASE = "the key of before, of enough letters"
RANDOM = "q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq80"
BEFORE = {
    PHRASE: (
        (
            "7aa5515cea99.Wp5rBg54weUA1aw4A2HNpOWLwk1ENY66ArODTn0MlHEdftG_Grmq-_HI4KfrWM7RbCIOV2vn8vjetj5CQAk6oH6D"
            "hgxhvR5nPQciQ0Ds3wsFEDhViA=="
        ),
        "hunter2 and a bit more, with ümlauts",
    ),
    RANDOM: (
        "1ee6904d10ea.TJUfEA5xtGonBv57V1F7-KIlIZ8qIuyQKJli17yOhHfmuG9wUIGjvC6Q0a87gbPRXcgDS0s=",
        "short",
    ),
}
"""Secrets of the webhook hook-1 as our own cipher sealed them, by key."""


def keyed(folder, key):
    return open_local(folder, settings=load_settings({}, secret_key=key))


def restart(ws):
    stop = threading.Event()
    stop.set()
    WebhookFollower(ws).run(stop)


@pytest.mark.parametrize("key", BEFORE)
def test_what_our_own_cipher_sealed_is_opened_and_sealed_anew_when_a_server_starts(tmp_path, key):
    sealed, secret = BEFORE[key]
    with keyed(tmp_path, key) as ws:
        with ws.db.write() as tx:
            tx.execute(insert(webhook_secret).values(webhook="hook-1", secret=sealed, sealed=True))
        assert open_secret(ws, "hook-1", kept(ws, "hook-1")) == secret
        assert not is_current(ws, sealed)
        with pytest.raises(Conflict):
            unseal(ws, "hook-2", sealed)
        with pytest.raises(Conflict):
            unseal(ws, "hook-1", sealed.replace("A", "B"))
        restart(ws)
        text, is_sealed = kept(ws, "hook-1")
        assert (text.startswith("2."), is_sealed, is_current(ws, text)) == (True, True, True)
        assert open_secret(ws, "hook-1", (text, is_sealed)) == secret
        restart(ws)
        assert kept(ws, "hook-1") == (text, True)


@pytest.mark.parametrize("new", ["another phrase of enough letters", RANDOM])
def test_a_key_is_changed_by_putting_a_new_one_before_it(tmp_path, new):
    with keyed(tmp_path, PHRASE.replace(",", "")) as ws:
        hook = make(ws)
        first = kept(ws, hook.id)
    both = f"{new}, {PHRASE.replace(',', '')}"
    with keyed(tmp_path, both) as ws:
        assert open_secret(ws, hook.id, kept(ws, hook.id)) == SECRET
        assert not is_current(ws, first[0])
        restart(ws)
        assert is_current(ws, kept(ws, hook.id)[0])
    with keyed(tmp_path, new) as ws:
        assert open_secret(ws, hook.id, kept(ws, hook.id)) == SECRET
        with pytest.raises(Conflict, match="can't be read"):
            open_secret(ws, hook.id, first)


def test_a_key_in_the_file_is_changed_by_a_line_above_it(workspace):
    hook, path = make(workspace), workspace.root / FILE
    old = path.read_text()
    path.write_text("a new key of enough letters\n" + old)
    restart(workspace)
    path.write_text("a new key of enough letters\n")
    assert open_secret(workspace, hook.id, kept(workspace, hook.id)) == SECRET


def test_a_phrase_with_commas_stays_one_key(tmp_path):
    text = "a first part of twenty letters, and a second one as long as that"
    with keyed(tmp_path, text) as ws:
        assert unseal(ws, "w", seal(ws, "w", SECRET)) == SECRET
    with keyed(tmp_path, "short, but long enough as a whole") as ws:
        assert unseal(ws, "w", seal(ws, "w", SECRET)) == SECRET


def test_each_secret_has_a_salt_of_its_own(tmp_path):
    with keyed(tmp_path, RANDOM) as ws:
        one, two = seal(ws, "w", SECRET), seal(ws, "w", SECRET)
        assert one.split(".")[1] != two.split(".")[1]
        assert one.startswith("2.")


def test_one_lost_secret_does_not_keep_the_others_from_being_sealed_anew(workspace, caplog):
    lost, hook = make(workspace, "lost"), make(workspace, "w")
    with workspace.db.write() as tx:
        mine = webhook_secret.c.webhook == lost.id
        tx.execute(update(webhook_secret).where(mine).values(secret="2.AAAA.lost"))
        other = webhook_secret.c.webhook == hook.id
        tx.execute(update(webhook_secret).where(other).values(secret=SECRET, sealed=False))
    with caplog.at_level(logging.WARNING):
        restart(workspace)
    assert lost.id in caplog.text
    assert SECRET not in caplog.text
    assert kept(workspace, hook.id)[1]


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
            WebhookFollower(ws).run(stop)
        assert "kept in clear" in caplog.text
        assert SECRET not in caplog.text
    keyed = load_settings({}, blobs=str(tmp_path), secret_key="a long text of both servers")
    with open_local(postgres_url, settings=keyed) as ws:
        WebhookFollower(ws).run(stop)
        with ws.read() as tx:
            assert tx.execute(select(webhook_secret.c.sealed)).scalars().all() == [True]
        assert open_secret(ws, hook.id, kept(ws, hook.id)) == SECRET


def test_a_row_that_claims_to_be_sealed_and_is_not_is_told(workspace):
    hook = make(workspace)
    with workspace.db.write() as tx:
        tx.execute(update(webhook_secret).values(secret="in clear"))
    with pytest.raises(Conflict):
        open_secret(workspace, hook.id, kept(workspace, hook.id))
