"""Folders, repositories and tables: each under the contract of listeners, and with wrong input."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import time
from contextlib import closing

import pytest
import watchfiles

from meguru.base.source_secrets import Secrets
from meguru.errors import InvalidInput, MeguruError
from meguru.flavors import ColumnType, SignatureColumn
from meguru.pipelines.load import register_file
from meguru.registry.client import add_model
from meguru.serving.contracts.create import create as create_contract
from meguru.serving.create import create as create_endpoint
from meguru.testing.contracts.listeners import ListenerContract, RecordingPort, listen
from meguru.testing.models import make_model
from meguru.triggers import operations as triggers
from meguru.triggers.kinds.git import MAX_OUTPUT, read_bounded
from meguru.triggers.kinds.globs import matches_any
from meguru.triggers.parse import kind_of

pytest_plugins = ["meguru.testing.fixtures"]


FLOW = """
from meguru import pipeline, step


@step
def count(day: int) -> int:
    return day


@pipeline
def train(day: int = 1):
    return count(day)
"""


def git(folder, *arguments):
    names = {f"GIT_{who}_{what}": "anna" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        check=True,
        capture_output=True,
        env=os.environ | names | {"GIT_CONFIG_GLOBAL": os.devnull},
    )
    return done.stdout.decode().strip()


def commit(folder, path, text, message="a change"):
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(workspace):
    folder = workspace.root.parent / "models"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "README.md", "models")
    return folder


class Folder:
    def __init__(self, folder):
        self.folder = folder
        self.kind = kind_of({"folder": "incoming", "glob": "*.csv", "quiet": 0.05, "every": 1})

    async def put(self, number):
        draft = self.folder / f".{number}"
        draft.write_text(f"n\n{number}\n")
        draft.rename(self.folder / f"{number}.csv")

    def number_of(self, arrival):
        return int(arrival.data["path"].removesuffix(".csv"))


class TestFolder(ListenerContract):
    @pytest.fixture
    def source(self, workspace):
        folder = workspace.root.parent / "incoming"
        folder.mkdir()
        (folder / "before.csv").write_text("was there")
        return Folder(folder)

    def test_a_file_that_is_written_slowly_is_handed_over_whole_and_once(self, workspace, source):
        async def story(port):
            with (source.folder / "slow.csv").open("w") as file:
                for _ in range(4):
                    file.write("row\n")
                    file.flush()
                    os.fsync(file.fileno())
            (source.folder / "other.txt").write_text("not wanted")
            (source.folder / "half.csv.part").write_text("not wanted")
            (source.folder / "link.csv").symlink_to("/etc/hostname")
            await port.until(lambda: len(port.taken) == 1)
            (source.folder / "slow.csv").write_text("changed\n")
            await port.until(lambda: len(port.taken) == 2)

        port = listen(workspace, source, story)
        assert [each.data["size"] for each in port.taken.values()] == [16, 8]

    def test_it_ends_when_it_is_told_to_also_where_the_system_gives_no_notices(
        self, workspace, source, monkeypatch
    ):
        async def broken(*_, **__):
            raise OSError("inotify watch limit reached")
            yield

        monkeypatch.setattr(watchfiles, "awatch", broken)

        async def run():
            port = RecordingPort(workspace, source.kind)
            task = asyncio.ensure_future(source.kind.listener(workspace, Secrets()).run(port))
            await port.is_connected.wait()
            task.cancel()
            await asyncio.wait({task}, timeout=60)
            return task.cancelled()

        assert asyncio.run(run())

    @pytest.mark.parametrize("folder", ["/etc", "..", "incoming/../..", "workspace", "nowhere", "", "\0"])
    def test_a_folder_elsewhere_is_refused(self, workspace, source, folder):
        with pytest.raises(MeguruError) as refused:
            triggers.create(workspace, name="t", on={"folder": folder}, action={"note": "done"})
        assert refused.value.field == "on.folder"


class Repository:
    def __init__(self, folder, **on):
        self.folder, self.kind = folder, kind_of({"code": "models", "every": 1} | on)

    async def put(self, number):
        # One commit for each, and each is looked at: else the newest stands for those before it.
        self.newest = commit(self.folder, "train/step.py", f"n = {number}", f"n {number}")

    def number_of(self, arrival):
        return int(arrival.data["message"].removeprefix("n "))


class TestRepository(ListenerContract):
    @pytest.fixture
    def source(self, repository):
        return Repository(repository)

    def test_what_comes_is_handed_over(self, workspace, source):
        async def story(port):
            for number in (1, 2):
                await source.put(number)
                await port.until(lambda number=number: len(port.taken) == number)

        port = listen(workspace, source, story)
        first, second = port.taken.values()
        assert second.key == f"main:{source.newest}"
        assert second.data["before"] == first.data["commit"]
        assert second.data["paths"] == ["train/step.py"]
        assert second.data["author"] == "anna"

    def test_other_files_and_other_branches_are_no_news(self, workspace, repository):
        source = Repository(repository, paths=["train/**"])

        async def story(port):
            commit(repository, "docs/page.md", "words")
            git(repository, "switch", "-q", "-c", "side")
            commit(repository, "train/side.py", "1")
            git(repository, "switch", "-q", "main")
            await source.put(1)
            await port.until(lambda: len(port.taken) == 1)

        (arrival,) = listen(workspace, source, story).taken.values()
        assert arrival.data["paths"] == ["train/step.py"]

    def test_the_files_that_a_pipeline_reaches_are_news(self, workspace, repository, tmp_path):
        (repository / "train").mkdir()
        (repository / "train" / "flow.py").write_text(FLOW)
        register_file(workspace, f"{repository}/train/flow.py:train")
        source = Repository(repository, reaches="train")

        async def story(port):
            commit(repository, "docs/flow.md", "words")
            commit(repository, "train/flow.py", FLOW + "# more", "n 1")
            await port.until(lambda: len(port.taken) == 1)

        (arrival,) = listen(workspace, source, story).taken.values()
        assert arrival.data["paths"] == ["train/flow.py"]

    def test_the_schema_in_the_repository_is_tested_at_each_commit(self, workspace, repository):
        add_model(workspace, "delay", make_model())
        create_endpoint(workspace, name="delay", model="delay")
        columns = [SignatureColumn(name="hour", type=ColumnType.DOUBLE)]
        create_contract(workspace, endpoint="delay", columns=columns)
        source = Repository(repository, consumer="delay", schema="app/schema.json")
        declared = '{"columns": [{"name": "%s", "type": "double"}]}'

        async def story(port):
            for number, text in enumerate((declared % "hour", declared % "our", "?"), start=1):
                commit(repository, "app/schema.json", text)
                await port.until(lambda number=number: len(port.taken) == number)
            git(repository, "rm", "-q", "app/schema.json")
            git(repository, "commit", "-q", "-m", "gone")
            await port.until(lambda: len(port.taken) == 4)

        found = [each.data["contract"] for each in listen(workspace, source, story).taken.values()]
        assert [each["agrees"] for each in found] == [True, False, False, False]
        assert found[1]["faults"] == ["hour is not sent"]
        assert found[3]["faults"] == ["nothing is declared: there is no app/schema.json"]

    def test_history_that_was_rewritten_is_news_of_all_files(self, workspace, source):
        async def story(port):
            git(source.folder, "checkout", "-q", "--orphan", "new")
            commit(source.folder, "train/step.py", "2", "n 2")
            git(source.folder, "branch", "-q", "-M", "main")
            await port.until(lambda: len(port.taken) == 1)

        (arrival,) = listen(workspace, source, story).taken.values()
        assert set(arrival.data["paths"]) >= {"train/step.py"}

    @pytest.mark.parametrize(
        ("on", "field"),
        [
            ({"code": "ext::sh -c touch% /tmp/owned"}, "on.code"),
            ({"code": "--upload-pack=touch /tmp/owned"}, "on.code"),
            ({"code": "/etc"}, "on.code"),
            ({"code": "file:///etc"}, "on.code"),
            ({"code": "https://anna:secret@forge.example/models.git"}, "on.code"),
            ({"code": "models", "branch": "--exec=x"}, "on.branch"),
            ({"code": "models", "branch": "a..b"}, "on.branch"),
            ({"code": "models", "every": 0.01}, "on.every"),
        ],
    )
    def test_hostile_repositories_are_refused(self, workspace, repository, on, field):
        with pytest.raises(InvalidInput) as refused:
            triggers.create(workspace, name="t", on=on, action={"note": "done"})
        assert refused.value.field == field


class Orders:
    def __init__(self, place, **on):
        self.place = place
        base = {"table": "orders", "database": f"sqlite:///{place.name}", "column": "id", "every": 1}
        self.kind = kind_of(base | on)

    async def put(self, number):
        with closing(sqlite3.connect(self.place)) as connection, connection:
            connection.execute("INSERT INTO orders (amount) VALUES (?)", (number,))

    def number_of(self, arrival):
        return int(arrival.data["rows"])


class TestTable(ListenerContract):
    @pytest.fixture
    def source(self, workspace):
        place = workspace.root.parent / "shop.db"
        with closing(sqlite3.connect(place)) as connection, connection:
            connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, amount REAL)")
            connection.execute("INSERT INTO orders (amount) VALUES (1)")
        return Orders(place)

    def test_what_comes_is_handed_over(self, workspace, source):
        async def story(port):
            for number in (1, 2, 3):
                await source.put(number)
                await port.until(lambda number=number: len(port.taken) == number)

        found = listen(workspace, source, story).taken.values()
        assert [(each.data["since"], each.data["until"]) for each in found] == [
            ("1", "2"),
            ("2", "3"),
            ("3", "4"),
        ]

    def test_what_comes_while_nobody_listens_is_not_lost(self, workspace, source):
        async def nothing(port):
            del port

        async def rest(port):
            await port.until(lambda: len(port.taken) == 1)

        port = listen(workspace, source, nothing)
        for number in range(5):
            self.run(source.put(number))
        (arrival,) = listen(workspace, source, rest, port).taken.values()
        assert arrival.data["rows"] == 5

    def test_it_waits_for_enough_rows(self, workspace, source):
        source = Orders(source.place, min_new_rows=3)

        async def story(port):
            for number in range(3):
                assert not port.taken
                await source.put(number)
            await port.until(lambda: len(port.taken) == 1)

        (arrival,) = listen(workspace, source, story).taken.values()
        assert arrival.data["rows"] == 3

    @pytest.mark.parametrize(
        ("on", "field"),
        [
            ({"database": "sqlite:////etc/passwd"}, "on.database"),
            ({"database": "sqlite:///../../x.db"}, "on.database"),
            ({"database": "mysql://host/x"}, "on.database"),
            ({"database": "postgresql://anna:secret@host/x"}, "on.database"),
            ({"table": ""}, "on.table"),
            ({"column": "a\0b"}, "on.column"),
            ({"min_new_rows": 0}, "on.min_new_rows"),
        ],
    )
    def test_what_may_not_be_read_is_refused(self, workspace, source, on, field):
        base = {"table": "orders", "database": "sqlite:///shop.db", "column": "id"}
        with pytest.raises(InvalidInput) as refused:
            triggers.create(workspace, name="t", on=base | on, action={"note": "done"})
        assert refused.value.field == field

    def test_a_name_is_a_name_and_never_a_statement(self, workspace, source):
        source = Orders(source.place, table='orders"; DROP TABLE orders; --')

        async def story(port):
            del port

        with pytest.raises(AssertionError, match="the database did not answer the query"):
            listen(workspace, source, story)
        with closing(sqlite3.connect(source.place)) as connection:
            assert connection.execute("SELECT COUNT(*) FROM orders").fetchone() == (1,)


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("train/**", "train/a/b.py", True),
        ("train/", "train/a/b.py", True),
        ("*.py", "a.py", True),
        ("*.py", "a/b.py", False),
        ("**/*.py", "a/b.py", True),
        ("**/*.py", "b.py", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("[x]", "x", False),
        ("[x]", "[x]", True),
        ("**/a*b/**/c?.py", "x/ab-b/y/z/cc.py", True),
        ("**/a*b/**/c?.py", "x/ab-b/y/z/c.py", False),
        ("*ab*b", "aabab", True),
        ("a**/b", "axb", False),
        ("**a**/b", "aa/b", True),
        ("**a**/ab", "xaaab", True),
    ],
)
def test_patterns_of_paths(pattern, path, fits):
    assert matches_any(path, [pattern]) is fits


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a*a*a*a*b", "a" * 4000),
        ("**/a/**/a/**/a/**/a/**/b", "a/" * 2000 + "c"),
        ("**/*a*a*a*a*b.py", "a/" * 1000 + "a" * 2000),
        ("**a**a**a**a**b", "a" * 4000),
    ],
)
def test_a_path_made_for_it_does_not_keep_a_pattern_busy(pattern, path):
    """By backtracking each of these would take hours, and no thread of the server would run."""
    began = time.process_time()
    assert not matches_any(path, [pattern])
    assert time.process_time() - began < 5


def test_of_output_without_an_end_the_beginning_is_read_and_the_command_is_ended():
    with subprocess.Popen(["yes"], stdout=subprocess.PIPE, start_new_session=True) as process:
        out, is_late = read_bounded(process)
    assert (len(out), is_late, process.returncode) == (MAX_OUTPUT + 1, False, -9)
