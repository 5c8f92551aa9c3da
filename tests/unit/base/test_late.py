"""What is imported late is whole, whichever threads ask for it."""

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
