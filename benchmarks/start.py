"""How long a process takes to start, against a bare interpreter; CPU of remote commands, against --help.

Then the CPU of commands in a workspace; and of a server: its CPU until it answers, its memory when idle, the
CPU of the first request at each door.
"""

import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROUNDS = 15
MEGURU = [sys.executable, "-m", "meguru"]
CASES = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import meguru": [sys.executable, "-c", "import meguru"],
    "meguru --help": [*MEGURU, "--help"],
    "meguru doctor --help": [*MEGURU, "doctor", "--help"],
}
REMOTE = ("model list", "runs list", "events", "why endpoint/delay", "status")
LOCAL = ("model list", "runs list", "run small.py:small")
DOORS = (
    "/health",
    "/api/v1/model/list",
    "/api/2.0/mlflow/experiments/search?max_results=1",
    "/",
    "/endpoints/a",
)
SMALL = """
from meguru import pipeline, step

@step(cache=False)
def one(n: int) -> int:
    return n + 1

@pipeline
def small(n: int = 3):
    return one(one(n))
"""
STARTS, REST = 5, 2.0
MOST = 4.0
"""A remote command costs at most so many times the CPU of --help."""


def median_seconds(command: list[str], environment: dict[str, str]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def median_cpu(command: list[str], environment: dict[str, str], folder: str | None = None) -> float:
    """CPU of whole processes, in user and kernel mode."""
    times = []
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=False, capture_output=True, env=environment, cwd=folder)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return statistics.median(times[1:])


@contextlib.contextmanager
def server(environment: dict[str, str], folder: str):
    up = [*MEGURU, "up", "--port", "0", "--json", "--exit-with-parent", "-w", folder]
    with subprocess.Popen(
        up, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield json.loads(process.stdout.readline())["url"], process.pid
        process.stdin.close()
        process.wait()


def cpu_of(process: int) -> float:
    """Seconds that a process has used by now, as Linux tells."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(process: int) -> float:
    """Bytes of a process that are in memory."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def ask(url: str) -> None:
    with contextlib.suppress(urllib.error.HTTPError):
        urllib.request.urlopen(url).read()


def server_starts(environment: dict[str, str]) -> None:
    """Of servers of one workspace: the first, which makes it, is left out."""
    found = {door: [] for door in DOORS}
    memory, began = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(STARTS * len(DOORS) + 1):
            door = DOORS[number % len(DOORS)]
            with server(environment, folder) as (url, process):
                ask(url + DOORS[0])
                start = cpu_of(process)
                time.sleep(REST)
                idle, before = memory_of(process), cpu_of(process)
                ask(url + door)
                after = cpu_of(process)
            if number:
                began.append(start)
                memory.append(idle)
                found[door].append(after - before)
    print(f"{'CPU of a server until it answers':<34} {statistics.median(began) * 1e3:7.0f} ms")
    print(f"{'its memory when idle':<34} {statistics.median(memory) / 1e6:7.0f} MB")
    for door, seconds in found.items():
        print(
            f"{'first request ' + door.partition('?')[0]:<50} {statistics.median(seconds) * 1e3:7.0f} ms CPU"
        )


def local_commands(environment: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "small.py").write_text(SMALL)
        subprocess.run([*MEGURU, "init"], check=True, capture_output=True, env=environment, cwd=folder)
        for words in LOCAL:
            seconds = median_cpu([*MEGURU, *words.split()], environment, folder)
            print(f"{'CPU of ' + words:<34} {seconds * 1e3:7.0f} ms")


def main() -> None:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    floor = 0.0
    for name, command in CASES.items():
        seconds = median_seconds(command, environment)
        floor = floor or seconds
        print(f"{name:<26} {seconds * 1e3:7.1f} ms   {seconds / floor:5.1f} x bare interpreter")
    floor = median_cpu(CASES["meguru --help"], environment)
    print(f"{'CPU of meguru --help':<26} {floor * 1e3:7.1f} ms")
    with tempfile.TemporaryDirectory() as folder, server(environment, folder) as (url, _):
        for words in REMOTE:
            seconds = median_cpu([*MEGURU, *words.split(), "-w", url], environment)
            verdict = "" if seconds <= MOST * floor else f"   above {MOST:g} x"
            print(
                f"{'remote ' + words:<26} {seconds * 1e3:7.1f} ms   {seconds / floor:5.1f} x --help{verdict}"
            )
    local_commands(environment)
    server_starts(environment)


if __name__ == "__main__":
    main()
