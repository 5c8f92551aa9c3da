"""Logs of steps on PostgreSQL: one process writes them, another reads them."""

from __future__ import annotations

import pytest

from meguru.app.open import open_local
from meguru.base.settings import Settings
from meguru.compute.logs.records import head
from meguru.pipelines.load import register_file
from meguru.pipelines.logs import store, tail
from meguru.pipelines.logs.read import read_log
from meguru.pipelines.logs.search import search_logs
from meguru.pipelines.logs.tail import StepLogs, end_orphaned_logs
from meguru.pipelines.start import start

pytestmark = pytest.mark.integration
FLOW = """
from meguru import pipeline, step

@step
def one() -> int:
    return 1

@pipeline
def flow():
    return one()
"""


@pytest.fixture
def two(postgres_url, tmp_path):
    settings = Settings(blobs=str(tmp_path / "blobs"))
    with open_local(postgres_url, settings=settings) as a, open_local(postgres_url, settings=settings) as b:
        yield a, b


def test_another_server_reads_a_log_as_it_grows_and_keeps_it_when_its_writer_dies(two, tmp_path, monkeypatch):
    monkeypatch.setattr(tail, "PACE_SECONDS", 0.0)
    writer, reader = two
    (tmp_path / "flow.py").write_text(FLOW)
    run = start(writer, pipeline=register_file(writer, f"{tmp_path / 'flow.py'}:flow").ref)
    path = tmp_path / "log"
    logs = StepLogs(writer, run.id)
    logs.open("one", 1, path)
    with path.open("ab", buffering=0) as file:
        for n in range(3):
            text = f"line {n} \x00 日本 \ud800 end\n".encode("utf-8", "surrogatepass")
            file.write(head(b"o", 10**15 + n, len(text)) + text)
            logs.poll()
            found = read_log(reader, ref=run.id)
            assert [line.text[:6] for line in found.lines] == [f"line {m}" for m in range(n + 1)]
            assert found.live
    end_orphaned_logs(reader, run.id)
    with reader.read() as tx:
        (log,) = store.of_run(tx, run.id)
        assert (log.lines, store.chunks(tx, log), store.unended(tx)) == (3, [], [])
    assert read_log(reader, ref=run.id).lines == found.lines
    assert len(search_logs(writer, text="日本", pipeline="flow").lines) == 3
    logs.end()  # the writer was not dead: what it has now comes too late
    assert read_log(reader, ref=run.id).lines == found.lines
