"""Folders of files as versions: added, looked at again unchanged, and with one file changed.

Beside each: what no program can do without. For the first add that is to walk the folder, read and hash every
file; for an unchanged one to walk it and ask the system for the state of every file.

    make bench BENCH=data_folders [ARGS="--files 20000"]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from meguru.app import open_workspace
from meguru.datasets.folders.client import add_folder
from meguru.datasets.folders.locations import LocalFolder

LARGE = 64 << 20


def generate(root: Path, files: int, size: int) -> None:
    chance = random.Random(1)
    for number in range(files):
        folder = root / f"c{number // 1000:03d}"
        if number % 1000 == 0:
            folder.mkdir(parents=True)
        (folder / f"{number:07d}.jpg").write_bytes(b"\xff\xd8\xff" + chance.randbytes(size - 3))


def look(root: str) -> int:
    """Walk, and ask for the state of every file."""
    count, waiting = 0, [root]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    count += entry.stat(follow_symlinks=False).st_size
    return count


def walk_and_hash(root: str) -> int:
    count = 0
    for place, _, names in os.walk(root):
        for name in names:
            with open(f"{place}/{name}", "rb") as file:  # noqa: PTH123 - the quickest way
                count += len(hashlib.sha256(file.read()).digest())
    return count


def timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    return time.perf_counter() - wall, time.process_time() - cpu, found


def used(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def report(what: str, ours: tuple[float, float, Any], floor: tuple[float, float, Any], bytes_: int) -> None:
    ratio = f"floor {floor[0]:6.2f} s   ratio {ours[0] / floor[0]:5.1f}"
    told = f"{ours[0]:7.2f} s ({ours[1]:6.2f} s of CPU)   {ratio}   {bytes_ / 1e6:8.2f} MB written"
    print(f"{what:<34} {told}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--size", type=int, default=1500, help="bytes of each file")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["XDG_CACHE_HOME"] = f"{scratch}/cache"
        root, place = Path(scratch, "photos"), Path(scratch, "ws")
        generate(root, asked.files, asked.size)
        print(f"{asked.files:,} files of {asked.size:,} bytes")
        with open_workspace(place) as ws:

            def add() -> Any:
                return add_folder(ws, "photos", LocalFolder(root))

            def measure(what: str, floor: Callable[[str], int]) -> None:
                least, before = timed(lambda: floor(str(root))), used(place / "blobs")
                report(what, timed(add), least, used(place / "blobs") - before)

            measure("the first add", walk_and_hash)
            time.sleep(2.1)  # what is as young as the look at it is read again
            add()
            measure("unchanged", look)
            (root / "c000/0000007.jpg").write_bytes(b"\xff\xd8\xff changed")
            measure("one file changed", look)
            large = bytearray(random.Random(2).randbytes(LARGE))
            (root / "large.bin").write_bytes(large)
            measure("one of 64 MiB more", look)
            large[LARGE // 2 : LARGE // 2] = b"a few bytes in the middle"
            (root / "large.bin").write_bytes(large)
            measure("a few bytes put into its middle", look)


if __name__ == "__main__":
    main()
