"""How long a process takes to start, against a bare interpreter; CPU of remote commands, against --help."""

import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 15
MEGURU = [sys.executable, "-m", "meguru"]
CASES = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import meguru": [sys.executable, "-c", "import meguru"],
    "meguru --help": [*MEGURU, "--help"],
    "meguru doctor --help": [*MEGURU, "doctor", "--help"],
}
REMOTE = ("model list", "runs list", "events", "why endpoint/delay", "status")
MOST = 4.0
"""A remote command costs at most so many times the CPU of --help."""


def median_seconds(command: list[str], environment: dict[str, str]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def median_cpu(command: list[str], environment: dict[str, str]) -> float:
    """CPU of whole processes, in user and kernel mode."""
    times = []
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=False, capture_output=True, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return statistics.median(times[1:])


@contextlib.contextmanager
def server(environment: dict[str, str]):
    with tempfile.TemporaryDirectory() as folder:
        up = [*MEGURU, "up", "--port", "0", "--json", "--exit-with-parent", "-w", folder]
        with subprocess.Popen(
            up, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        ) as process:
            yield json.loads(process.stdout.readline())["url"]
            process.stdin.close()
            process.wait()


def main() -> None:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    floor = 0.0
    for name, command in CASES.items():
        seconds = median_seconds(command, environment)
        floor = floor or seconds
        print(f"{name:<26} {seconds * 1e3:7.1f} ms   {seconds / floor:5.1f} x bare interpreter")
    floor = median_cpu(CASES["meguru --help"], environment)
    print(f"{'CPU of meguru --help':<26} {floor * 1e3:7.1f} ms")
    with server(environment) as url:
        for words in REMOTE:
            seconds = median_cpu([*MEGURU, *words.split(), "-w", url], environment)
            verdict = "" if seconds <= MOST * floor else f"   above {MOST:g} x"
            print(
                f"{'remote ' + words:<26} {seconds * 1e3:7.1f} ms   {seconds / floor:5.1f} x --help{verdict}"
            )


if __name__ == "__main__":
    main()
