"""A command that asks a server loads what it needs to ask and to print, and nothing of what answers there."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from meguru.app.nouns import load_operations
from meguru.kernel.operations import native

HEAVY = (
    "sqlalchemy",
    "alembic",
    "numpy",
    "scipy",
    "polars",
    "obstore",
    "starlette",
    "uvicorn",
    "jinja2",
    "rich",
)
# What carries operations out; types and call tables of a noun are fine.
OURS = ("store", "schema", "operations", "show", "register", "engine", "workspace", "migrate")
EMPTY = {"items": [], "next_cursor": ""}
COMMANDS = {
    "model list": EMPTY,
    "data list": EMPTY,
    "endpoint list": EMPTY,
    "monitor list": [],
    "trigger list": [],
    "trigger history": EMPTY,
    "release list delay": EMPTY,
    "runs list": EMPTY,
    "runs list --tracked": EMPTY,
    "runs questions": EMPTY,
    "sweep list": EMPTY,
    "backfill list": EMPTY,
    "token list": EMPTY,
    "principal list": [],
    "pool list": [],
    "webhook list": [],
    "component list": [],
    "project list": [],
    "events": EMPTY,
    "doctor": EMPTY,
    "status": {"at": "2026-11-28T12:00:00Z", "live": [], "working": [], "failed": [], "waiting": []},
    "audit verify": {"intact": True, "checked": 0},
    "lineage model/delay@1": {"ref": "model/delay@1", "nodes": [], "edges": []},
}
PROGRAM = """
import sys
sys.argv = ["meguru", *sys.argv[1:]]
from meguru.cli.errors import run
from meguru.cli.root import root
code = run(root)
print(code, *sorted(sys.modules), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def server():
    """Answer every operation with what is in COMMANDS: the subject here is the client's process."""

    class Answers(BaseHTTPRequestHandler):
        body = b""

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(Answers.body)))
            self.end_headers()
            self.wfile.write(Answers.body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}", Answers
        listening.shutdown()
        thread.join()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_remote_command_loads_no_library_of_the_server(server, command):
    url, answers = server
    answers.body = json.dumps(COMMANDS[command]).encode()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *command.split(), "--workspace", url],
        capture_output=True,
        text=True,
        check=True,
    )
    code, *modules = done.stderr.splitlines()[-1].split()
    assert code == "0", done.stderr
    assert not {name.partition(".")[0] for name in modules} & set(HEAVY)
    ours = [name for name in modules if name.startswith("meguru.") and not name.startswith("meguru.cli.")]
    assert not [name for name in ours if name.rpartition(".")[2] in OURS]


def test_the_table_of_calls_is_that_of_the_operations():
    load_operations()
    from meguru.app import calls

    known = {name: one for name, one in native().items() if one.__module__.startswith("meguru.")}
    for name, one in known.items():
        call = getattr(calls, name.replace(".", "_"))
        assert (call.name, call.path, call.query) == (one.name, one.path, one.query)
        assert call.operation is one
        assert call.result_type == one.result_type


def test_a_call_of_no_operation_is_an_attribute_error():
    from meguru.app import calls

    with pytest.raises(AttributeError, match="there is no operation 'model_lsit'"):
        _ = calls.model_lsit


def test_a_call_in_a_workspace_of_this_process_is_the_operation(workspace):
    from meguru.app.calls import pool_list, pool_set

    assert pool_set(workspace, name="gpu", slots=2).slots == 2
    assert [pool.name for pool in pool_list(workspace)] == ["gpu"]
