"""Cards of the flights demo's model: put together, as files, and beside a plain read of the same records.

The floor reads what a card needs and nothing else: the version, blobs of its folder (profile,
evaluation, requirements), its lineage, its releases and the reports of its monitors.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from meguru.app import open_workspace
from meguru.artifacts import trees
from meguru.cards.changelog import changelog
from meguru.cards.export import card_file, words_in
from meguru.cards.show import show
from meguru.monitoring import store as monitors
from meguru.registry import store as models
from meguru.releases import store as releases
from meguru.releases.resolve import ancestors

READ = {"baseline.json", "evaluation.json", "requirements.txt", "python_env.yaml"}
TIMES = 20
LIMIT = 0.3


def median(work):
    """Return the median seconds of a piece of work, its first time left out."""
    work()
    took = []
    for _ in range(TIMES):
        start = time.perf_counter()
        work()
        took.append(time.perf_counter() - start)
    return statistics.median(took)


def floor(ws, ref):
    """Read the records of a model version."""
    with ws.read() as tx:
        version = models.resolve(tx, ref)
        for entry in trees.read_tree(ws.blobs, version.tree_digest):
            if entry.path in READ:
                ws.blobs.get_bytes(entry.digest)
        ancestors(tx, version.ref)
        releases.of_model(tx, version.ref, 50)
        known = monitors.all_monitors(tx, version.name)
        monitors.newest_reports(tx, [each.name for each in known], 1)


def main():
    """Play two months, then print each time and its ratio to the floor."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "flights"
        if not place.exists():
            demo = [sys.executable, "-m", "meguru", "demo", "flights", "--months", "3-4", "-w", str(place)]
            subprocess.run(demo, check=True, capture_output=True)
        with open_workspace(place, create=False) as ws:
            start = time.perf_counter()
            card = show(ws, ref="model/delay")
            first = time.perf_counter() - start
            base = median(lambda: floor(ws, "model/delay"))
            rows = [
                ("records alone (floor)", base),
                ("model card", median(lambda: show(ws, ref="model/delay"))),
                ("data card", median(lambda: show(ws, ref="dataset/flights"))),
                ("run-book", median(lambda: show(ws, ref="endpoint/delay"))),
                ("change-log", median(lambda: changelog(ws, model="delay"))),
            ]
            rows += [
                (f"{form} of the card", median(lambda form=form: card_file(card, form, words_in("ja"))))
                for form in ("markdown", "html", "pdf", "huggingface")
            ]
            print(f"{'':24}{'seconds':>10}{'to the floor':>14}")
            for name, seconds in rows:
                print(f"{name:24}{seconds:10.4f}{seconds / base:13.1f}x")
            print(f"the first card of a process: {first:.3f} s (limit {LIMIT} s)")


if __name__ == "__main__":
    main()
