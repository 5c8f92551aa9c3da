"""What logs cost: a printed line with its mark and mask, and reading, masking and writing a log at its end.

Floors of the same run: a line printed to a plain file, line by line; reading the file and writing its bytes.
"""

from __future__ import annotations

import io
import os
import statistics
import tempfile
import time
from pathlib import Path

from meguru.compute.logs.files import read_ended
from meguru.compute.logs.mask import Masker
from meguru.compute.logs.streams import marked
from meguru.pipelines.logs.encoding import write

LINES = 50_000
ROUNDS = 5


def printing(stream: io.TextIOWrapper) -> float:
    begun = time.process_time()
    for n in range(LINES):
        print("epoch", n, "loss=0.3123 acc=0.9123 of a model", file=stream)
    return (time.process_time() - begun) / LINES


def keeping(path: Path) -> float:
    begun = time.process_time()
    write(Masker(["not-in-there"]).lines(read_ended(path, 0)[0])).encode()
    return time.process_time() - begun


def copying(path: Path, to: Path) -> float:
    begun = time.process_time()
    to.write_bytes(path.read_bytes())
    return time.process_time() - begun


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain, ours, kept, copied = [], [], [], []
        for n in range(ROUNDS):
            for place, found in (("plain", plain), ("ours", ours)):
                fd = os.open(folder / f"{place}{n}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
                raw = io.BufferedWriter(io.FileIO(fd, "w", closefd=False))
                stream = io.TextIOWrapper(raw, line_buffering=True) if place == "plain" else marked(fd, b"o")
                found.append(printing(stream))
                os.close(fd)
            kept.append(keeping(folder / f"ours{n}"))
            copied.append(copying(folder / f"ours{n}", folder / "copy"))
        size = (folder / "ours0").stat().st_size
    line, floor = statistics.median(ours), statistics.median(plain)
    print(f"a printed line: {line * 1e6:.2f} us of CPU; floor {floor * 1e6:.2f} us; ratio {line / floor:.1f}")
    end, least = statistics.median(kept), statistics.median(copied)
    print(
        f"a log of {size / 1e6:.1f} MB, kept: {end * 1e3:.0f} ms of CPU ({size / end / 1e6:.0f} MB/s); "
        f"floor {least * 1e3:.1f} ms; ratio {end / least:.0f}"
    )


if __name__ == "__main__":
    main()
