"""What is imported late is whole, whichever threads ask for it."""

import subprocess
import sys
import threading

from meguru.base.late import late_module

FIRST = """
import time
time.sleep(0.2)
from late_second import VALUE
"""
SECOND = """
import time
import late_first
time.sleep(0.1)
VALUE = 1
"""


def test_threads_that_import_what_needs_each_other_get_whole_modules(tmp_path, monkeypatch):
    (tmp_path / "late_first.py").write_text(FIRST)
    (tmp_path / "late_second.py").write_text(SECOND)
    monkeypatch.syspath_prepend(str(tmp_path))
    found: dict[str, object] = {}

    def ask(name):
        found[name] = late_module(name).VALUE

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("late_first", "late_second")]
    for thread in threads:
        thread.start()
        threading.Event().wait(0.05)  # the first is in the middle of its import
    for thread in threads:
        thread.join()
    for name in found:
        monkeypatch.delitem(sys.modules, name)
    assert found == {"late_first": 1, "late_second": 1}


WATCH = """
import sys
import meguru.base.late as late

class Watched:
    def __enter__(self):
        frame = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_name == "<module>" and "/meguru/" in frame.f_code.co_filename:
                print(frame.f_code.co_filename)
            frame = frame.f_back

    def __exit__(self, *_):
        pass

late.importing = Watched()
from meguru.app.kinds import all_kinds
all_kinds()
from meguru.app.nouns import load_operations
from meguru.console.routes import by_module
from meguru.kernel.kinds.kind import load
load_operations()
by_module()
for kind in all_kinds():
    for each in kind.services:
        load(each.factory)
from meguru.server import asgi
for place in (*asgi.LATE, "meguru.mlflow.registry.routes", "meguru.app.jobs"):
    load(place)
"""


def test_no_module_asks_for_its_turn_to_import_while_it_is_imported():
    """Else one thread has its turn and waits for the module, which another has that waits for its turn."""
    done = subprocess.run([sys.executable, "-c", WATCH], capture_output=True, text=True, check=True)
    assert done.stdout == ""
